#include "ringpeer/engine/worker/worker.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/codec/base/exceptions.h"

namespace ringpeer::worker {
namespace {

// The longest wait of an idle worker: short enough to notice what needs no wake-up,
// long enough to cost nothing.
constexpr std::chrono::milliseconds kIdleWait{500};
constexpr std::chrono::milliseconds kNoWait{0};

// Until a queue that could take no more is looked at again: a quarter of a 60 Hz frame.
constexpr std::chrono::microseconds kPausedLook = std::chrono::milliseconds(4);

// Of the application's own thread, which is in a call of its own: 256 datagrams, what a socket
// buffer of the default size holds of small ones.
constexpr std::size_t kMaxBatchesPerPump = 4;
// How often a pump may ask again: for what is left of a full completion ring, for the completion
// that had no room in it, and for what the receive brings that this one ended.
constexpr int kMaxEarlyStops = 3;
// Beyond that as often as it takes to empty the largest ring by pumps, four times: sockets that are
// read directly take turns with it, and a flood fills it again. Milliseconds, at the worst.
constexpr int kMaxOverflows = 64;

// For consumers that are far behind, a worker that shares their CPU takes it less often, as
// long as so few datagrams come in a latency budget that in several of them no socket buffer
// fills: the default one holds 256.
constexpr std::size_t kTrickle = 16;
constexpr int kBudgetsWhenBehind = 4;
constexpr std::chrono::microseconds kMaxWhenBehind{1000};

// A sync ends when a pass finds nothing; under a flood after this many passes.
constexpr int kMaxSyncPasses = 256;

// No other thread of the process ever has the same, as a pthread_t or the kernel's number may.
std::uint64_t number_of_this_thread() {
  static std::atomic<std::uint64_t> last{0};
  // Known without a guard: every look of an engine without threads asks.
  constinit thread_local std::uint64_t number = 0;
  if (number == 0) [[unlikely]]
    number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return number;
}

}  // namespace

Worker::Worker(const WorkerOptions& options)
    : options_(options),
      wait_(options_, counters_),
      receives_(options_, counters_, wait_),
      sends_(receives_, commands_, counters_, options.use_send_trains) {}

Worker::~Worker() { stop(); }

std::unique_ptr<Worker> Worker::create(const WorkerOptions& options,
                                       backend::BackendFailure* failure) {
  std::unique_ptr<Worker> worker(new Worker(options));
  if (!worker->receives_.make_backend(failure) || !worker->start(failure)) return nullptr;
  return worker;
}

bool Worker::start(backend::BackendFailure* failure) {
  *failure = {};
  return options_.has_thread ? start_thread(failure) : start_inline(failure);
}

bool Worker::start_inline(backend::BackendFailure* failure) {
  thread_number_ = number_of_this_thread();
  commands_.open(start_backend(failure));
  return commands_.is_open();
}

bool Worker::start_backend(backend::BackendFailure* failure) {
  RINGPEER_TRY {
    if (receives_.start(failure)) return true;
    failure->what.insert(0, "start of the backend: ");
  }
  RINGPEER_CATCH(const std::bad_alloc&) {  // on a thread, where nobody else would catch it
    *failure = {ENOMEM, "tables"};
  }
  return false;
}

bool Worker::start_thread(backend::BackendFailure* failure) {
  if (const int error = thread_.start(options_, [this, failure] { thread_main(failure); });
      error != 0) {
    *failure = {error, "start of a thread"};
    return false;
  }
  if (commands_.wait_until_tried()) return true;
  thread_.end([] {});
  return false;
}

void Worker::thread_main(backend::BackendFailure* failure) {
  const bool good = start_backend(failure);
  commands_.open(good);
  if (!good) return;
  while (!stopping_.load(std::memory_order_acquire) &&
         try_step(kIdleWait, ReceiveHalf::kMaxBatchesPerStep)) {
  }
  shut_down();
}

// ---- Commands: asked for.

int Worker::attach(int descriptor, DatagramSink* sink, backend::SocketSlot* slot) {
  Command command{CommandKind::kAttach, descriptor, sink};
  int error = take_slot(&command);
  if (error != 0) return error;
  error = submit(&command);
  if (error != 0) give_back(command.slot);
  *slot = command.slot;
  return error;
}

int Worker::attach_later(Command* command, int descriptor, DatagramSink* sink) {
  *command = {CommandKind::kAttach, descriptor, sink};
  command->has_waiter = false;
  if (const int error = take_slot(command); error != 0) return error;
  if (enqueue(command)) return 0;
  give_back(command->slot);
  return ESHUTDOWN;
}

int Worker::take_slot(Command* command) {
  if (fork_generation_.is_outdated()) return ESHUTDOWN;
  const auto slot = free_slots_.take();
  if (!slot.has_value()) return ENOSPC;  // not EMFILE: the process may have more sockets
  command->slot = *slot;
  return 0;
}

void Worker::give_back(backend::SocketSlot slot) {
  if (!fork_generation_.is_outdated()) free_slots_.give_back(slot);
}

void Worker::detach(backend::SocketSlot slot, SendSocket* sends) {
  Command command;
  begin_detach(&command, slot, sends);
  wait_for(&command);
}

void Worker::begin_detach(Command* command, backend::SocketSlot slot, SendSocket* sends) {
  command->kind = CommandKind::kDetach;
  command->slot = slot;
  command->sends = sends;
  begin(command);
}

int Worker::sync() {
  Command command{CommandKind::kSync};
  return submit(&command);
}

int Worker::flush() {
  Command command;
  begin_flush(&command);
  return wait_for(&command);
}

void Worker::begin_flush(Command* command) {
  command->kind = CommandKind::kFlush;
  begin(command);
}

void Worker::begin(Command* command) {
  command->result = ESHUTDOWN;
  command->done = true;
  command->begun = base::Clock::now();
  // In a forked child nobody would answer.
  if (fork_generation_.is_outdated()) return;
  if (!options_.has_thread) {
    const bool can_receive = follow_thread();
    execute_commands();  // what was asked for before
    if (!commands_.is_open()) return;
    if (!can_receive && command->kind == CommandKind::kSync) {  // the others need no memory
      command->result = ENOMEM;
      return;
    }
    command->done = false;
    execute(command);
    return;
  }
  enqueue(command);
}

bool Worker::enqueue(Command* command) {
  if (!commands_.push(command)) return false;
  if (options_.has_thread) receives_.wake();
  return true;
}

int Worker::wait_for(Command* command) {
  if (fork_generation_.is_outdated()) return ESHUTDOWN;
  if (!options_.has_thread) {
    while (!command->done && commands_.is_open())
      pump_once(kNoWait, ReceiveHalf::kMaxBatchesPerStep);
    pump_overflow();
    return command->result;
  }
  return commands_.wait_for(command);
}

// ---- Commands: executed.

void Worker::execute_commands() {
  if (!commands_.has_any()) return;
  CommandList commands = commands_.take_all();
  while (Command* command = commands.pop()) execute(command);
}

void Worker::execute(Command* command) {
  switch (command->kind) {
    case CommandKind::kAttach:
      commands_.finish(command,
                       receives_.attach(command->slot, command->descriptor, command->sink));
      return;
    case CommandKind::kFlush:
      sends_.begin_flush(command);
      return;
    case CommandKind::kDetach:
      execute_detach(command);
      return;
    case CommandKind::kSync:
      execute_sync(command);
      return;
  }
}

// What was put before the close goes out before it.
void Worker::execute_detach(Command* command) {
  sends_.mark(command);
  if (command->slot != kNoSlot && receives_.sockets().sink_of(command->slot) != nullptr) {
    receives_.backend().begin_detach(command->slot);
  }
  command->patience_ends = base::Clock::now() + ReceiveHalf::kDetachPatience;
  detaching_.push(command);
  finish_detaches();
}

void Worker::finish_detaches() {
  CommandList left;
  while (Command* command = detaching_.pop()) {
    const backend::SocketSlot slot = command->slot;
    sends_.look_at(command);
    if (command->sends_are_over && slot == kNoSlot) {
      commands_.finish(command, 0);
    } else if (command->sends_are_over && receives_.backend().is_detached(slot)) {
      receives_.sockets().remove(slot);
      give_back(slot);
      commands_.finish(command, 0);
    } else if (base::Clock::now() > command->patience_ends) {
      receives_.sockets().remove(slot);  // and the slot with it
      tell("the kernel does not let go of a closed socket, nor of its port", {});
      commands_.finish(command, ETIMEDOUT);
    } else {
      left.push(command);
    }
  }
  detaching_ = left;
}

void Worker::execute_sync(Command* command) {
  receives_.sockets().resume_recovered(receives_.backend());
  for (int pass = 0; pass < kMaxSyncPasses; ++pass) {
    if (!receives_.backend().wait({.poll = true, .every_socket = true}, &failure_)) break;
    if (receives_.drain(ReceiveHalf::kMaxBatchesPerStep) == 0) break;
    receives_.reclaim();
  }
  receives_.notify_consumers();
  tell_of_failure();
  commands_.finish(command, failure_.error);
}

CounterSnapshot Worker::snapshot() const {
  CounterSnapshot sum = counters_.snapshot();
  // What the worker has not looked at yet was requested all the same.
  sum.values[static_cast<std::size_t>(Counter::kSendRequestedPackets)] += sends_.queued();
  return sum;
}

// ---- The loop.

inline bool Worker::step(std::chrono::microseconds longest_wait, std::size_t max_batches) {
  SocketTable& sockets = receives_.sockets();
  execute_commands();
  if (maintenance_requested_.load(std::memory_order_relaxed)) maintain();
  sends_.send_noticed(!detaching_.empty());
  if (sockets.bounds_waits()) [[unlikely]]
    longest_wait = shorten(longest_wait);
  const bool can_go_on = receives_.backend().wait(
      longest_wait == kNoWait ? backend::WaitPolicy{.poll = true} : begin_wait(longest_wait),
      &failure_);
  if (has_thread()) {
    wait_.end();
    sends_.end_sleep();
  }
  if (!can_go_on) return false;
  const std::size_t taken = taken_by_step_ = receives_.drain(max_batches);
  may_gather_longer_ = taken <= kTrickle && sockets.consumers_are_behind();
  if (sockets.has_checks()) [[unlikely]]
    sockets.check(receives_.now_us());
  if (!receives_.may_notify_later(taken)) receives_.notify_consumers();
  receives_.reclaim();
  if (!detaching_.empty()) finish_detaches();
  receives_.record_events();
  wait_.end_step(taken, [this] { return receives_.now_us(); });
  return true;
}

// For sockets that are not read just now, and for the timers of sinks.
std::chrono::microseconds Worker::shorten(std::chrono::microseconds longest_wait) {
  SocketTable& sockets = receives_.sockets();
  sockets.resume_recovered(receives_.backend());
  if (sockets.has_paused()) longest_wait = std::min(longest_wait, kPausedLook);
  return sockets.until_deadline(receives_.now_us(), longest_wait);
}

// Nothing in it asks for memory that a packet or a command could do without: for that there are
// drops and errors. A step that was left halfway has lost count of buffers, so it is the last.
bool Worker::try_step(std::chrono::microseconds longest_wait, std::size_t max_batches) noexcept {
  RINGPEER_TRY { return step(longest_wait, max_batches); }
  RINGPEER_CATCH(const std::bad_alloc&) {
    failure_ = {ENOMEM, "receiving"};
    return false;
  }
}

// From here on a put wakes the worker, unless it can wait until then.
backend::WaitPolicy Worker::begin_wait(std::chrono::microseconds longest_wait) {
  const std::uint64_t now_us = wait_.is_automatic() ? receives_.now_us() : 0;
  const wait::WaitPlan& plan = wait_.begin(now_us);
  backend::WaitPolicy policy{.sleep = plan.sleep, .budget = gather_longer(plan.budget)};
  policy.idle = longest_wait;
  if (sends_.has_backlog()) policy.idle = std::min(longest_wait, SendHalf::kBacklogWait);
  if (receives_.sockets().has_to_notify()) policy.idle = std::min(policy.idle, plan.budget);
  std::uint64_t until_us = SendNotice::kUntilWoken;
  if (wait_.is_automatic()) {
    if (const auto end = sends_.next_look(plan, wait_.usual_gap_us(now_us), now_us)) {
      policy.idle = std::min(policy.idle, *end);
      until_us = now_us + static_cast<std::uint64_t>(policy.idle.count());
    }
  }
  policy.sleep = std::min(policy.sleep, policy.idle);
  const bool is_waited_for = sends_.has_flushes() || !detaching_.empty();
  policy.poll = sends_.begin_sleep(until_us) || (is_waited_for && !sends_.has_backlog());
  return policy;
}

std::chrono::microseconds Worker::gather_longer(std::chrono::microseconds budget) const {
  if (!may_gather_longer_) return budget;
  return std::max(budget, std::min(budget * kBudgetsWhenBehind, kMaxWhenBehind));
}

void Worker::maintain() {
  maintenance_requested_.store(false, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_acq_rel);
  receives_.sockets().maintain();
}

std::size_t Worker::pump(std::chrono::milliseconds longest_wait) {
  if (fork_generation_.is_outdated()) return 0;
  std::size_t taken = pump_once(longest_wait, kMaxBatchesPerPump);
  // Who goes by the number must not believe that nothing is left.
  for (int again = 0; again < kMaxEarlyStops && taken < backend::kBatchSize; ++again) {
    if (!receives_.stopped_early() || !commands_.is_open()) return taken;
    taken += pump_once(kNoWait, kMaxBatchesPerPump);
  }
  return receives_.stopped_early() ? taken + pump_overflow() : taken;
}

std::size_t Worker::pump_once(std::chrono::microseconds longest_wait, std::size_t max_batches) {
  taken_by_step_ = 0;
  if (!follow_thread()) return 0;
  if (commands_.is_open() && !try_step(longest_wait, max_batches)) shut_down();
  return taken_by_step_;
}

// The next call may come from another thread, which ends the ring, and with it what the kernel
// keeps for want of room. Most times there is none.
std::size_t Worker::pump_overflow() {
  std::size_t taken = 0;
  for (int i = 0; i < kMaxOverflows && commands_.is_open() && receives_.backend().has_overflowed();
       ++i)
    taken += pump_once(kNoWait, kMaxBatchesPerPump);
  return taken;
}

// ---- Without a thread: the application's threads, one after another.

// False when there is no memory for it: nothing is received until a later call finds some.
bool Worker::follow_thread() noexcept {
  if (options_.has_thread || !commands_.is_open()) return true;
  const std::uint64_t here = number_of_this_thread();
  if (thread_number_ != here) [[unlikely]]
    thread_number_ = change_thread() ? here : 0;
  return thread_number_ != 0;
}

// The engine may have been made by one thread for another: an io_uring without sockets is made
// again.
bool Worker::change_thread() noexcept {
  if (!receives_.backend().is_bound_to_thread()) return true;
  RINGPEER_TRY {
    if ((receives_.sockets().was_used() || !receives_.make_uring_again()) &&
        receives_.leave_uring(&failure_)) {
      tell(receives_.has_lost_with_ring()
               ? "another thread uses the engine now, in a flood: recvmmsg takes the place of "
                 "io_uring, and datagrams are lost that its ring had no room for"
               : "another thread uses the engine now: recvmmsg takes the place of io_uring",
           {});
    }
  }
  RINGPEER_CATCH(const std::bad_alloc&) { failure_.error = ENOMEM; }
  if (failure_.error == ENOMEM) {
    failure_.error = 0;
    return false;
  }
  if (failure_.error != 0) shut_down();
  return true;
}

// ---- The end.

bool Worker::has_all_buffers() {
  receives_.reclaim();
  return failure_.error != 0 || receives_.is_whole();
}

// Before anybody finds out by a call that fails, or that asks.
void Worker::tell_of_failure() {
  if (failure_.error == 0 || has_failed()) return;
  tell("has ended", failure_);
  failed_.store(true, std::memory_order_release);
}

// The application's function; no packet is worth an end of the process.
void Worker::tell(std::string_view message, const backend::BackendFailure& failure) const noexcept {
  if (!options_.log) return;
  RINGPEER_TRY {
    std::string text = "worker " + std::to_string(options_.index) + ": ";
    text += message;
    if (failure.error != 0) {
      text += ": " + failure.what + ": " + std::generic_category().message(failure.error);
    }
    options_.log(text);
  }
  RINGPEER_CATCH(...) {}
}

void Worker::shut_down() {
  tell_of_failure();
  sends_.send_the_rest();
  receives_.detach_all(&failure_);
  tell_of_failure();
  receives_.sockets().stop_all();
  receives_.record_events();
  CommandList left = commands_.close();
  while (Command* command = detaching_.pop()) commands_.finish(command, 0);
  sends_.end_flushes(ESHUTDOWN);
  while (Command* command = left.pop()) {
    commands_.finish(command, command->kind == CommandKind::kDetach ? 0 : ESHUTDOWN);
  }
}

void Worker::begin_stop() {
  sends_.refuse();
  if (!options_.has_thread || fork_generation_.is_outdated()) return;
  stopping_.store(true, std::memory_order_release);
  receives_.wake();
}

void Worker::stop() {
  if (fork_generation_.is_outdated()) {  // the thread is the parent's
    thread_.abandon();
    return;
  }
  if (!options_.has_thread) {
    if (receives_.sockets().was_used()) follow_thread();
    if (commands_.is_open()) shut_down();
    return;
  }
  if (thread_.is_current()) {  // the application's log function ends the process
    begin_stop();
    sends_.send_the_rest();
    return;
  }
  thread_.end([this] { begin_stop(); });
}

}  // namespace ringpeer::worker
