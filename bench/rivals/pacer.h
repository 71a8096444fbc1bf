#ifndef RINGPEER_BENCH_RIVALS_PACER_H_
#define RINGPEER_BENCH_RIVALS_PACER_H_

#include <cstdint>

namespace ringpeer::bench {

// Says how many packets are due at a moment so that packet n leaves at start + n / rate:
// deadlines are absolute, so that a late packet never slows those after it.
// Threads: one. Failure: none.
class Pacer {
 public:
  // packets_per_second 0: as fast as possible.
  Pacer(double packets_per_second, std::uint64_t start_ns)
      : packets_per_second_(packets_per_second), start_ns_(start_ns) {}

  // Packets to send at now_ns when `sent` have left, at most `most`.
  std::uint64_t due(std::uint64_t now_ns, std::uint64_t sent, std::uint64_t most) const {
    if (packets_per_second_ <= 0) return most;
    if (now_ns < start_ns_) return 0;
    const double elapsed = static_cast<double>(now_ns - start_ns_) * 1e-9;
    // Packet 0 leaves at once.
    const auto target = static_cast<std::uint64_t>(elapsed * packets_per_second_) + 1;
    if (target <= sent) return 0;
    return target - sent < most ? target - sent : most;
  }

 private:
  double packets_per_second_;
  std::uint64_t start_ns_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_PACER_H_
