#include "ringpeer/engine/worker/worker.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace ringpeer::worker {
namespace {

// The longest wait of an idle worker: short enough to notice what needs no wake-up,
// long enough to cost nothing.
constexpr std::chrono::milliseconds kIdleWait{500};

constexpr std::chrono::milliseconds kNoWait{0};

// Until a queue that could take no more is looked at again: a quarter of a 60 Hz frame.
constexpr std::chrono::microseconds kPausedLook = std::chrono::milliseconds(4);

// Until a full socket buffer is tried again.
constexpr std::chrono::milliseconds kBacklogWait{1};

// Datagrams a step takes before it looks at returned buffers and commands again.
constexpr std::size_t kMaxBatchesPerStep = 64;
constexpr std::size_t kMaxBatchesPerPump = 4;
// How often a pump may ask again: for what is left of a full completion ring, for the completion
// that had no room in it, and for what the receive brings that this one ended.
constexpr int kMaxEarlyStops = 3;

// Batches after which consumers are woken although there are more: a consumer on another
// CPU begins meanwhile. 10 us of the worker's time, and 150 us where it reads the
// socket itself.
constexpr std::size_t kBatchesPerNotify = 4;

// Fewer datagrams than this, right after others, are no reason to wake a consumer again:
// what came while it was at work. They may wait for the next, one latency budget at most.
constexpr std::size_t kFewDatagrams = 64;

// For consumers that are far behind, a worker that shares their CPU takes it less often, as
// long as so few datagrams come in a latency budget that in several of them no socket buffer
// fills: the default one holds 256.
constexpr std::size_t kTrickle = 16;
constexpr int kBudgetsWhenBehind = 4;
constexpr std::chrono::microseconds kMaxWhenBehind{1000};

// A sync ends when a pass finds nothing; under a flood after this many passes.
constexpr int kMaxSyncPasses = 256;

// The kernel ends a cancelled receive within microseconds. A call that waits for it must come
// back all the same where it does not.
constexpr std::chrono::seconds kDetachPatience{1};

// Sleeps of the latency budget are to be precise (the default slack is 50 us).
constexpr unsigned long kTimerSlackNs = 1000;

// No other thread of the process ever has the same, as a pthread_t or the kernel's number may.
std::uint64_t number_of_this_thread() {
  static std::atomic<std::uint64_t> last{0};
  // Known without a guard: every look of an engine without threads asks.
  constinit thread_local std::uint64_t number = 0;
  if (number == 0) [[unlikely]]
    number = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return number;
}

// The worker whose thread this is.
constinit thread_local const Worker* worker_of_thread = nullptr;

}  // namespace

Worker::Worker(const WorkerOptions& options)
    : options_(options),
      slabs_(options.payload_budget, &home_),
      send_batch_(send_queue_, counters_, options.use_send_trains),
      sinks_(backend::kMaxSockets),
      descriptors_(backend::kMaxSockets, -1),
      is_to_be_notified_(backend::kMaxSockets) {
  // All that the loop needs room for: it does not allocate.
  free_slots_.reserve(backend::kMaxSockets);
  to_be_notified_.reserve(backend::kMaxSockets);
  error_checked_.reserve(backend::kMaxSockets);
  paused_.reserve(backend::kMaxSockets);
  for (std::size_t i = backend::kMaxSockets; i-- > 0;) {
    free_slots_.push_back(static_cast<backend::SocketSlot>(i));
  }
}

Worker::~Worker() {
  stop();
  // Its own thread ends the process, and never comes back.
  if (thread_.joinable()) thread_.detach();
}

std::unique_ptr<Worker> Worker::create(const WorkerOptions& options,
                                       backend::BackendFailure* failure) {
  std::unique_ptr<Worker> worker(new Worker(options));
  worker->backend_ = options.use_uring
                         ? make_uring_backend(options.backend, &worker->home_, failure)
                         : make_mmsg_backend(options.backend, &worker->home_, failure);
  if (worker->backend_ == nullptr || !worker->start(failure)) return nullptr;
  return worker;
}

bool Worker::start(backend::BackendFailure* failure) {
  *failure = {};
  return options_.has_thread ? start_thread(failure) : start_inline(failure);
}

bool Worker::start_inline(backend::BackendFailure* failure) {
  thread_number_ = number_of_this_thread();
  running_ = start_backend(failure);
  return running_;
}

bool Worker::start_backend(backend::BackendFailure* failure) {
  try {
    if (backend_->start(failure)) {
      features_ = backend_->features();
      return true;
    }
    failure->what.insert(0, "start of the backend: ");
  } catch (const std::bad_alloc&) {  // on a thread, where nobody else would catch it
    *failure = {ENOMEM, "tables"};
  }
  return false;
}

bool Worker::start_thread(backend::BackendFailure* failure) {
  // The application's signals are the application's: the worker starts with all of
  // them blocked.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int thread_error = 0;
  try {
    thread_ = std::thread([this, failure] { thread_main(failure); });
  } catch (const std::system_error& error) {
    thread_error = error.code().value();
  } catch (const std::bad_alloc&) {
    thread_error = ENOMEM;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (thread_error != 0) {
    *failure = {thread_error, "start of a thread"};
    return false;
  }
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return has_tried_to_start_; });
  if (running_) return true;
  lock.unlock();
  thread_.join();
  return false;
}

void Worker::prepare_thread() const {
  const std::string name = "ringpeer-" + std::to_string(options_.index);
  pthread_setname_np(pthread_self(), name.c_str());
  prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
  if (options_.cpu >= 0 && options_.cpu < CPU_SETSIZE) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(options_.cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
  }
}

void Worker::thread_main(backend::BackendFailure* failure) {
  worker_of_thread = this;
  prepare_thread();
  const bool good = start_backend(failure);
  {
    const std::lock_guard lock(mutex_);
    running_ = good;
    has_tried_to_start_ = true;
    done_.notify_all();
  }
  if (!good) return;
  while (!stopping_.load(std::memory_order_acquire) && try_step(kIdleWait, kMaxBatchesPerStep)) {
  }
  shut_down();
}

std::uint64_t Worker::now_us() const {
  using std::chrono::microseconds;
  const auto since = std::chrono::steady_clock::now() - options_.epoch;
  return static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(since).count());
}

// ---- Commands from other threads. Rare, so a mutex is good enough; never on a
// packet's path.

void Worker::CommandList::push(Command* command) {
  command->next = nullptr;
  (first_ == nullptr ? first_ : last_->next) = command;
  last_ = command;
}

Worker::Command* Worker::CommandList::pop() {
  Command* const command = first_;
  if (command != nullptr) first_ = command->next;
  return command;
}

void Worker::begin(Command* command) {
  command->result = ESHUTDOWN;
  command->done = true;
  command->begun = SendSocket::Clock::now();
  // In a forked child nobody would answer.
  if (fork_generation_.is_outdated()) return;
  if (!options_.has_thread) {
    const bool can_receive = follow_thread();
    execute_commands();  // what was asked for before
    if (!running_) return;
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
  const std::lock_guard lock(mutex_);
  if (!running_) return false;
  command->done = false;
  commands_.push(command);
  has_commands_.store(true, std::memory_order_release);
  if (options_.has_thread) backend_->wake();
  return true;
}

int Worker::wait_for(Command* command) {
  if (fork_generation_.is_outdated()) return ESHUTDOWN;
  if (!options_.has_thread) {
    while (!command->done && running_) pump_once(kNoWait, kMaxBatchesPerStep);
    return command->result;
  }
  std::unique_lock lock(mutex_);
  done_.wait(lock, [command] { return command->done; });
  return command->result;
}

void Worker::finish(Command* command, int result) {
  if (result != 0 && !command->has_waiter) command->sink->on_worker_stopped();
  const std::lock_guard lock(mutex_);
  command->result = result;
  command->done = true;
  done_.notify_all();
}

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

void Worker::execute_commands() {
  if (!has_commands_.load(std::memory_order_acquire)) return;
  CommandList commands;
  {
    const std::lock_guard lock(mutex_);
    commands = std::exchange(commands_, {});
    has_commands_.store(false, std::memory_order_relaxed);
  }
  while (Command* command = commands.pop()) execute(command);
}

void Worker::execute(Command* command) {
  switch (command->kind) {
    case CommandKind::kAttach:
      finish(command, attach_now(command));
      return;
    case CommandKind::kFlush:
      wait_for_sends(command);
      flushing_.push(command);
      finish_flushes();
      return;
    case CommandKind::kDetach:
      // What was put before the close goes out before it.
      wait_for_sends(command);
      if (command->slot != kNoSlot && sinks_[command->slot] != nullptr) {
        backend_->begin_detach(command->slot);
      }
      command->patience_ends = std::chrono::steady_clock::now() + kDetachPatience;
      detaching_.push(command);
      finish_detaches();
      return;
    case CommandKind::kSync:
      resume_recovered();
      for (int pass = 0; pass < kMaxSyncPasses; ++pass) {
        if (!backend_->wait({.poll = true, .every_socket = true}, &failure_)) break;
        if (drain(kMaxBatchesPerStep) == 0) break;
        reclaim();
      }
      notify_consumers();
      finish(command, failure_.error);
      return;
  }
}

// Before the command is asked for: nobody learns later that there was none.
int Worker::take_slot(Command* command) {
  if (fork_generation_.is_outdated()) return ESHUTDOWN;
  const std::lock_guard lock(mutex_);
  if (free_slots_.empty()) return ENOSPC;  // not EMFILE: the process may have more sockets
  command->slot = free_slots_.back();
  free_slots_.pop_back();
  return 0;
}

void Worker::give_back(backend::SocketSlot slot) {
  if (fork_generation_.is_outdated()) return;
  const std::lock_guard lock(mutex_);
  free_slots_.push_back(slot);
}

int Worker::attach_now(Command* command) {
  const backend::SocketSlot slot = command->slot;
  const bool control = command->sink->wants_control();
  if (const int error = backend_->attach(slot, command->descriptor, control); error != 0) {
    return error;
  }
  if (command->sink->wants_error_checks()) error_checked_.push_back(command->sink);
  sinks_[slot] = command->sink;
  descriptors_[slot] = command->descriptor;
  has_attached_ = true;
  return 0;
}

void Worker::finish_detaches() {
  CommandList left;
  while (Command* command = detaching_.pop()) {
    const backend::SocketSlot slot = command->slot;
    look_at_sends(command);
    if (command->sends_are_over && slot == kNoSlot) {
      finish(command, 0);
    } else if (command->sends_are_over && backend_->is_detached(slot)) {
      forget_socket(slot);
      give_back(slot);
      finish(command, 0);
    } else if (std::chrono::steady_clock::now() > command->patience_ends) {
      forget_socket(slot);  // and the slot with it
      tell("the kernel does not let go of a closed socket, nor of its port", {});
      finish(command, ETIMEDOUT);
    } else {
      left.push(command);
    }
  }
  detaching_ = left;
}

void Worker::forget_socket(backend::SocketSlot slot) {
  std::erase(error_checked_, sinks_[slot]);
  std::erase(paused_, slot);
  std::erase(to_be_notified_, slot);
  is_to_be_notified_[slot] = false;
  sinks_[slot] = nullptr;
}

// The application's function; no packet is worth an end of the process.
void Worker::tell(std::string_view message, const backend::BackendFailure& failure) const noexcept {
  if (!options_.log) return;
  try {
    std::string text = "worker " + std::to_string(options_.index) + ": ";
    text += message;
    if (failure.error != 0) {
      text += ": " + failure.what + ": " + std::generic_category().message(failure.error);
    }
    options_.log(text);
  } catch (...) {
  }
}

// ---- Sending.

int Worker::send(std::span<const std::uint8_t> payload, const SendTarget& target) {
  const int error = send_queue_.push(payload, target);
  notice_sends();
  return error;
}

int Worker::send_to_all(std::span<const std::uint8_t> payload,
                        std::span<const SendTarget> targets) {
  const int error = send_queue_.push_to_all(payload, targets);
  notice_sends();
  return error;
}

CounterSnapshot Worker::snapshot() const {
  CounterSnapshot sum = counters_.snapshot();
  // What the worker has not looked at yet was requested all the same.
  sum.values[static_cast<std::size_t>(Counter::kSendRequestedPackets)] += send_queue_.size();
  return sum;
}

// Wakes the worker once for all packets until it has looked at them.
void Worker::notice_sends() {
  if (send_queue_.needs_notice() && sleeping_.load(std::memory_order_seq_cst)) backend_->wake();
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

void Worker::wait_for_sends(Command* command) { command->mark = send_batch_.mark(); }

void Worker::finish_flushes() {
  if (flushing_.empty()) return;
  send_batch_.update_marks();
  CommandList left;
  while (Command* command = flushing_.pop()) {
    const bool is_sent = send_batch_.is_sent(command->mark);
    const auto now = SendSocket::Clock::now();
    if (!is_sent && (now - command->begun < kMaxStall ||
                     !send_batch_.is_stuck(command->mark, now, kMaxStall))) {
      left.push(command);
    } else {
      finish(command, is_sent ? 0 : EAGAIN);
    }
  }
  flushing_ = left;
}

// Of a socket that is to be closed.
void Worker::look_at_sends(Command* command) {
  if (command->sends_are_over) return;
  if (command->sends != nullptr) {
    send_batch_.update_marks();
    if (!send_batch_.is_sent(command->mark, *command->sends)) {
      const auto now = SendSocket::Clock::now();
      const auto waited = now - command->begun;
      const bool stuck = waited >= kMaxStall && command->sends->progress().is_stuck(now, kMaxStall);
      if (waited < kMaxClose && !stuck) return;
      send_batch_.give_up(*command->sends, command->mark);
    }
  }
  command->sends_are_over = true;
}

// At the end, when nothing more is put.
void Worker::send_the_rest() {
  send_queue_.refuse();
  const auto begun = SendSocket::Clock::now();
  const std::uint64_t mark = send_batch_.mark();
  for (;;) {
    const bool has_more = send_batch_.drain();
    send_batch_.update_marks();
    const auto now = SendSocket::Clock::now();
    if (send_batch_.is_sent(mark) || now - begun >= kMaxClose) break;
    if (now - begun >= kMaxStall && send_batch_.is_stuck(mark, now, kMaxStall)) break;
    if (!has_more) std::this_thread::sleep_for(kBacklogWait);
  }
  finish_flushes();
  send_batch_.give_up_all();
}

// ---- The loop.

// Nothing in it asks for memory that a packet or a command could do without: for that there are
// drops and errors. A step that was left halfway has lost count of buffers, so it is the last.
bool Worker::try_step(std::chrono::microseconds longest_wait, std::size_t max_batches) noexcept {
  try {
    return step(longest_wait, max_batches);
  } catch (const std::bad_alloc&) {
    failure_ = {ENOMEM, "receiving"};
    return false;
  }
}

bool Worker::step(std::chrono::microseconds longest_wait, std::size_t max_batches) {
  execute_commands();
  if (maintenance_requested_.load(std::memory_order_relaxed)) maintain();
  send_what_was_noticed();
  sleeping_.store(true, std::memory_order_seq_cst);
  const bool poll = longest_wait == kNoWait || has_more_to_send_ || send_queue_.has_notice() ||
                    (is_waited_for() && !send_batch_.has_waiting());
  if (!paused_.empty()) [[unlikely]] {
    resume_recovered();
    if (!paused_.empty()) longest_wait = std::min(longest_wait, kPausedLook);
  }
  if (!to_be_notified_.empty()) longest_wait = std::min(longest_wait, options_.latency_budget);
  const bool can_go_on =
      backend_->wait({.budget = next_budget(),
                      .idle = send_batch_.has_waiting() ? kBacklogWait : longest_wait,
                      .poll = poll},
                     &failure_);
  sleeping_.store(false, std::memory_order_relaxed);
  if (!can_go_on) return false;
  const std::size_t taken = taken_by_step_ = drain(max_batches);
  may_gather_longer_ = taken <= kTrickle && consumers_are_behind();
  if (!may_notify_later(taken)) notify_consumers();
  reclaim();
  if (!detaching_.empty()) finish_detaches();
  if (!error_checked_.empty()) {
    const std::uint64_t now = now_us();
    for (DatagramSink* sink : error_checked_) sink->check_errors(now);
  }
  record_backend_events();
  return true;
}

std::chrono::microseconds Worker::next_budget() const {
  const auto budget = options_.latency_budget;
  if (!may_gather_longer_) return budget;
  return std::max(budget, std::min(budget * kBudgetsWhenBehind, kMaxWhenBehind));
}

// Nothing is in the queue that was not noticed, or will be when its sender gets so far.
void Worker::send_what_was_noticed() {
  if (!has_more_to_send_ && !send_batch_.has_waiting() && !send_queue_.has_notice() &&
      !is_waited_for()) {
    return;
  }
  send_queue_.take_notice();
  has_more_to_send_ = send_batch_.drain();
  finish_flushes();
}

std::size_t Worker::pump(std::chrono::milliseconds longest_wait) {
  if (fork_generation_.is_outdated()) return 0;
  std::size_t taken = pump_once(longest_wait, kMaxBatchesPerPump);
  // Who goes by the number must not believe that nothing is left.
  for (int again = 0; again < kMaxEarlyStops && taken < backend::kBatchSize; ++again) {
    if (!seen_events_.stopped_early || !running_) break;
    taken += pump_once(kNoWait, kMaxBatchesPerPump);
  }
  return taken;
}

std::size_t Worker::pump_once(std::chrono::microseconds longest_wait, std::size_t max_batches) {
  taken_by_step_ = 0;
  if (!follow_thread()) return 0;
  if (running_ && !try_step(longest_wait, max_batches)) shut_down();
  return taken_by_step_;
}

std::size_t Worker::drain(std::size_t max_batches) {
  std::size_t total = 0;
  for (std::size_t pass = 0; pass < max_batches; ++pass) {
    const backend::Received received = backend_->receive(batch_);
    if (received.count == 0) break;
    total += received.count;
    // What came back meanwhile decides whether this batch is lent, copied or dropped.
    reclaim();
    looked_at_us_ = now_us();
    Delivery delivery(counters_, slabs_, looked_at_us_, backend_->has_buffers_to_lend());
    const std::span batch(batch_.data(), received.count);
    if (received.is_plain) [[likely]] {
      hand_over({batch, received.count, received.bytes}, delivery);
    } else {
      sort(batch, delivery);
    }
    if (!received.may_be_more) break;
    if ((pass + 1) % kBatchesPerNotify == 0) notify_consumers();
  }
  return total;
}

void Worker::publish(backend::SocketSlot slot) {
  sinks_[slot]->publish();
  if (!std::exchange(is_to_be_notified_[slot], 1)) to_be_notified_.push_back(slot);
}

bool Worker::may_notify_later(std::size_t taken) const {
  return options_.has_thread && taken > 0 && taken < kFewDatagrams &&
         looked_at_us_ - notified_at_us_ <
             static_cast<std::uint64_t>(options_.latency_budget.count());
}

// Those that something came for.
bool Worker::consumers_are_behind() const {
  return !to_be_notified_.empty() &&
         std::all_of(to_be_notified_.begin(), to_be_notified_.end(),
                     [this](backend::SocketSlot slot) { return sinks_[slot]->is_behind(); });
}

void Worker::notify_consumers() {
  if (to_be_notified_.empty()) return;
  for (const backend::SocketSlot slot : to_be_notified_) {
    sinks_[slot]->notify();
    is_to_be_notified_[slot] = false;
  }
  to_be_notified_.clear();
  notified_at_us_ = looked_at_us_;
}

// The datagrams at the beginning of a batch that are of one socket and without fault. From here
// on each of their packets holds the buffer for itself.
DatagramRun Worker::first_run(std::span<const backend::Datagram> batch) {
  DatagramRun run;
  const backend::SocketSlot slot = batch[0].slot;
  std::size_t length = 0;
  std::uint64_t trains_surplus = 0;
  for (; length < batch.size(); ++length) {
    const backend::Datagram& datagram = batch[length];
    if (datagram.slot != slot || datagram.fault != backend::DatagramFault::kNone) break;
    run.bytes += datagram.packet.size;
    if ((datagram.packet.segment_size | datagram.tail_size) != 0) [[unlikely]] {
      const std::uint32_t others = datagram.packet.packet_count() - 1;
      if (others > 0) datagram.packet.buffer->add_references(others);  // one for each packet
      trains_surplus += others;
      run.has_tails = run.has_tails || datagram.tail_size != 0;
    }
  }
  run.datagrams = batch.first(length);
  run.packets = length + trains_surplus;
  return run;
}

// Hands runs of datagrams of one socket to its sink.
void Worker::sort(std::span<const backend::Datagram> batch, Delivery& delivery) {
  while (!batch.empty()) {
    const DatagramRun run = first_run(batch);
    if (run.datagrams.empty()) {
      count_fault(batch.front(), delivery);
      batch = batch.subspan(1);
      continue;
    }
    batch = batch.subspan(run.datagrams.size());
    hand_over(run, delivery);
  }
}

// Counted first: nobody finds more packets delivered than received.
void Worker::hand_over(const DatagramRun& run, Delivery& delivery) {
  counters_.add(Counter::kReceivedPackets, run.packets);
  counters_.add(Counter::kReceivedBytes, run.bytes);
  const backend::SocketSlot slot = run.datagrams.front().slot;
  DatagramSink* const sink = sinks_[slot];
  if (sink != nullptr) [[likely]] {
    sink->deliver(run, delivery);
    publish(slot);
    if (delivery.take_overrun()) [[unlikely]]
      pause(slot);
  } else {
    for (const backend::Datagram& datagram : run.datagrams) {
      delivery.drop(datagram, Counter::kDropClosed);
    }
  }
}

void Worker::count_fault(const backend::Datagram& datagram, Delivery& delivery) {
  using backend::DatagramFault;
  if (datagram.fault == DatagramFault::kSocketError) {
    if (DatagramSink* sink = sinks_[datagram.slot]) {
      sink->on_socket_error(datagram.error, delivery.now_us());
    }
    return;
  }
  counters_.add(Counter::kReceivedPackets, 1);
  delivery.drop_faulty(datagram, datagram.fault == DatagramFault::kTruncated
                                     ? Counter::kDropTruncated
                                     : Counter::kDropMalformed);
}

// ---- Queues that could take no more for a while.

void Worker::pause(backend::SocketSlot slot) {
  backend_->pause(slot);
  if (std::find(paused_.begin(), paused_.end(), slot) == paused_.end()) paused_.push_back(slot);
}

void Worker::resume_recovered() {
  std::erase_if(paused_, [this](backend::SocketSlot slot) {
    DatagramSink* const sink = sinks_[slot];
    if (sink != nullptr && !sink->has_recovered()) return false;
    if (sink != nullptr) backend_->resume(slot);
    return true;
  });
}

void Worker::maintain() {
  maintenance_requested_.store(false, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_acq_rel);
  for (DatagramSink* sink : sinks_) {
    if (sink != nullptr) sink->maintain();
  }
}

void Worker::reclaim() {
  packet::PacketBuffer* buffer = home_.take_all();
  while (buffer != nullptr) {
    packet::PacketBuffer* next = buffer->next;
    if (buffer->kind == packet::BufferKind::kKernel) {
      // What was lent by one that is not used any more need not come back.
      if (former_backend_ == nullptr || backend_->owns(buffer)) backend_->recycle(buffer);
    } else {
      slabs_.free(buffer);
    }
    buffer = next;
  }
}

void Worker::record_backend_events() {
  const backend::BackendEvents& events = backend_->events();
  counters_.add(Counter::kWakeups, events.wakeups - seen_events_.wakeups);
  counters_.add(Counter::kBufferStarved, events.starved - seen_events_.starved);
  counters_.add(Counter::kRearms, events.rearms - seen_events_.rearms);
  seen_events_ = events;
}

// ---- Without a thread: the application's threads, one after another.

// False when there is no memory for it: nothing is received until a later call finds some.
bool Worker::follow_thread() noexcept {
  if (options_.has_thread || !running_) return true;
  const std::uint64_t here = number_of_this_thread();
  if (thread_number_ != here) [[unlikely]]
    thread_number_ = change_thread() ? here : 0;
  return thread_number_ != 0;
}

bool Worker::change_thread() noexcept {
  if (!backend_->is_bound_to_thread()) return true;
  try {
    if (has_attached_ || !bind_ring_to_this_thread()) leave_uring();
  } catch (const std::bad_alloc&) {
    failure_.error = ENOMEM;
  }
  if (failure_.error == ENOMEM) {
    failure_.error = 0;
    return false;
  }
  if (failure_.error != 0) shut_down();
  return true;
}

// The engine was made by one thread for another.
bool Worker::bind_ring_to_this_thread() {
  backend::BackendFailure failure;
  auto fresh = make_uring_backend(options_.backend, &home_, &failure);
  if (fresh == nullptr || !fresh->start(&failure)) return false;
  backend_ = std::move(fresh);
  seen_events_ = {};
  return true;
}

// Nothing is lost: completions are memory, which any thread may read, and what the kernel has not
// completed is still in the sockets, also while there is no memory for what takes the ring's place.
void Worker::leave_uring() {
  if (!std::exchange(is_ring_closed_, true)) {
    drain(kMaxBatchesPerStep);
    notify_consumers();
    record_backend_events();
    backend_->give_up();
  }
  auto next = make_mmsg_backend(options_.backend, &home_, &failure_);
  if (next == nullptr || !next->start(&failure_)) return;
  for (std::size_t slot = 0; slot < sinks_.size(); ++slot) {
    DatagramSink* const sink = sinks_[slot];
    if (sink == nullptr) continue;
    const int error = next->attach(static_cast<backend::SocketSlot>(slot), descriptors_[slot],
                                   sink->wants_control());
    if (error == 0) continue;
    failure_ = {error, "epoll"};
    return;
  }
  former_backend_ = std::exchange(backend_, std::move(next));
  seen_events_ = {};
  paused_.clear();
  has_left_uring_.store(true, std::memory_order_release);
  tell("another thread uses the engine now: recvmmsg takes the place of io_uring", {});
}

// ---- The end.

// Before anybody finds out by a call that fails, or that asks.
void Worker::tell_of_failure() {
  if (failure_.error == 0 || has_failed()) return;
  tell("has ended", failure_);
  failed_.store(true, std::memory_order_release);
}

void Worker::shut_down() {
  tell_of_failure();
  send_the_rest();
  detach_all();
  tell_of_failure();
  error_checked_.clear();
  for (DatagramSink*& sink : sinks_) {
    if (sink != nullptr) std::exchange(sink, nullptr)->on_worker_stopped();
  }
  record_backend_events();
  CommandList left;
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
    left = std::exchange(commands_, {});
  }
  while (Command* command = detaching_.pop()) finish(command, 0);
  while (Command* command = flushing_.pop()) finish(command, ESHUTDOWN);
  while (Command* command = left.pop()) {
    finish(command, command->kind == CommandKind::kDetach ? 0 : ESHUTDOWN);
  }
}

// Takes what the kernel still hands over meanwhile.
void Worker::detach_all() {
  const auto is_attached = [this](std::size_t slot) {
    return sinks_[slot] != nullptr &&
           !backend_->is_detached(static_cast<backend::SocketSlot>(slot));
  };
  for (std::size_t slot = 0; slot < sinks_.size(); ++slot) {
    if (is_attached(slot)) backend_->begin_detach(static_cast<backend::SocketSlot>(slot));
  }
  const auto patience_ends = std::chrono::steady_clock::now() + kDetachPatience;
  for (std::size_t slot = 0; slot < sinks_.size(); ++slot) {
    while (is_attached(slot)) {
      if (failure_.error != 0 || std::chrono::steady_clock::now() > patience_ends ||
          !backend_->wait({.poll = true}, &failure_)) {
        backend_->give_up();
        return;
      }
      drain(kMaxBatchesPerStep);
      reclaim();
    }
  }
}

void Worker::begin_stop() {
  send_queue_.refuse();
  if (!options_.has_thread || fork_generation_.is_outdated()) return;
  stopping_.store(true, std::memory_order_release);
  backend_->wake();
}

void Worker::stop() {
  if (fork_generation_.is_outdated()) {  // the thread is the parent's
    if (thread_.joinable()) thread_.detach();
    return;
  }
  if (!options_.has_thread) {
    if (has_attached_) follow_thread();
    if (running_) shut_down();
    return;
  }
  if (worker_of_thread == this) {  // the application's log function ends the process
    begin_stop();
    send_the_rest();
    return;
  }
  const std::lock_guard lock(join_mutex_);
  if (!thread_.joinable()) return;
  begin_stop();
  thread_.join();
}

}  // namespace ringpeer::worker
