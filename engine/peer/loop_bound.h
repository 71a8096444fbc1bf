#ifndef RINGPEER_ENGINE_PEER_LOOP_BOUND_H_
#define RINGPEER_ENGINE_PEER_LOOP_BOUND_H_

#include <cstdint>
#include <limits>

namespace ringpeer::internal {

// Ends the loop of an application that takes until nothing waits, whatever comes meanwhile: who
// has given as much as its queue may hold since it last said "nothing", or since a tick began,
// says so once more, although something may wait. Ticks begin with poll(), wait() and sync();
// an application that calls none of them has its tick between two "nothing".
//
// Who takes one thing a frame has no such loop. What has come more slowly than any loop takes
// is never a reason to end one.
//
// Threads: the consumer's.
class LoopBound {
 public:
  // A call comes that looks. `ticks` counts the ticks that have begun. True for the first call
  // of a tick, and when nothing was taken since the last look: who only looks must find what has
  // come. Others take what the queue holds before they ask for more.
  bool begin_look(std::uint64_t ticks) {
    const bool is_repeated = looked_;
    looked_ = true;
    if (ticks == ticks_) [[likely]]
      return is_repeated;
    ticks_ = ticks;
    begin_again();
    return true;
  }

  // Something waits that the queue counts with `charge`: whether the answer is "nothing" all the
  // same, this once. `most` is what the queue may hold.
  bool ends_loop(std::uint64_t charge, std::uint64_t most) {
    if (given_ + charge <= most || given_ == 0) [[likely]]
      return false;
    const bool came_slowly = last_us_ - began_us_ >= times_ * kSlowUs && last_us_ >= began_us_;
    begin(last_us_);
    return !came_slowly;
  }

  // The answer was that so many wait: they will be given, whatever the bound says.
  void promise(std::uint64_t count) {
    promised_ = count;
    if (count == 0) begin_again();
  }
  bool is_promised() const { return promised_ > 0; }

  // The answer was "nothing", because nothing waits.
  void begin_again() { begin(kUnknown); }

  // It was given, and had come then.
  void count_given(std::uint64_t charge, std::uint64_t arrival_us) {
    looked_ = false;
    given_ += charge;
    ++times_;
    last_us_ = arrival_us;
    if (began_us_ == kUnknown) [[unlikely]]
      began_us_ = arrival_us;
    promised_ -= promised_ > 0 ? 1 : 0;
  }

 private:
  static constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();
  // A frame of a game at 240 Hz: a loop that spends so much on one packet has other troubles.
  static constexpr std::uint64_t kSlowUs = 4000;

  void begin(std::uint64_t now_us) {
    given_ = times_ = promised_ = 0;
    began_us_ = now_us;
  }

  std::uint64_t ticks_ = 0;
  std::uint64_t given_ = 0;
  std::uint64_t times_ = 0;
  std::uint64_t promised_ = 0;
  std::uint64_t began_us_ = kUnknown;  // the last arrival before what was given
  std::uint64_t last_us_ = 0;
  bool looked_ = true;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_LOOP_BOUND_H_
