#ifndef RINGPEER_ENGINE_WORKER_SOCKET_TABLE_H_
#define RINGPEER_ENGINE_WORKER_SOCKET_TABLE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/worker/datagram_sink.h"
#include "ringpeer/engine/worker/worker_wait.h"

namespace ringpeer::worker {

// The sockets of a worker by slot: the sink of each, and which of them have something to be done
// for: consumers to be told, a pause to be ended, an error queue to be looked at. Nothing but its
// constructor allocates.
//
// Threads: the worker's.
class SocketTable {
 public:
  // `wait` is told of the sinks.
  explicit SocketTable(WorkerWait& wait);

  void add(backend::SocketSlot slot, int descriptor, DatagramSink* sink);
  void remove(backend::SocketSlot slot);
  // Null for a slot without a socket.
  DatagramSink* sink_of(backend::SocketSlot slot) const { return sinks_[slot]; }
  // Whether there has ever been a socket.
  bool was_used() const { return was_used_; }
  // Attaches all of them to another backend, where none is paused. 0 or errno.
  int attach_to(backend::Backend& backend);

  // Makes visible what was delivered; the consumer is told by notify_consumers().
  void publish(backend::SocketSlot slot) {
    sinks_[slot]->publish();
    if (!std::exchange(is_to_be_notified_[slot], 1)) to_be_notified_.push_back(slot);
  }
  bool has_to_notify() const { return !to_be_notified_.empty(); }
  // How many slept.
  std::size_t notify_consumers() {
    std::size_t woken = 0;
    for (const backend::SocketSlot slot : to_be_notified_) {
      woken += sinks_[slot]->notify() ? 1 : 0;
      is_to_be_notified_[slot] = false;
    }
    to_be_notified_.clear();
    return woken;
  }
  // Whether all that something came for have enough to do.
  bool consumers_are_behind() const {
    return !to_be_notified_.empty() &&
           std::all_of(to_be_notified_.begin(), to_be_notified_.end(),
                       [this](backend::SocketSlot slot) { return sinks_[slot]->is_behind(); });
  }

  // A queue that could take no more for a while: its socket is not read.
  void pause(backend::SocketSlot slot, backend::Backend& backend);
  bool has_paused() const { return !paused_.empty(); }
  void resume_recovered(backend::Backend& backend);

  // Whether something may shorten a wait: a pause that is to be looked at, or a sink's timer.
  bool bounds_waits() const { return bounds_waits_; }
  // How long it is until the first of the timers is due.
  std::chrono::microseconds until_deadline(std::uint64_t now_us,
                                           std::chrono::microseconds longest) const;
  // Whether sinks have timers or error queues. Those whose time has come are told, and the queues
  // are read.
  bool has_checks() const { return has_checks_; }
  void check(std::uint64_t now_us);
  void maintain();

  // Takes what the kernel still hands over meanwhile: step() waits for it, false when nothing more
  // is to be waited for.
  template <typename Step>
  void detach_all(backend::Backend& backend, Step step);
  // The worker has ended: every sink is told, and forgotten.
  void stop_all();

 private:
  // Kept, so that a step looks at two flags instead of three lists.
  void note_what_there_is() {
    bounds_waits_ = !paused_.empty() || !timed_.empty();
    has_checks_ = !timed_.empty() || !error_checked_.empty();
  }

  WorkerWait& wait_;
  std::vector<DatagramSink*> sinks_;
  std::vector<int> descriptors_;
  std::vector<backend::SocketSlot> to_be_notified_;  // published since the last notify
  std::vector<std::uint8_t> is_to_be_notified_;      // by slot
  std::vector<DatagramSink*> error_checked_;
  std::vector<backend::SocketSlot> timed_;
  std::vector<backend::SocketSlot> paused_;
  bool was_used_ = false;
  bool bounds_waits_ = false;
  bool has_checks_ = false;
};

template <typename Step>
void SocketTable::detach_all(backend::Backend& backend, Step step) {
  const auto is_attached = [this, &backend](std::size_t slot) {
    return sinks_[slot] != nullptr && !backend.is_detached(static_cast<backend::SocketSlot>(slot));
  };
  for (std::size_t slot = 0; slot < sinks_.size(); ++slot) {
    if (is_attached(slot)) backend.begin_detach(static_cast<backend::SocketSlot>(slot));
  }
  for (std::size_t slot = 0; slot < sinks_.size(); ++slot) {
    while (is_attached(slot)) {
      if (!step()) return backend.give_up();
    }
  }
}

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_SOCKET_TABLE_H_
