#include "ringpeer/tests/interleaving/explorer.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <unordered_map>

#include "ringpeer/tests/interleaving/execution_graph.h"
#include "ringpeer/tests/interleaving/fiber.h"
#include "ringpeer/tests/interleaving/memory.h"
#include "ringpeer/tests/interleaving/runtime.h"

namespace ringpeer::interleaving {

class Explorer;

namespace {

// The exploration under way, and whether its own code runs rather than the test's.
Explorer* g_explorer = nullptr;
int g_runtime_depth = 0;

class InRuntime {
 public:
  InRuntime() { ++g_runtime_depth; }
  ~InRuntime() { --g_runtime_depth; }
  InRuntime(const InRuntime&) = delete;
  InRuntime& operator=(const InRuntime&) = delete;
};

bool is_in_test() { return g_explorer != nullptr && g_runtime_depth == 0; }

// Atomic operations and fences of one thread: more, and its loops wait without await().
constexpr Stamp kMaxEventsOfThread = 1000;

// What the kernel knows of a futex word, and an eventfd, are objects at no address of the test.
constexpr std::uint64_t kFutexQueue = std::uint64_t{1} << 63;
constexpr std::uint64_t kEventDescriptor = std::uint64_t{1} << 62;
constexpr std::uint64_t kFutexWake = std::uint64_t{1} << 32;  // its value counts wake-ups above

std::uint64_t modified(Modification modification, std::uint64_t value, std::uint64_t operand) {
  switch (modification) {
    case Modification::kExchange:
      return operand;
    case Modification::kAdd:
      return value + operand;
    case Modification::kSubtract:
      return value - operand;
    case Modification::kAnd:
      return value & operand;
    case Modification::kOr:
      return value | operand;
    case Modification::kXor:
      return value ^ operand;
  }
  return value;
}

std::uint64_t in_size(std::uint64_t value, std::size_t size) {
  return size == sizeof(value) ? value : value & ((std::uint64_t{1} << (8 * size)) - 1);
}

std::uint64_t value_in_memory(AtomicObject object) {
  std::uint64_t value = 0;
  std::memcpy(&value, object.place, object.size);
  return value;
}
void set_in_memory(AtomicObject object, std::uint64_t value) {
  std::memcpy(const_cast<void*>(object.place), &value, object.size);
}

}  // namespace

// An operation that a thread wants to execute.
struct Wish {
  enum class Kind : std::uint8_t { kLoad, kStore, kModify, kCompareExchange };

  Kind kind = Kind::kLoad;
  AtomicObject object{};
  int location = -1;
  std::memory_order order = std::memory_order_relaxed;
  std::memory_order failure_order = std::memory_order_relaxed;
  Modification modification = Modification::kExchange;
  std::uint64_t operand = 0;
  std::uint64_t expected = 0;
  bool is_weak = false;
  const std::function<bool(std::uint64_t)>* is_wanted = nullptr;  // of an await
  bool is_kernel = false;
  std::uint64_t kernel_object = 0;  // 0: the object is in memory
  Clock also_visible;
  Site site;
};

class Explorer {
 public:
  Explorer(const std::function<void(Scenario&)>& body, const Options& options)
      : body_(body), options_(options) {}

  Result explore();

  // From the threads.
  Event execute(Wish wish);
  void fence(std::memory_order order, Site site);
  void construct(AtomicObject object, std::uint64_t value);
  void access(const void* place, std::size_t size, Memory::Access kind);
  bool owns(const void* place) const {
    return memory_.contains(reinterpret_cast<std::uintptr_t>(place));
  }
  void futex_sleep(AtomicObject word, std::uint64_t expected, Site site);
  void futex_wake(AtomicObject word, Site site);
  void eventfd_set(int descriptor, std::uint64_t value, Site site);
  void eventfd_await(int descriptor, Site site);
  bool eventfd_is_readable(int descriptor, Site site);
  std::memory_order order_of(Operation operation, std::memory_order order, Site site);
  int choose(int count);
  void record(std::string_view outcome) { outcome_.append(outcome); }
  [[noreturn]] void fail(std::string_view what, Site site);
  [[noreturn]] void give_up() { end_run(Status::kDeadEnd); }
  void* allocate(std::size_t size, std::size_t alignment);
  bool free(void* place);  // false when it is not the test's

 private:
  enum class Status { kRunning, kComplete, kDeadEnd, kFailed };
  enum class State { kReady, kWaiting, kJoining, kDone };
  struct Thread {
    Fiber fiber;
    bool is_prepared = false;
    State state = State::kDone;
    Wish wish;       // while it waits
    int choice = 0;  // what it waited for
    int spurious_failures = 0;
  };
  struct Decision {
    std::uint64_t question;
    std::vector<int> options;
    std::size_t taken = 0;
  };
  // Options of a read: twice the number of the write, and one more for a failure without
  // reason; or that it waits for a write that is not there yet.
  static constexpr int kLater = -1;

  void run();
  void resume(std::size_t index);
  static void enter();
  void run_test();
  void start_threads(Scenario& test);
  void finish_thread();
  void judge_standstill();
  [[noreturn]] void end_run(Status status);
  void yield() { threads_[current_].fiber.suspend(); }
  bool backtrack();

  template <typename MakeOptions>
  int decide(std::uint64_t question, MakeOptions make_options);
  void await_kernel_object(std::uint64_t object, std::memory_order order, Site site,
                           const std::function<bool(std::uint64_t)>& is_wanted);
  void check_room(std::memory_order order, Site site);
  int choose_source(Wish& wish);
  std::vector<int> sources(const Wish& wish);
  void add_if_allowed(const Wish& wish, std::size_t thread, int write, std::vector<int>* options);
  int choose_position(const Wish& wish);
  Event event_of(const Wish& wish, std::size_t thread, int choice) const;
  void offer(int write);
  void record_write(const Event& event);
  bool may_write(std::size_t thread, int location) const;
  bool may_wait(std::size_t thread, const Wish& wish) const;
  std::array<bool, kMaxThreads> find_live(std::size_t waiting, int its_location) const;
  bool is_hopeless(std::size_t waiting, int its_location) const;
  bool is_newest_wanted(const Wish& wish) const;

  Memory::Accessor accessor() const {
    return {current_, graph_.clock(current_), static_cast<Stamp>(graph_.count(current_) + 1)};
  }

  const std::function<void(Scenario&)>& body_;
  const Options& options_;
  Result result_;
  Memory memory_;

  // Of the run.
  Status status_ = Status::kRunning;
  ExecutionGraph graph_;
  std::array<Thread, kMaxThreads> threads_;
  std::size_t thread_count_ = 1;
  std::size_t current_ = 0;
  std::function<void()>* bodies_ = nullptr;
  std::string outcome_;
  std::string failure_;

  struct SeenUse {
    const char* file;
    int line;
    Operation operation;
    std::memory_order order;
    bool operator==(const SeenUse&) const = default;
  };
  std::vector<SeenUse> seen_uses_;

  // The decisions of the run, as far as it has come; the first ones are those of the run before.
  std::vector<Decision> decisions_;
  std::size_t depth_ = 0;

  // For each location, the number of the last event of each thread that may write to it, as far
  // as any run has shown.
  std::unordered_map<std::uint64_t, std::array<Stamp, kMaxThreads>> last_writes_;
  bool has_new_writes_ = false;
};

// ---- All runs.

Result Explorer::explore() {
  g_explorer = this;
  ++g_runtime_depth;
  // Which threads may write where is found out on the way. Only with all of it known from the
  // start does a pass reach everything.
  do {
    has_new_writes_ = false;
    decisions_.clear();
    result_.executions = result_.dead_ends = 0;
    result_.outcomes.clear();
    do {
      run();
      if (status_ == Status::kComplete) {
        ++result_.executions;
        if (!outcome_.empty()) ++result_.outcomes[outcome_];
      } else if (status_ == Status::kDeadEnd) {
        ++result_.dead_ends;
      }
    } while (status_ != Status::kFailed &&
             result_.executions + result_.dead_ends < options_.max_executions && backtrack());
    result_.is_complete = status_ != Status::kFailed && decisions_.empty();
  } while (has_new_writes_ && result_.is_complete);
  result_.failure = failure_;
  for (const SeenUse& use : seen_uses_) {
    result_.uses.push_back({use.file, use.line, use.operation, use.order});
  }
  --g_runtime_depth;
  g_explorer = nullptr;
  return std::move(result_);
}

bool Explorer::backtrack() {
  while (!decisions_.empty()) {
    Decision& last = decisions_.back();
    if (++last.taken < last.options.size()) return true;
    decisions_.pop_back();
  }
  return false;
}

// ---- One run.

void Explorer::run() {
  memory_.clear();
  graph_.clear();
  outcome_.clear();
  status_ = Status::kRunning;
  depth_ = 0;
  thread_count_ = 1;
  threads_[0].state = State::kReady;
  threads_[0].is_prepared = false;
  threads_[0].spurious_failures = 0;
  // Always the first thread that can go on: so each execution is met in one order only.
  while (status_ == Status::kRunning) {
    const auto ready =
        std::find_if(threads_.begin(), threads_.begin() + thread_count_,
                     [](const Thread& thread) { return thread.state == State::kReady; });
    if (ready == threads_.begin() + thread_count_) {
      judge_standstill();
    } else {
      resume(static_cast<std::size_t>(ready - threads_.begin()));
    }
  }
}

void Explorer::resume(std::size_t index) {
  Thread& thread = threads_[index];
  current_ = index;
  if (!thread.is_prepared) {
    thread.fiber.prepare(memory_.stack(index), &Explorer::enter);
    thread.is_prepared = true;
  }
  thread.fiber.resume();
}

void Explorer::enter() {
  Explorer& explorer = *g_explorer;
  explorer.threads_[explorer.current_].fiber.begin();
  if (explorer.current_ == 0) {
    explorer.run_test();
  } else {
    std::function<void()>& body = explorer.bodies_[explorer.current_ - 1];
    g_runtime_depth = 0;
    body();
    g_runtime_depth = 1;
    explorer.finish_thread();
  }
  for (;;) explorer.yield();
}

void Explorer::run_test() {
  g_runtime_depth = 0;
  {
    Scenario test;
    body_(test);
    g_runtime_depth = 1;
    start_threads(test);
    g_runtime_depth = 0;
    if (test.end_) test.end_();
  }
  g_runtime_depth = 1;
  if (memory_.allocated_blocks() > 0) fail("leak: not everything allocated is freed", {});
  status_ = Status::kComplete;
}

void Explorer::start_threads(Scenario& test) {
  thread_count_ = test.thread_count_ + 1;
  bodies_ = test.threads_.data();
  graph_.begin_threads(test.thread_count_);
  for (std::size_t i = 1; i < thread_count_; ++i) {
    threads_[i].state = State::kReady;
    threads_[i].is_prepared = false;
    threads_[i].spurious_failures = 0;
  }
  if (thread_count_ > 1) {
    threads_[0].state = State::kJoining;
    memory_.set_concurrent(true);
    yield();
    memory_.set_concurrent(false);
  }
  graph_.end_threads();
}

void Explorer::finish_thread() {
  threads_[current_].state = State::kDone;
  const bool all_done = std::all_of(threads_.begin() + 1, threads_.begin() + thread_count_,
                                    [](const Thread& t) { return t.state == State::kDone; });
  if (all_done) {
    threads_[0].state = State::kReady;
  } else if (is_hopeless(0, -1)) {
    give_up();
  }
}

// No thread can go on.
void Explorer::judge_standstill() {
  // One that could go on stands for those executions in which it waits for more.
  const bool can_go_on =
      std::any_of(threads_.begin() + 1, threads_.begin() + thread_count_, [&](const Thread& t) {
        return t.state == State::kWaiting &&
               (t.wish.is_wanted == nullptr || is_newest_wanted(t.wish));
      });
  if (can_go_on) {
    status_ = Status::kDeadEnd;
    return;
  }
  failure_ = "deadlock:";
  for (std::size_t i = 1; i < thread_count_; ++i) {
    if (threads_[i].state != State::kWaiting) continue;
    const Wish& wish = threads_[i].wish;
    failure_ += " thread " + std::to_string(i) + " waits for object " +
                std::to_string(wish.location) + " (" + wish.site.file + ":" +
                std::to_string(wish.site.line) + ")";
  }
  failure_ += "\n" + graph_.describe();
  status_ = Status::kFailed;
}

void Explorer::end_run(Status status) {
  status_ = status;
  for (;;) yield();
}

void Explorer::fail(std::string_view what, Site site) {
  failure_.append(what).append(" in thread ").append(std::to_string(current_));
  if (site.line != 0)
    failure_ += std::string(" (") + site.file + ":" + std::to_string(site.line) + ")";
  failure_ += "\n" + graph_.describe();
  end_run(Status::kFailed);
}

// ---- Decisions.

template <typename MakeOptions>
int Explorer::decide(std::uint64_t question, MakeOptions make_options) {
  if (depth_ == decisions_.size()) decisions_.push_back({question, make_options()});
  const Decision& decision = decisions_[depth_];
  if (decision.question != question) {
    std::fputs("explorer: the test does not do the same again with the same values\n", stderr);
    std::abort();
  }
  if (decision.options.empty()) {
    decisions_.pop_back();
    give_up();
  }
  ++depth_;
  return decision.options[decision.taken];
}

int Explorer::choose(int count) {
  return decide(static_cast<std::uint64_t>(count), [count] {
    std::vector<int> options(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) options[static_cast<std::size_t>(i)] = i;
    return options;
  });
}

Event Explorer::event_of(const Wish& wish, std::size_t thread, int choice) const {
  Event event;
  event.thread = static_cast<std::uint8_t>(thread);
  event.order = wish.order;
  event.location = wish.location;
  event.also_visible = wish.also_visible;
  event.is_kernel = wish.is_kernel;
  event.site = wish.site;
  event.source = choice / 2;
  const Event& source = graph_.event(event.source);
  const bool fails = choice % 2 != 0;
  switch (wish.kind) {
    case Wish::Kind::kLoad:
      event.kind = EventKind::kRead;
      return event;
    case Wish::Kind::kCompareExchange:
      if (fails || source.written != wish.expected) {
        event.kind = EventKind::kRead;
        event.order = wish.failure_order;
        return event;
      }
      event.written = wish.operand;
      break;
    default:
      event.written =
          in_size(modified(wish.modification, source.written, wish.operand), wish.object.size);
  }
  event.kind = EventKind::kModify;
  event.position = source.position + 1;
  return event;
}

void Explorer::add_if_allowed(const Wish& wish, std::size_t thread, int write,
                              std::vector<int>* options) {
  const std::uint64_t value = graph_.event(write).written;
  if (wish.is_wanted != nullptr && !(*wish.is_wanted)(value)) return;
  if (graph_.allows(event_of(wish, thread, 2 * write))) options->push_back(2 * write);
  const bool is_alone = thread == 0;  // where a failure shows nothing
  if (wish.is_weak && value == wish.expected && !is_alone &&
      threads_[thread].spurious_failures < options_.spurious_failures &&
      graph_.allows(event_of(wish, thread, 2 * write + 1))) {
    options->push_back(2 * write + 1);
  }
}

std::vector<int> Explorer::sources(const Wish& wish) {
  std::vector<int> options;
  for (const int write : graph_.readable(current_, wish.location, wish.also_visible)) {
    add_if_allowed(wish, current_, write, &options);
  }
  if (may_wait(current_, wish)) options.push_back(kLater);
  return options;
}

int Explorer::choose_source(Wish& wish) {
  const auto question = static_cast<std::uint64_t>(wish.location) << 16 | current_ << 8 | 1;
  const int choice = decide(question, [&] { return sources(wish); });
  if (choice != kLater) return choice;
  Thread& thread = threads_[current_];
  thread.wish = wish;
  thread.state = State::kWaiting;
  yield();
  // What came between may have made it impossible.
  if (!graph_.allows(event_of(wish, current_, thread.choice))) give_up();
  return thread.choice;
}

int Explorer::choose_position(const Wish& wish) {
  const auto question = static_cast<std::uint64_t>(wish.location) << 16 | current_ << 8 | 2;
  return decide(question, [&] {
    std::vector<int> options = graph_.writable(current_, wish.location);
    std::erase_if(options, [&](int position) {
      Event event;
      event.kind = EventKind::kWrite;
      event.thread = static_cast<std::uint8_t>(current_);
      event.order = wish.order;
      event.location = wish.location;
      event.position = position;
      return !graph_.allows(event);
    });
    return options;
  });
}

// Threads that wait for a write here may take this one. Each is asked as if those behind it
// took it: whether somebody is left who waits in vain shows at the end.
void Explorer::offer(int write) {
  const int location = graph_.event(write).location;
  const auto is_asked = [&](const Thread& thread) {
    return thread.state == State::kWaiting && thread.wish.location == location;
  };
  std::array<bool, kMaxThreads> asked{};
  for (std::size_t i = 1; i < thread_count_; ++i) {
    asked[i] = is_asked(threads_[i]);
    if (asked[i]) threads_[i].state = State::kReady;
  }
  bool somebody_waits = false;
  for (std::size_t i = 1; i < thread_count_; ++i) {
    if (!asked[i]) continue;
    Thread& thread = threads_[i];
    const auto question = static_cast<std::uint64_t>(location) << 16 | i << 8 | 3;
    thread.choice = decide(question, [&] {
      std::vector<int> options;
      add_if_allowed(thread.wish, i, write, &options);
      if (may_wait(i, thread.wish)) options.push_back(kLater);
      return options;
    });
    if (thread.choice != kLater) continue;
    thread.state = State::kWaiting;
    somebody_waits = true;
  }
  if (somebody_waits && is_hopeless(0, -1)) give_up();
}

// ---- Who may wait for whom.

void Explorer::record_write(const Event& event) {
  Stamp& last = last_writes_[graph_.address_of(event.location)][event.thread];
  if (event.index <= last) return;
  last = event.index;
  has_new_writes_ = true;
}

bool Explorer::may_write(std::size_t thread, int location) const {
  const auto found = last_writes_.find(graph_.address_of(location));
  return found != last_writes_.end() && found->second[thread] > graph_.count(thread);
}

// The threads that can still do something: those that do not wait, and those that wait for
// what a live one may write. (`waiting` is about to wait; 0: none.)
std::array<bool, kMaxThreads> Explorer::find_live(std::size_t waiting, int its_location) const {
  std::array<bool, kMaxThreads> live{};
  for (std::size_t i = 1; i < thread_count_; ++i) {
    live[i] = i != waiting && threads_[i].state == State::kReady;
  }
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t i = 1; i < thread_count_; ++i) {
      if (live[i] || threads_[i].state == State::kDone) continue;
      const int location = i == waiting ? its_location : threads_[i].wish.location;
      for (std::size_t writer = 1; writer < thread_count_ && !live[i]; ++writer) {
        live[i] = writer != i && live[writer] && may_write(writer, location);
      }
      progress = progress || live[i];
    }
  }
  return live;
}

// Whether a thread waits in vain. One in an await is allowed to.
bool Explorer::is_hopeless(std::size_t waiting, int its_location) const {
  const std::array<bool, kMaxThreads> live = find_live(waiting, its_location);
  for (std::size_t i = 1; i < thread_count_; ++i) {
    if (live[i] || threads_[i].state == State::kDone) continue;
    if (i == waiting || threads_[i].wish.is_wanted == nullptr) return true;
  }
  return false;
}

bool Explorer::may_wait(std::size_t thread, const Wish& wish) const {
  if (thread == 0) return false;
  if (!is_hopeless(thread, wish.location)) return true;
  return wish.is_wanted != nullptr && !is_newest_wanted(wish);
}

bool Explorer::is_newest_wanted(const Wish& wish) const {
  return (*wish.is_wanted)(graph_.event(graph_.newest(wish.location)).written);
}

// ---- What the threads do.

std::memory_order Explorer::order_of(Operation operation, std::memory_order order, Site site) {
  if (options_.notes_uses) {
    const SeenUse use{site.file, site.line, operation, order};
    if (std::find(seen_uses_.begin(), seen_uses_.end(), use) == seen_uses_.end()) {
      seen_uses_.push_back(use);
    }
  }
  if (options_.weakening && options_.weakening->use.line == site.line &&
      options_.weakening->use.operation == operation && options_.weakening->use.order == order &&
      options_.weakening->use.file == site.file) {
    return options_.weakening->order;
  }
  return order;
}

Event Explorer::execute(Wish wish) {
  const auto address = reinterpret_cast<std::uint64_t>(wish.object.place);
  if (wish.kernel_object != 0) {
    wish.location = graph_.location(wish.kernel_object, 0);
  } else {
    if (!memory_.contains(address))
      fail("atomic operation on memory that is not the test's", wish.site);
    access(wish.object.place, 1,
           wish.kind == Wish::Kind::kLoad ? Memory::Access::kAtomicRead
                                          : Memory::Access::kAtomicWrite);
    wish.location = graph_.location(address, value_in_memory(wish.object));
  }
  check_room(wish.order, wish.site);
  Event event;
  if (wish.kind == Wish::Kind::kStore) {
    event.kind = EventKind::kWrite;
    event.thread = static_cast<std::uint8_t>(current_);
    event.order = wish.order;
    event.location = wish.location;
    event.site = wish.site;
    event.written = wish.operand;
    event.position = choose_position(wish);
  } else {
    const int choice = choose_source(wish);
    if (choice % 2 != 0) ++threads_[current_].spurious_failures;
    event = event_of(wish, current_, choice);
  }
  const int id = graph_.add(event);
  const Event added = graph_.event(id);
  // A compare_exchange that fails counts: in another execution it may not.
  if (wish.kind != Wish::Kind::kLoad) record_write(added);
  if (added.writes()) {
    const bool is_in_memory = wish.kernel_object == 0;
    if (is_in_memory && id == graph_.newest(added.location))
      set_in_memory(wish.object, added.written);
    offer(id);
    const bool goes_first = std::any_of(threads_.begin(), threads_.begin() + current_,
                                        [](const Thread& t) { return t.state == State::kReady; });
    if (goes_first) yield();
  }
  return added;
}

void Explorer::check_room(std::memory_order order, Site site) {
  const bool has_room = order != std::memory_order_seq_cst || !graph_.is_full();
  if (!has_room || graph_.count(current_) >= kMaxEventsOfThread) {
    fail("a thread that does not end, or does too much,", site);
  }
}

void Explorer::fence(std::memory_order order, Site site) {
  check_room(order, site);
  Event event;
  event.kind = EventKind::kFence;
  event.thread = static_cast<std::uint8_t>(current_);
  event.order = order;
  event.site = site;
  graph_.add(event);
}

void Explorer::construct(AtomicObject object, std::uint64_t value) {
  access(object.place, object.size, Memory::Access::kWrite);
  set_in_memory(object, value);
}

void Explorer::access(const void* place, std::size_t size, Memory::Access kind) {
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  if (!memory_.contains(address)) return;
  const char* const wrong = memory_.access(accessor(), address, size, kind);
  if (wrong != nullptr) fail(wrong, {});
  if (kind != Memory::Access::kWrite || !memory_.was_atomic(address, size)) return;
  // Another object begins where an atomic one was.
  for (std::size_t i = 0; i < size; ++i) graph_.forget_location(address + i);
}

// An operation of the kernel on one of its own objects.
Wish kernel_wish(std::uint64_t object, Modification modification, std::uint64_t operand,
                 std::memory_order order, Site site) {
  Wish wish;
  wish.kind = Wish::Kind::kModify;
  wish.object = {nullptr, sizeof(std::uint64_t)};
  wish.kernel_object = object;
  wish.is_kernel = true;
  wish.modification = modification;
  wish.operand = operand;
  wish.order = order;
  wish.site = site;
  return wish;
}

void Explorer::futex_sleep(AtomicObject word, std::uint64_t expected, Site site) {
  const std::uint64_t queue = reinterpret_cast<std::uint64_t>(word.place) | kFutexQueue;
  const Event enqueued =
      execute(kernel_wish(queue, Modification::kAdd, 1, std::memory_order_relaxed, site));
  // Who woke before has changed the word before.
  Wish look;
  look.object = word;
  look.is_kernel = true;
  look.site = site;
  for (int write = enqueued.source; write >= 0; write = graph_.previous(write)) {
    const Event& earlier = graph_.event(write);
    if (earlier.kind == EventKind::kModify && earlier.written - earlier.read == kFutexWake) {
      look.also_visible.join(earlier.clock);
    }
  }
  if (execute(look).read != expected) return;
  const std::uint64_t wakes = enqueued.read / kFutexWake;
  await_kernel_object(queue, std::memory_order_relaxed, site,
                      [wakes](std::uint64_t value) { return value / kFutexWake > wakes; });
}

void Explorer::futex_wake(AtomicObject word, Site site) {
  const std::uint64_t queue = reinterpret_cast<std::uint64_t>(word.place) | kFutexQueue;
  execute(kernel_wish(queue, Modification::kAdd, kFutexWake, std::memory_order_relaxed, site));
}

void Explorer::await_kernel_object(std::uint64_t object, std::memory_order order, Site site,
                                   const std::function<bool(std::uint64_t)>& is_wanted) {
  Wish wish = kernel_wish(object, Modification::kAdd, 0, order, site);
  wish.kind = Wish::Kind::kLoad;
  wish.is_wanted = &is_wanted;
  execute(wish);
}

void Explorer::eventfd_set(int descriptor, std::uint64_t value, Site site) {
  const std::uint64_t object = static_cast<std::uint64_t>(descriptor) | kEventDescriptor;
  execute(kernel_wish(object, Modification::kExchange, value, std::memory_order_acq_rel, site));
}

bool Explorer::eventfd_is_readable(int descriptor, Site site) {
  const std::uint64_t object = static_cast<std::uint64_t>(descriptor) | kEventDescriptor;
  Wish wish = kernel_wish(object, Modification::kAdd, 0, std::memory_order_acquire, site);
  wish.kind = Wish::Kind::kLoad;
  return execute(wish).read != 0;
}

void Explorer::eventfd_await(int descriptor, Site site) {
  const std::uint64_t object = static_cast<std::uint64_t>(descriptor) | kEventDescriptor;
  await_kernel_object(object, std::memory_order_acquire, site,
                      [](std::uint64_t value) { return value != 0; });
}

void* Explorer::allocate(std::size_t size, std::size_t alignment) {
  void* const place = memory_.allocate(current_, size, alignment);
  if (place == nullptr) fail("more memory allocated than the explorer has", {});
  return place;
}

bool Explorer::free(void* place) {
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  if (!memory_.contains(address)) return false;
  const char* const wrong = memory_.free(accessor(), address);
  if (wrong != nullptr) fail(wrong, {});
  return true;
}

Result explore(const std::function<void(Scenario&)>& body, const Options& options) {
  return Explorer(body, options).explore();
}

Scenario::~Scenario() {
  while (last_made_ != nullptr) delete std::exchange(last_made_, last_made_->previous);
}

void expect(bool condition, std::string_view what, Site site) {
  if (condition) return;
  const InRuntime in_runtime;
  g_explorer->fail(what, site);
}

void assume(bool condition) {
  if (condition) return;
  const InRuntime in_runtime;
  g_explorer->give_up();
}

int choose(int count) {
  const InRuntime in_runtime;
  return g_explorer->choose(count);
}

void record(std::string_view outcome) {
  const InRuntime in_runtime;
  g_explorer->record(outcome);
}

// ---- Atomic operations.

void atomic_construct(AtomicObject object, std::uint64_t value) {
  if (!is_in_test()) return set_in_memory(object, value);
  const InRuntime in_runtime;
  g_explorer->construct(object, value);
}

std::uint64_t atomic_load(AtomicObject object, std::memory_order order, Site site) {
  if (!is_in_test()) return value_in_memory(object);
  const InRuntime in_runtime;
  Wish wish;
  wish.object = object;
  wish.order = g_explorer->order_of(Operation::kLoad, order, site);
  wish.site = site;
  return g_explorer->execute(wish).read;
}

std::uint64_t atomic_await(AtomicObject object, const std::function<bool(std::uint64_t)>& is_wanted,
                           std::memory_order order, Site site) {
  const InRuntime in_runtime;
  Wish wish;
  wish.object = object;
  wish.order = g_explorer->order_of(Operation::kLoad, order, site);
  wish.is_wanted = &is_wanted;
  wish.site = site;
  return g_explorer->execute(wish).read;
}

void atomic_store(AtomicObject object, std::uint64_t value, std::memory_order order, Site site) {
  if (!is_in_test()) return set_in_memory(object, value);
  const InRuntime in_runtime;
  Wish wish;
  wish.kind = Wish::Kind::kStore;
  wish.object = object;
  wish.operand = value;
  wish.order = g_explorer->order_of(Operation::kStore, order, site);
  wish.site = site;
  g_explorer->execute(wish);
}

std::uint64_t atomic_modify(AtomicObject object, Modification modification, std::uint64_t operand,
                            std::memory_order order, Site site) {
  if (!is_in_test()) {
    const std::uint64_t before = value_in_memory(object);
    set_in_memory(object, modified(modification, before, operand));
    return before;
  }
  const InRuntime in_runtime;
  Wish wish;
  wish.kind = Wish::Kind::kModify;
  wish.object = object;
  wish.modification = modification;
  wish.operand = operand;
  wish.order = g_explorer->order_of(Operation::kModify, order, site);
  wish.site = site;
  return g_explorer->execute(wish).read;
}

bool atomic_compare_exchange(AtomicObject object, std::uint64_t& expected, std::uint64_t desired,
                             bool is_weak, std::memory_order success, std::memory_order failure,
                             Site site) {
  if (!is_in_test()) {
    const std::uint64_t before = value_in_memory(object);
    if (before == expected) set_in_memory(object, desired);
    return std::exchange(expected, before) == before;
  }
  const InRuntime in_runtime;
  Wish wish;
  wish.kind = Wish::Kind::kCompareExchange;
  wish.object = object;
  wish.operand = desired;
  wish.expected = expected;
  wish.is_weak = is_weak;
  wish.order = g_explorer->order_of(Operation::kModify, success, site);
  wish.failure_order = g_explorer->order_of(Operation::kFailure, failure, site);
  wish.site = site;
  const Event event = g_explorer->execute(wish);
  expected = event.read;
  return event.writes();
}

void atomic_fence(std::memory_order order, Site site) {
  if (!is_in_test()) return;
  const InRuntime in_runtime;
  g_explorer->fence(g_explorer->order_of(Operation::kFence, order, site), site);
}

void futex_sleep_while_equal(AtomicObject word, std::uint64_t expected, Site site) {
  const InRuntime in_runtime;
  g_explorer->futex_sleep(word, expected, site);
}

void futex_wake_all(AtomicObject word, Site site) {
  if (!is_in_test()) return;
  const InRuntime in_runtime;
  g_explorer->futex_wake(word, site);
}

void eventfd_notify(int descriptor, Site site) {
  const InRuntime in_runtime;
  g_explorer->eventfd_set(descriptor, 1, site);
}
void eventfd_clear(int descriptor, Site site) {
  const InRuntime in_runtime;
  g_explorer->eventfd_set(descriptor, 0, site);
}
void eventfd_await_readable(int descriptor, Site site) {
  const InRuntime in_runtime;
  g_explorer->eventfd_await(descriptor, site);
}

bool eventfd_is_readable(int descriptor, Site site) {
  const InRuntime in_runtime;
  return g_explorer->eventfd_is_readable(descriptor, site);
}

void plain_access(const void* place, std::size_t size, PlainAccess kind) {
  if (!is_in_test()) return;
  const InRuntime in_runtime;
  g_explorer->access(place, size,
                     kind == PlainAccess::kRead    ? Memory::Access::kRead
                     : kind == PlainAccess::kWrite ? Memory::Access::kWrite
                                                   : Memory::Access::kCopy);
}

bool is_explored(const void* place) {
  if (!is_in_test()) return false;
  const InRuntime in_runtime;
  return g_explorer->owns(place);
}

namespace {

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  if (is_in_test()) {
    const InRuntime in_runtime;
    return g_explorer->allocate(size, alignment);
  }
  const std::size_t needed = std::max<std::size_t>(size, 1);
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(needed);
  return std::aligned_alloc(alignment, (needed + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  void* const place = allocate(size, alignment);
  if (place == nullptr) throw std::bad_alloc();
  return place;
}

void release(void* place) noexcept {
  if (place == nullptr) return;
  if (is_in_test()) {
    const InRuntime in_runtime;
    if (g_explorer->free(place)) return;
  }
  std::free(place);
}

}  // namespace
}  // namespace ringpeer::interleaving

// ---- The heap of the threads, in place of the C++ library's.

namespace interleaving = ringpeer::interleaving;

// NOLINTNEXTLINE(bugprone-reserved-identifier): what assert() calls; here it ends a run.
extern "C" void __assert_fail(const char* condition, const char* file, unsigned line,
                              const char* function) noexcept {
  interleaving::expect(!interleaving::is_in_test(), condition, {file, static_cast<int>(line)});
  std::fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function, condition);
  std::abort();
}

void* operator new(std::size_t size) {
  return interleaving::allocate_or_throw(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return interleaving::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return operator new(size, alignment);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return interleaving::allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete(void* place) noexcept { interleaving::release(place); }
void operator delete[](void* place) noexcept { interleaving::release(place); }
void operator delete(void* place, std::size_t) noexcept { interleaving::release(place); }
void operator delete[](void* place, std::size_t) noexcept { interleaving::release(place); }
void operator delete(void* place, std::align_val_t) noexcept { interleaving::release(place); }
void operator delete[](void* place, std::align_val_t) noexcept { interleaving::release(place); }
void operator delete(void* place, std::size_t, std::align_val_t) noexcept {
  interleaving::release(place);
}
void operator delete[](void* place, std::size_t, std::align_val_t) noexcept {
  interleaving::release(place);
}
