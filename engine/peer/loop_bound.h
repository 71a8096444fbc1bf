#ifndef RINGPEER_ENGINE_PEER_LOOP_BOUND_H_
#define RINGPEER_ENGINE_PEER_LOOP_BOUND_H_

#include <algorithm>
#include <cstdint>

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
    return begin_get(ticks) || is_repeated;
  }
  // A call comes that takes. True for the first of a tick.
  bool begin_get(std::uint64_t ticks) {
    if (ticks == ticks_) [[likely]]
      return false;
    ticks_ = ticks;
    begin_again();
    return true;
  }

  // Something waits that the queue counts with `charge`: whether the answer is "nothing" all the
  // same, this once. `most` is what the queue may hold.
  bool ends_loop(std::uint64_t charge, std::uint64_t most) {
    if (given_ + charge <= most || given_ == 0) [[likely]]
      return false;
    begin_again();
    return true;
  }

  // The answer was that so many wait: they will be given, whatever the bound says.
  void promise(std::uint64_t count) {
    promised_ = count;
    if (count == 0) begin_again();
  }
  bool is_promised() const { return promised_ > 0; }

  // The answer was "nothing", because nothing waits.
  void begin_again() {
    given_ = promised_ = 0;
    looked_ = true;
  }

  // It was given, and had come then. Of several senders' the times need not rise.
  void count_given(std::uint64_t charge, std::uint64_t arrival_us) {
    looked_ = false;
    if (arrival_us - forgotten_until_us_ >= kSlowUs) [[unlikely]]
      forget(charge, arrival_us);
    given_ += charge;
    promised_ -= promised_ > 0 ? 1 : 0;
  }

 private:
  // A frame of a game at 240 Hz: a loop that spends so much on one packet has other troubles.
  static constexpr std::uint64_t kSlowUs = 4000;

  // One of this size for each kSlowUs: a bucket that leaks so fast never fills with what comes
  // more slowly, and a pause in it excuses no more than what was given before.
  void forget(std::uint64_t charge, std::uint64_t arrival_us) {
    if (arrival_us < forgotten_until_us_) return;
    const std::uint64_t times = (arrival_us - forgotten_until_us_) / kSlowUs;
    const std::uint64_t forgotten = times * charge;
    given_ -= std::min(given_, forgotten);
    forgotten_until_us_ = given_ == 0 ? arrival_us : forgotten_until_us_ + times * kSlowUs;
  }

  std::uint64_t ticks_ = 0;
  std::uint64_t given_ = 0;
  std::uint64_t promised_ = 0;
  std::uint64_t forgotten_until_us_ = 0;  // an arrival, or a while behind one
  bool looked_ = true;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_LOOP_BOUND_H_
