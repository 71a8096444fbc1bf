#ifndef RINGPEER_ENGINE_WORKER_RECEIVE_HALF_H_
#define RINGPEER_ENGINE_WORKER_RECEIVE_HALF_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/engine/packet/slab_pool.h"
#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/engine/worker/datagram_sink.h"
#include "ringpeer/engine/worker/socket_table.h"
#include "ringpeer/engine/worker/worker_options.h"
#include "ringpeer/engine/worker/worker_wait.h"

namespace ringpeer::worker {

// The receiving half of a worker: the backend, the buffers that it lends, and the sockets. Brings
// what the kernel has received to the sinks, and gives the buffers that come back to the kernel.
//
// Lifetime: that of its worker, whose options, counters and wait it refers to.
// Threads: the worker's, but wake() and has_left_uring(), which are for any.
class ReceiveHalf {
 public:
  // Batches that are taken before it is looked at returned buffers and commands again.
  static constexpr std::size_t kMaxBatchesPerStep = 64;
  // The kernel ends a cancelled receive within microseconds. A call that waits for it must come
  // back all the same where it does not.
  static constexpr std::chrono::seconds kDetachPatience{1};
  // Fewer datagrams than this, right after others, are no reason to wake a consumer again: what
  // came while it was at work. They may wait for the next, one latency budget at most.
  static constexpr std::size_t kFewDatagrams = 64;

  ReceiveHalf(const WorkerOptions& options, Counters& counters, WorkerWait& wait);

  // Anywhere, before everything else. False on failure.
  bool make_backend(backend::BackendFailure* failure);
  // Makes the calling thread the owner. False on failure.
  bool start(backend::BackendFailure* failure);
  const std::string& features() const { return features_; }
  backend::Backend& backend() { return *backend_; }
  SocketTable& sockets() { return sockets_; }
  // Ends a wait of the backend.
  void wake() noexcept { backend_->wake(); }

  // 0 or errno.
  int attach(backend::SocketSlot slot, int descriptor, DatagramSink* sink);
  // Until the kernel has let go of all of them, or does not, or there was a failure.
  void detach_all(backend::BackendFailure* failure);

  // Hands at most so many batches to the sinks. Returns the number of datagrams.
  std::size_t drain(std::size_t max_batches);
  // Takes back the buffers that consumers are done with.
  void reclaim();
  // Whether nobody holds a packet any more; what came back is reclaimed.
  bool is_whole() {
    return backend_ == nullptr || (backend_->lent_buffers() == 0 && slabs_.is_whole());
  }

  // Whether those that something came for may be told later: of so few datagrams.
  bool may_notify_later(std::size_t taken) const {
    return options_.has_thread && taken > 0 && taken < kFewDatagrams &&
           looked_at_us_ - notified_at_us_ < static_cast<std::uint64_t>(wait_.budget().count());
  }
  void notify_consumers() {
    if (!sockets_.has_to_notify()) return;
    wait_.count_woken(sockets_.notify_consumers());
    notified_at_us_ = looked_at_us_;
  }
  // Adds to the counters what the backend did.
  void record_events() {
    const backend::BackendEvents& events = backend_->events();
    counters_.add(Counter::kWakeups, events.wakeups - seen_events_.wakeups);
    seen_events_.wakeups = events.wakeups;
    seen_events_.stopped_early = events.stopped_early;
    if (events.starved == seen_events_.starved && events.rearms == seen_events_.rearms) [[likely]]
      return;
    counters_.add(Counter::kBufferStarved, events.starved - seen_events_.starved);
    counters_.add(Counter::kRearms, events.rearms - seen_events_.rearms);
    seen_events_ = events;
  }
  // See BackendEvents.
  bool stopped_early() const { return seen_events_.stopped_early; }
  std::uint64_t now_us() const {
    using std::chrono::microseconds;
    const auto since = base::Clock::now() - options_.epoch;
    return static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(since).count());
  }

  // ---- Another thread goes on, and the io_uring takes requests of one thread alone.

  // Another io_uring in its place, before there is any socket. False when there is none.
  bool make_uring_again();
  // recvmmsg in its place, with all sockets. False with the failure, which is ENOMEM when a later
  // call may find memory.
  bool leave_uring(backend::BackendFailure* failure);
  // Then datagrams went with the ring, as many as sockets at the most.
  bool has_lost_with_ring() const { return has_lost_with_ring_; }
  bool has_left_uring() const { return has_left_uring_.load(std::memory_order_acquire); }

 private:
  static DatagramRun first_run(std::span<const backend::Datagram> batch);
  void sort(std::span<const backend::Datagram> batch, Delivery& delivery);
  // Once for each batch, most times: a call of its own is felt.
  [[gnu::always_inline]] inline void hand_over(const DatagramRun& run, Delivery& delivery);
  void count_fault(const backend::Datagram& datagram, Delivery& delivery);

  const WorkerOptions& options_;
  Counters& counters_;
  WorkerWait& wait_;
  packet::BufferReturn home_;
  packet::SlabPool slabs_;
  std::unique_ptr<backend::Backend> backend_;
  std::unique_ptr<backend::Backend> former_backend_;  // whose buffers may be lent
  std::string features_;
  backend::BackendEvents seen_events_;
  SocketTable sockets_;
  std::uint64_t looked_at_us_ = 0;  // the clock at the last batch
  std::uint64_t notified_at_us_ = 0;
  bool is_ring_closed_ = false;  // for recvmmsg
  bool has_lost_with_ring_ = false;
  std::atomic<bool> has_left_uring_{false};
  std::array<backend::Datagram, backend::kBatchSize> batch_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_RECEIVE_HALF_H_
