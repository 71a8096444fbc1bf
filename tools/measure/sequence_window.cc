#include "ringpeer/tools/measure/sequence_window.h"

namespace ringpeer::tools {

SequenceWindow::Arrival SequenceWindow::add(std::uint64_t sequence) {
  if (sequence >= next_) {
    if (sequence - next_ >= kWindow) {
      seen_.reset();
    } else {
      // The numbers that were skipped have not been seen; their bits are of an older round.
      for (std::uint64_t skipped = next_; skipped < sequence; ++skipped) {
        seen_.reset(skipped % kWindow);
      }
    }
    seen_.set(sequence % kWindow);
    next_ = sequence + 1;
    return Arrival::kInOrder;
  }
  if (next_ - sequence > kWindow) return Arrival::kLate;
  if (seen_.test(sequence % kWindow)) return Arrival::kRepeated;
  seen_.set(sequence % kWindow);
  return Arrival::kLate;
}

}  // namespace ringpeer::tools
