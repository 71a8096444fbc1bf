#ifndef RINGPEER_ENGINE_WORKER_WORKER_H_
#define RINGPEER_ENGINE_WORKER_WORKER_H_

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/engine/packet/slab_pool.h"
#include "ringpeer/engine/send/send_batch.h"
#include "ringpeer/engine/send/send_queue.h"
#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/engine/worker/datagram_sink.h"
#include "ringpeer/engine/worker/fork_generation.h"

namespace ringpeer::worker {

struct WorkerOptions {
  int index = 0;
  bool has_thread = true;  // false: pump() runs it
  int cpu = -1;            // to pin to; -1: none
  std::chrono::microseconds latency_budget{200};
  std::size_t payload_budget = std::size_t{64} << 20;
  bool use_uring = true;
  bool use_send_trains = true;  // UDP_SEGMENT
  backend::BackendOptions backend;
  std::chrono::steady_clock::time_point epoch;  // what received_at_us counts from
  // Told when the worker has to end by itself, and of sockets that it cannot let go.
  std::function<void(std::string_view message)> log;
};

// One receive loop: waits in its backend, sorts what arrives to the sinks, takes
// back the buffers that consumers are done with. When the kernel refuses what it needs it ends as
// if stopped, and says why. Once it runs, a want of memory costs a packet, which is counted, or the
// command that asks for some.
//
// Threads: attach, detach, sync, stop, request_maintenance, has_failed, snapshot: any. Without a
// thread of its own everything but attach_later, has_failed, has_left_uring and snapshot belongs to
// one thread at a time. A ring of io_uring takes requests of one thread alone: the first that
// brings a socket. When another one goes on, the sockets change to recvmmsg.
class Worker {
 public:
  enum class CommandKind { kAttach, kDetach, kSync, kFlush };
  // What another thread asks for; it lives until it is answered.
  struct Command {
    CommandKind kind = CommandKind::kSync;
    int descriptor = -1;
    DatagramSink* sink = nullptr;
    backend::SocketSlot slot = 0;
    bool has_waiter = true;
    std::chrono::steady_clock::time_point patience_ends{};
    int result = 0;
    bool done = false;
    Command* next = nullptr;
    // Of packets to wait for.
    SendSocket* sends = nullptr;
    std::uint64_t mark = 0;
    base::Clock::time_point begun{};
    bool sends_are_over = false;
  };

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
  // when that took longer than kMaxClose, or the kernel took nothing for kMaxStall.
  // A socket that is not attached, but was put to, has kNoSlot.
  void detach(backend::SocketSlot slot, SendSocket* sends = nullptr);
  static constexpr backend::SocketSlot kNoSlot = backend::kMaxSockets;
  // The same in two halves, so that several workers can be at it at a time.
  void begin_detach(Command* command, backend::SocketSlot slot, SendSocket* sends);
  int wait_for(Command* command);
  // One pass over everything the kernel has queued. 0 or errno.
  int sync();
  // With the bounds of detach() for all that is queued. Nothing more is taken after
  // refuse_sends(), and begin_stop() is the first half.
  void stop();
  void begin_stop();
  void refuse_sends() { send_queue_.refuse(); }
  bool is_refusing_sends() const { return send_queue_.is_refusing(); }

  // Calls every sink's maintain() at the next step.
  void request_maintenance() { maintenance_requested_.store(true, std::memory_order_release); }

  // How long what is queued for a socket may hold up its close, or a stop: both promise to end
  // within 500 ms, and to give up what is left takes a thread that shares its CPU some time.
  static constexpr std::chrono::milliseconds kMaxClose{400};
  // How long the kernel may take nothing of a socket until nobody waits for it any more.
  static constexpr std::chrono::milliseconds kMaxStall{100};

  // Queues a packet for the worker to send. 0, EAGAIN when the queue is full, ESHUTDOWN when
  // nothing more is taken. Only with a thread.
  int send(std::span<const std::uint8_t> payload, const SendTarget& target);
  int send_to_all(std::span<const std::uint8_t> payload, std::span<const SendTarget> targets);
  // Whether something that this thread has queued may not be with the kernel yet.
  bool has_unsent_of_this_thread() { return send_queue_.has_waiting_of_this_thread(); }
  // Returns once everything that was queued when it was called is with the kernel. EAGAIN
  // when the kernel takes nothing of the rest for kMaxStall; 0 or another errno.
  int flush();
  void begin_flush(Command* command);  // its first half; wait_for() is the second

  // A short step, for a worker without a thread: takes a batch or two, so that what
  // the consumer has no room for stays in the kernel's buffer. Returns how many datagrams.
  std::size_t pump(std::chrono::milliseconds longest_wait);
  bool has_thread() const { return options_.has_thread; }

  // Whether it had to end by itself.
  bool has_failed() const { return failed_.load(std::memory_order_acquire); }
  // Whether it began with io_uring, and had to change when another thread went on.
  bool has_left_uring() const { return has_left_uring_.load(std::memory_order_acquire); }
  CounterSnapshot snapshot() const;
  std::string features() const { return features_; }

 private:
  // First in, first out, through Command::next.
  class CommandList {
   public:
    bool empty() const { return first_ == nullptr; }
    void push(Command* command);
    // Null when there is none.
    Command* pop();

   private:
    Command* first_ = nullptr;
    Command* last_ = nullptr;
  };

  explicit Worker(const WorkerOptions& options);
  bool start(backend::BackendFailure* failure);
  bool start_backend(backend::BackendFailure* failure);
  bool start_inline(backend::BackendFailure* failure);
  bool start_thread(backend::BackendFailure* failure);
  void thread_main(backend::BackendFailure* failure);
  void prepare_thread() const;

  void begin(Command* command);
  bool enqueue(Command* command);
  int submit(Command* command) {
    begin(command);
    return wait_for(command);
  }
  void finish(Command* command, int result);
  void execute_commands();
  void execute(Command* command);
  int take_slot(Command* command);
  void give_back(backend::SocketSlot slot);
  int attach_now(Command* command);
  void finish_detaches();
  void forget_socket(backend::SocketSlot slot);

  // Packets that somebody waits for.
  void wait_for_sends(Command* command);
  bool is_waited_for() const { return !flushing_.empty() || !detaching_.empty(); }
  void finish_flushes();
  void look_at_sends(Command* command);
  void send_the_rest();

  // False when it cannot go on: the reason is in failure_.
  bool try_step(std::chrono::microseconds longest_wait, std::size_t max_batches) noexcept;
  bool step(std::chrono::microseconds longest_wait, std::size_t max_batches);
  std::size_t pump_once(std::chrono::microseconds longest_wait, std::size_t max_batches);
  // Returns the number of datagrams taken.
  std::size_t drain(std::size_t max_batches);
  static DatagramRun first_run(std::span<const backend::Datagram> batch);
  void sort(std::span<const backend::Datagram> batch, Delivery& delivery);
  void hand_over(const DatagramRun& run, Delivery& delivery);
  void pause(backend::SocketSlot slot);
  void resume_recovered();
  void count_fault(const backend::Datagram& datagram, Delivery& delivery);
  void publish(backend::SocketSlot slot);
  std::chrono::microseconds next_budget() const;
  bool may_notify_later(std::size_t taken) const;
  bool consumers_are_behind() const;
  void notify_consumers();
  void reclaim();
  void maintain();
  void notice_sends();
  void send_what_was_noticed();
  void record_backend_events();
  bool follow_thread() noexcept;
  bool change_thread() noexcept;
  bool bind_ring_to_this_thread();
  void leave_uring();
  void shut_down();
  void detach_all();
  void tell_of_failure();
  void tell(std::string_view message, const backend::BackendFailure& failure) const noexcept;
  std::uint64_t now_us() const;

  const WorkerOptions options_;
  packet::BufferReturn home_;
  packet::SlabPool slabs_;
  std::unique_ptr<backend::Backend> backend_;
  std::unique_ptr<backend::Backend> former_backend_;  // whose buffers may be lent
  std::string features_;
  Counters counters_;
  backend::BackendEvents seen_events_;

  SendQueue send_queue_;
  SendBatch send_batch_;
  bool has_more_to_send_ = false;
  std::size_t taken_by_step_ = 0;
  std::atomic<bool> sleeping_{false};

  // Without a thread: whose calls run it.
  std::uint64_t thread_number_ = 0;  // 0: none has the backend
  bool has_attached_ = false;        // any socket, ever
  bool is_ring_closed_ = false;      // for recvmmsg
  std::atomic<bool> has_left_uring_{false};

  std::vector<DatagramSink*> sinks_;                 // by slot; null: none
  std::vector<int> descriptors_;                     // of their sockets
  std::vector<backend::SocketSlot> to_be_notified_;  // published since the last notify
  std::vector<std::uint8_t> is_to_be_notified_;      // by slot
  std::uint64_t looked_at_us_ = 0;                   // the clock at the last batch
  std::uint64_t notified_at_us_ = 0;
  bool may_gather_longer_ = false;
  std::vector<DatagramSink*> error_checked_;
  std::vector<backend::SocketSlot> paused_;
  std::array<backend::Datagram, backend::kBatchSize> batch_;

  backend::BackendFailure failure_;  // why it has to end by itself
  std::atomic<bool> failed_{false};

  std::mutex mutex_;
  std::condition_variable done_;
  CommandList commands_;
  std::vector<backend::SocketSlot> free_slots_;
  CommandList detaching_;
  CommandList flushing_;
  std::atomic<bool> has_commands_{false};
  std::atomic<bool> maintenance_requested_{false};
  std::atomic<bool> stopping_{false};
  bool running_ = false;  // commands are answered
  bool has_tried_to_start_ = false;

  std::mutex join_mutex_;  // several threads may stop the worker at once
  std::thread thread_;
  const ForkGeneration fork_generation_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_WORKER_H_
