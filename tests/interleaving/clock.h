#ifndef RINGPEER_TESTS_INTERLEAVING_CLOCK_H_
#define RINGPEER_TESTS_INTERLEAVING_CLOCK_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ringpeer::interleaving {

// The test's own thread, which sets up and looks at the end, and up to four others: more
// have too many executions to be looked at one by one.
inline constexpr std::size_t kMaxThreads = 5;

// The place of an event in its thread, from 1.
using Stamp = std::uint16_t;

// How far each thread's events are in something's past.
class Clock {
 public:
  Stamp operator[](std::size_t thread) const { return stamps_[thread]; }
  void set(std::size_t thread, Stamp stamp) { stamps_[thread] = stamp; }
  bool covers(std::size_t thread, Stamp stamp) const { return stamps_[thread] >= stamp; }
  void join(const Clock& other) {
    for (std::size_t i = 0; i < stamps_.size(); ++i) {
      stamps_[i] = std::max(stamps_[i], other.stamps_[i]);
    }
  }

 private:
  std::array<Stamp, 8> stamps_{};  // a power of two: one vector register
  static_assert(kMaxThreads <= 8);
};

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_CLOCK_H_
