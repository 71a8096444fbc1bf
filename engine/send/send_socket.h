#ifndef RINGPEER_ENGINE_SEND_SEND_SOCKET_H_
#define RINGPEER_ENGINE_SEND_SEND_SOCKET_H_

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/send/error_latch.h"
#include "ringpeer/engine/send/send_errors.h"
#include "ringpeer/engine/send/send_item.h"

namespace ringpeer::worker {

// A socket that packets are sent through, as those who put and the worker see it. Packets
// that the kernel has no room for wait here, so that they hold up no other socket's.
//
// Lifetime: it outlives all that was pushed for it: Worker::detach() sees to that.
// Threads: descriptor, family, refusal, close: any. The rest is the worker's.
class SendSocket {
 public:
  using Clock = base::Clock;

  // Where failures of the worker are left for who puts next: by destination, or those of
  // the one destination of a connected socket and those of all others.
  explicit SendSocket(SendErrors* errors) : errors_(errors) {}
  SendSocket(ErrorLatch* connected, ErrorLatch* unconnected)
      : connected_latch_(connected), unconnected_latch_(unconnected) {}
  SendSocket(const SendSocket&) = delete;
  SendSocket& operator=(const SendSocket&) = delete;

  // Before anything is pushed.
  void open(int descriptor, int family) {
    descriptor_ = descriptor;
    family_ = family;
  }
  int descriptor() const { return descriptor_; }
  int family() const { return family_; }

  // Why nothing more is to be pushed: ESHUTDOWN when it is closed, EAGAIN when so much waits
  // for the kernel that others would have no room; 0: push.
  int refusal() const {
    const std::uint8_t reasons = refusals_.load(std::memory_order_relaxed);
    if (reasons == 0) [[likely]]
      return 0;
    return (reasons & kClosed) != 0 ? ESHUTDOWN : EAGAIN;
  }
  void close() { refusals_.fetch_or(kClosed, std::memory_order_relaxed); }
  void set_full(bool full) {
    full ? refusals_.fetch_or(kFull, std::memory_order_relaxed)
         : refusals_.fetch_and(kClosed, std::memory_order_relaxed);
  }

  // ---- What the kernel had no room for, in its order.

  bool has_waiting() const { return first_ != nullptr; }
  void wait_last(SendItem* item);
  void wait_first(SendItem* item);
  SendItem* take_first();
  // Bytes of memory that is not free because of what waits here, at most.
  std::size_t held_bytes() const { return held_bytes_; }

  // What waited here when a mark (see SendMarks) had passed is covered by it, and settled
  // once all of that has left. A mark meanwhile has to wait for its turn.
  void begin_waiting(std::uint64_t last_passed_mark) { settled_mark_ = last_passed_mark; }
  void cover(std::uint64_t mark) { next_mark_ = mark; }
  void settle();
  bool is_settled(std::uint64_t mark) const { return mark <= settled_mark_; }

  // The kernel has no room for it now: the rest of a batch does not try it again.
  bool is_held_up() const { return is_held_up_; }
  void hold_up(Clock::time_point now) {
    is_held_up_ = true;
    if (!is_refused_) refused_since_ = now;
    is_refused_ = true;
  }
  void try_again() { is_held_up_ = false; }
  void mark_progress() { is_refused_ = false; }
  // The kernel has taken nothing for so long.
  bool is_stuck(Clock::time_point now, Clock::duration patience) const {
    return is_refused_ && now - refused_since_ >= patience;
  }

  // ---- Trains: whether the kernel or the device takes any.

  // As long as they are off.
  bool has_trains_off(Clock::time_point now) const { return now < trains_off_until_; }
  // True when so many were refused, with no success between them, that they had better be off.
  bool count_refused_train() { return ++refused_trains_ >= kRefusedTrains; }
  void mark_sent_train() { refused_trains_ = 0; }
  void turn_trains_off(Clock::time_point until) {
    trains_off_until_ = until;
    refused_trains_ = kRefusedTrains - 1;  // then one refusal is enough
  }

  // ---- Others.

  void tell(const SendItem& item, int error) const;
  // Whether the socket has a local port; a kernel without a free one says EAGAIN.
  bool is_known_to_have_port = false;
  SendSocket* next_waiting = nullptr;  // in the batch's list of sockets with packets that wait

 private:
  // Refused for the sake of a destination each, so many are not.
  static constexpr int kRefusedTrains = 16;

  int descriptor_ = -1;
  int family_ = 0;
  static constexpr std::uint8_t kClosed = 1;
  static constexpr std::uint8_t kFull = 2;
  std::atomic<std::uint8_t> refusals_{0};

  bool is_held_up_ = false;
  bool is_refused_ = false;
  int refused_trains_ = 0;
  SendItem* first_ = nullptr;
  SendItem* last_ = nullptr;
  std::size_t held_bytes_ = 0;
  // Items that have come and gone, and how many had come when a mark passed.
  std::uint64_t came_ = 0;
  std::uint64_t went_ = 0;
  std::uint64_t covered_ = 0;
  std::uint64_t covering_mark_ = 0;
  std::uint64_t next_mark_ = 0;
  std::uint64_t settled_mark_ = 0;
  Clock::time_point refused_since_;
  Clock::time_point trains_off_until_;

  SendErrors* const errors_ = nullptr;
  ErrorLatch* const connected_latch_ = nullptr;
  ErrorLatch* const unconnected_latch_ = nullptr;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_SOCKET_H_
