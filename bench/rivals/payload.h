#ifndef RINGPEER_BENCH_RIVALS_PAYLOAD_H_
#define RINGPEER_BENCH_RIVALS_PAYLOAD_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ringpeer::bench {

// What every datagram of the benchmark starts with; the rest is filling. Small
// enough for the smallest size that is measured, 32 bytes.
// Threads: a plain value.
struct PayloadHeader {
  std::uint64_t sent_at_ns = 0;  // of the steady clock, just before the system call
  std::uint32_t remote = 0;      // which of the simulated remotes sent it, from 0
  std::uint32_t sequence = 0;    // of this remote, from 0
  std::uint64_t content = 0;     // what the application reads
};
static_assert(sizeof(PayloadHeader) == 24);

inline constexpr std::size_t kSmallestPayload = 32;
// Fits an Ethernet frame: what games send, and the largest size that is measured.
inline constexpr std::size_t kMaxPayload = 1400;
inline constexpr int kMaxRemotes = 4096;

inline std::uint64_t nanoseconds_of(std::chrono::nanoseconds duration) {
  return static_cast<std::uint64_t>(duration.count());
}

inline std::uint64_t steady_now_ns() {
  return nanoseconds_of(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_PAYLOAD_H_
