#ifndef RINGPEER_TOOLS_MEASURE_SEQUENCE_WINDOW_H_
#define RINGPEER_TOOLS_MEASURE_SEQUENCE_WINDOW_H_

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace ringpeer::tools {

// Tells first arrivals, late arrivals and repetitions of numbered packets apart.
// Memory is fixed: a number more than kWindow behind the highest counts as late, since
// whether it came before is no longer known.
// Threads: one. Failure: none.
class SequenceWindow {
 public:
  static constexpr std::size_t kWindow = 1024;

  enum class Arrival { kInOrder, kLate, kRepeated };

  Arrival add(std::uint64_t sequence);

 private:
  std::bitset<kWindow> seen_;
  // One more than the highest number seen, so that 0 says "none yet".
  std::uint64_t next_ = 0;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_SEQUENCE_WINDOW_H_
