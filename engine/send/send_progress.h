#ifndef RINGPEER_ENGINE_SEND_SEND_PROGRESS_H_
#define RINGPEER_ENGINE_SEND_SEND_PROGRESS_H_

#include "ringpeer/codec/base/clock.h"

namespace ringpeer::worker {

// What the kernel takes of a socket's packets: whether it has room now, since when it has taken
// nothing, and whether it, or the device, takes trains.
//
// Threads: the worker's.
class SendProgress {
 public:
  using Clock = base::Clock;

  // The kernel has no room now: the rest of a batch does not try it again.
  bool is_held_up() const { return is_held_up_; }
  void hold_up(Clock::time_point now) {
    is_held_up_ = true;
    if (!is_refused_) refused_since_ = now;
    is_refused_ = true;
  }
  void try_again() { is_held_up_ = false; }
  // The kernel has taken some.
  void mark_taken() { is_refused_ = false; }
  // The kernel has taken nothing for so long.
  bool is_stuck(Clock::time_point now, Clock::duration patience) const {
    return is_refused_ && now - refused_since_ >= patience;
  }

  // As long as trains are off.
  bool has_trains_off(Clock::time_point now) const { return now < trains_off_until_; }
  // True when so many were refused, with no success between them, that they had better be off.
  bool count_refused_train() { return ++refused_trains_ >= kRefusedTrains; }
  void mark_sent_train() { refused_trains_ = 0; }
  void turn_trains_off(Clock::time_point until) {
    trains_off_until_ = until;
    refused_trains_ = kRefusedTrains - 1;  // then one refusal is enough
  }

 private:
  // Refused for the sake of a destination each, so many are not.
  static constexpr int kRefusedTrains = 16;

  bool is_held_up_ = false;
  bool is_refused_ = false;
  int refused_trains_ = 0;
  Clock::time_point refused_since_;
  Clock::time_point trains_off_until_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_PROGRESS_H_
