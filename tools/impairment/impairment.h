#ifndef RINGPEER_TOOLS_IMPAIRMENT_IMPAIRMENT_H_
#define RINGPEER_TOOLS_IMPAIRMENT_IMPAIRMENT_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ringpeer::tools {

// Threads: any; values.

enum class Direction : std::uint8_t { kToServer, kToClient };
inline constexpr std::array kDirections = {Direction::kToServer, Direction::kToClient};

// How delays lie around their mean.
enum class JitterShape : std::uint8_t {
  kUniform,  // anywhere within the jitter, on either side
  kNormal,   // the jitter is the standard deviation
};

// What a network does to the datagrams of one direction. Shares are of 1. As it stands here:
// nothing.
struct Impairment {
  double loss = 0;
  // Datagrams that are lost one after the other, on average: at least 1. 0: each loss is by itself.
  double burst = 0;
  std::chrono::nanoseconds delay{0};
  std::chrono::nanoseconds jitter{0};
  JitterShape shape = JitterShape::kUniform;
  // Jitter does not let a datagram pass an earlier one.
  bool keep_order = false;
  double duplicate = 0;
  double reorder = 0;   // held back until the next one has left
  double truncate = 0;  // cut to a random size
  double corrupt = 0;   // one bit is turned over
  // Of each client's link; 0: no limit.
  double bits_per_second = 0;
  // Datagrams that may wait for that link.
  std::size_t queue = 100;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIRMENT_IMPAIRMENT_H_
