#ifndef RINGPEER_TOOLS_IMPAIRMENT_LINK_H_
#define RINGPEER_TOOLS_IMPAIRMENT_LINK_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

namespace ringpeer::tools {

// A link of a rate with a queue before it: the time at which each datagram has gone through.
// Threads: one.
class Link {
 public:
  using Clock = std::chrono::steady_clock;

  // What the link carries beside each payload: the headers of IPv4 and UDP.
  static constexpr std::size_t kHeaderBytes = 28;

  // 0 bits a second: no limit. `queue`: how many may wait while one is on the link.
  Link(double bits_per_second, std::size_t queue)
      : bits_per_second_(bits_per_second), queue_(queue) {}

  // How long the link takes for one of that size.
  static double seconds_of(std::size_t payload_bytes, double bits_per_second) {
    constexpr double kBitsPerByte = 8;
    return static_cast<double>(payload_bytes + kHeaderBytes) * kBitsPerByte / bits_per_second;
  }

  // When a datagram that comes now is through; nothing when the queue has no room for it. Times do
  // not go back from one call to the next.
  std::optional<Clock::time_point> carry(Clock::time_point now, std::size_t payload_bytes);

 private:
  double bits_per_second_;
  std::size_t queue_;
  std::deque<Clock::time_point> ends_;  // of those on the link and in the queue
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIRMENT_LINK_H_
