#ifndef RINGPEER_ENGINE_WORKER_WORKER_H_
#define RINGPEER_ENGINE_WORKER_WORKER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/engine/worker/command.h"
#include "ringpeer/engine/worker/command_queue.h"
#include "ringpeer/engine/worker/datagram_sink.h"
#include "ringpeer/engine/worker/fork_generation.h"
#include "ringpeer/engine/worker/free_slots.h"
#include "ringpeer/engine/worker/receive_half.h"
#include "ringpeer/engine/worker/send_half.h"
#include "ringpeer/engine/worker/worker_options.h"
#include "ringpeer/engine/worker/worker_thread.h"
#include "ringpeer/engine/worker/worker_wait.h"

namespace ringpeer::worker {

// One receive loop: executes commands, sends what was put, waits in its backend, brings what
// arrives to the sinks, takes back the buffers that consumers are done with. When the kernel
// refuses what it needs it ends as if stopped, and says why. Once it runs, a want of memory costs a
// packet, which is counted, or the command that asks for some.
//
// Threads: attach, detach, sync, flush, stop, and their halves, request_maintenance, has_failed,
// snapshot, waits, and sends() and receives() as these say: any. Without a
// thread of its own everything but attach_later, has_failed, snapshot and what receives() has for
// any belongs to one thread at a time. A ring of io_uring takes requests of one thread alone: the
// first that brings a socket. When another one goes on, the sockets change to recvmmsg.
class Worker {
 public:
  // Null on failure. Returns once the worker runs.
  static std::unique_ptr<Worker> create(const WorkerOptions& options,
                                        backend::BackendFailure* failure);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Brings what `descriptor` receives to `sink` until detach(). 0 or errno.
  int attach(int descriptor, DatagramSink* sink, backend::SocketSlot* slot);
  // The same without waiting, from any thread also where the worker has none of its own: what is
  // asked of it next, or its next step, begins to receive. 0, ESHUTDOWN, or ENOSPC; what fails
  // later ends the sink. *command, whose slot is known at once, lives until detach() returns.
  int attach_later(Command* command, int descriptor, DatagramSink* sink);
  // When it returns, the kernel has let go of the socket and the sink is touched no more.
  // What was queued for `sends`, which is closed, is with the kernel, or counted as failed
  // when that took longer than SendHalf::kMaxClose, or the kernel took nothing for kMaxStall.
  // A socket that is not attached, but was put to, has kNoSlot.
  void detach(backend::SocketSlot slot, SendSocket* sends = nullptr);
  static constexpr backend::SocketSlot kNoSlot = backend::kMaxSockets;
  // The same in two halves, so that several workers can be at it at a time.
  void begin_detach(Command* command, backend::SocketSlot slot, SendSocket* sends);
  int wait_for(Command* command);
  // One pass over everything the kernel has queued. 0 or errno.
  int sync();
  // Returns once everything that was queued when it was called is with the kernel. EAGAIN
  // when the kernel takes nothing of the rest for SendHalf::kMaxStall; 0 or another errno.
  int flush();
  void begin_flush(Command* command);  // its first half; wait_for() is the second
  // With the bounds of detach() for all that is queued, of which there is no more after
  // SendHalf::refuse(). begin_stop() is the first half.
  void stop();
  void begin_stop();

  // Calls every sink's maintain() at the next step.
  void request_maintenance() { maintenance_requested_.store(true, std::memory_order_release); }

  // What puts use; only with a thread.
  SendHalf& sends() { return sends_; }

  // A short step, for a worker without a thread: takes a few batches, so that what the consumer has
  // no room for stays in the kernel's buffer, and more only while the completion ring overflows.
  // Returns how many datagrams.
  std::size_t pump(std::chrono::milliseconds longest_wait);
  bool has_thread() const { return options_.has_thread; }

  // After its end: whether nobody holds a packet of it any more. Nobody knows of one that has
  // failed.
  bool has_all_buffers();

  // Whether it had to end by itself.
  bool has_failed() const { return failed_.load(std::memory_order_acquire); }
  CounterSnapshot snapshot() const;
  // What any thread may ask of it, and wake().
  ReceiveHalf& receives() { return receives_; }
  const WorkerWait& waits() const { return wait_; }

 private:
  explicit Worker(const WorkerOptions& options);
  bool start(backend::BackendFailure* failure);
  bool start_backend(backend::BackendFailure* failure);
  bool start_inline(backend::BackendFailure* failure);
  bool start_thread(backend::BackendFailure* failure);
  void thread_main(backend::BackendFailure* failure);

  void begin(Command* command);
  bool enqueue(Command* command);
  int submit(Command* command) {
    begin(command);
    return wait_for(command);
  }
  int take_slot(Command* command);
  void give_back(backend::SocketSlot slot);
  void execute_commands();
  void execute(Command* command);
  void execute_detach(Command* command);
  void execute_sync(Command* command);
  void finish_detaches();

  // False when it cannot go on: the reason is in failure_.
  bool try_step(std::chrono::microseconds longest_wait, std::size_t max_batches) noexcept;
  [[gnu::always_inline]] inline bool step(std::chrono::microseconds longest_wait,
                                          std::size_t max_batches);
  [[gnu::noinline]] std::size_t pump_overflow();
  [[gnu::noinline]] std::chrono::microseconds shorten(std::chrono::microseconds longest_wait);
  std::size_t pump_once(std::chrono::microseconds longest_wait, std::size_t max_batches);
  [[gnu::noinline]] backend::WaitPolicy begin_wait(std::chrono::microseconds longest_wait);
  std::chrono::microseconds gather_longer(std::chrono::microseconds budget) const;
  void maintain();

  bool follow_thread() noexcept;
  bool change_thread() noexcept;

  void shut_down();
  void tell_of_failure();
  void tell(std::string_view message, const backend::BackendFailure& failure) const noexcept;

  const WorkerOptions options_;
  Counters counters_;
  CommandQueue commands_;
  FreeSlots free_slots_;
  WorkerWait wait_;
  ReceiveHalf receives_;
  SendHalf sends_;
  CommandList detaching_;

  std::size_t taken_by_step_ = 0;
  bool may_gather_longer_ = false;
  // Whose calls run it, without a thread; 0: none has the backend.
  std::uint64_t thread_number_ = 0;

  backend::BackendFailure failure_;  // why it has to end by itself
  std::atomic<bool> failed_{false};
  std::atomic<bool> maintenance_requested_{false};
  std::atomic<bool> stopping_{false};

  const ForkGeneration fork_generation_;
  WorkerThread thread_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_WORKER_H_
