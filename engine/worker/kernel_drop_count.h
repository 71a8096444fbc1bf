#ifndef RINGPEER_ENGINE_WORKER_KERNEL_DROP_COUNT_H_
#define RINGPEER_ENGINE_WORKER_KERNEL_DROP_COUNT_H_

#include <cstdint>
#include <optional>

namespace ringpeer::worker {

// Adds up a count of the kernel's that begins again after 2^32: exact while it is looked at
// before as many more have come.
//
// Threads: one. A value type.
class KernelDropCount {
 public:
  // What was counted before is no concern of this one.
  explicit KernelDropCount(std::optional<std::uint32_t> before) : last_(before) {}

  // A look that the kernel refused changes nothing.
  void look(std::optional<std::uint32_t> now) {
    if (!now.has_value()) return;
    if (last_.has_value()) total_ += *now - *last_;  // modulo 2^32
    last_ = now;
  }
  std::uint64_t total() const { return total_; }

 private:
  std::optional<std::uint32_t> last_;
  std::uint64_t total_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_KERNEL_DROP_COUNT_H_
