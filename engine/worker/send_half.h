#ifndef RINGPEER_ENGINE_WORKER_SEND_HALF_H_
#define RINGPEER_ENGINE_WORKER_SEND_HALF_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ringpeer/engine/send/send_batch.h"
#include "ringpeer/engine/send/send_notice.h"
#include "ringpeer/engine/send/send_queue.h"
#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/engine/wait/wait_planner.h"
#include "ringpeer/engine/worker/command.h"
#include "ringpeer/engine/worker/command_queue.h"
#include "ringpeer/engine/worker/receive_half.h"

namespace ringpeer::worker {

// The sending half of a worker: the queue that any thread puts into, what hands it to the kernel,
// and the commands that wait until that has been done. The worker sleeps in its receiving half,
// which a put wakes.
//
// Lifetime: that of its worker, whose parts it refers to.
// Threads: send, send_to_all, has_unsent_of_this_thread, refuse, is_refusing, queued: any, where
// the worker has a thread. The rest is the worker's.
class SendHalf {
 public:
  // How long what is queued for a socket may hold up its close, or a stop: both promise to end
  // within 500 ms, and to give up what is left takes a thread that shares its CPU some time.
  static constexpr std::chrono::milliseconds kMaxClose{400};
  // How long the kernel may take nothing of a socket until nobody waits for it any more.
  static constexpr std::chrono::milliseconds kMaxStall{100};
  // A put that finds the worker asleep waits so long for it to look by itself.
  static constexpr std::chrono::microseconds kPutBound{200};
  // Until a full socket buffer is tried again.
  static constexpr std::chrono::microseconds kBacklogWait{1000};

  SendHalf(ReceiveHalf& sleeper, CommandQueue& commands, Counters& counters, bool use_trains)
      : sleeper_(sleeper), commands_(commands), batch_(queue_, counters, use_trains) {}

  // Queues a packet for the worker to send. 0, EAGAIN when the queue is full, ESHUTDOWN when
  // nothing more is taken.
  int send(std::span<const std::uint8_t> payload, const SendTarget& target);
  int send_to_all(std::span<const std::uint8_t> payload, std::span<const SendTarget> targets);
  // Whether something that this thread has queued may not be with the kernel yet.
  bool has_unsent_of_this_thread() const { return queue_.has_waiting_of_this_thread(); }
  // Nothing more is taken.
  void refuse() { queue_.refuse(); }
  bool is_refusing() const { return queue_.is_refusing(); }
  // What the worker has not looked at yet.
  std::size_t queued() const { return queue_.size(); }

  // From here to end_sleep(), a put wakes the worker that cannot wait until `until_us`, when it
  // looks by itself. True when it had better not sleep: there is more to send.
  bool begin_sleep(std::uint64_t until_us = SendNotice::kUntilWoken) {
    return !notice_.begin_sleep(until_us) || has_more_;
  }
  void end_sleep() { notice_.end_sleep(); }
  // After how long the worker is to look by itself, so that puts need not wake it: while they come
  // often and its waits are short anyway. None: it sleeps as long as it likes.
  std::optional<std::chrono::microseconds> next_look(const wait::WaitPlan& plan,
                                                     std::uint64_t usual_gap_us,
                                                     std::uint64_t now_us) const;
  // Packets that the kernel had no room for.
  bool has_backlog() const { return batch_.has_waiting(); }
  // Sends what was put. Nothing is in the queue that was not noticed, or will be when its put gets
  // so far. is_waited_for: somebody waits besides the flushes.
  void send_noticed(bool is_waited_for) {
    if (has_more_ || batch_.has_waiting() || notice_.is_there() || is_waited_for || has_flushes()) {
      send_some();
    }
  }
  // At the end of the worker, with the bounds of a close: what is left counts as failed.
  void send_the_rest();

  // ---- Commands that wait for what was queued before them.

  void mark(Command* command) { command->mark = batch_.mark(); }
  // Answered once all that was queued is with the kernel: EAGAIN when the kernel takes nothing of
  // the rest for kMaxStall.
  void begin_flush(Command* command);
  bool has_flushes() const { return !flushes_.empty(); }
  // The worker has ended.
  void end_flushes(int error);
  // Looks whether what was queued for the command's socket, which is to be closed, is with the
  // kernel. After kMaxClose, or when the kernel takes nothing for kMaxStall, it counts as failed.
  void look_at(Command* command);

 private:
  void notice();
  void send_some();
  void finish_flushes();

  ReceiveHalf& sleeper_;
  CommandQueue& commands_;
  SendQueue queue_;
  SendNotice notice_;
  SendBatch batch_;
  CommandList flushes_;
  bool has_more_ = false;
  std::uint64_t last_put_us_ = 0;  // that was noticed
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_SEND_HALF_H_
