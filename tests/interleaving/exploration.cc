#include "ringpeer/tests/interleaving/exploration.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "ringpeer/tests/interleaving/atomic_value.h"

namespace ringpeer::interleaving {

// ---- All runs.

Result Exploration::explore() {
  g_exploration = this;
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
  g_exploration = nullptr;
  return std::move(result_);
}

bool Exploration::backtrack() {
  while (!decisions_.empty()) {
    Decision& last = decisions_.back();
    if (++last.taken < last.options.size()) return true;
    decisions_.pop_back();
  }
  return false;
}

// ---- One run.

void Exploration::run() {
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

void Exploration::resume(std::size_t index) {
  Thread& thread = threads_[index];
  current_ = index;
  if (!thread.is_prepared) {
    thread.fiber.prepare(memory_.stack(index), &Exploration::enter);
    thread.is_prepared = true;
  }
  thread.fiber.resume();
}

void Exploration::enter() {
  Exploration& explorer = *g_exploration;
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

void Exploration::run_test() {
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

void Exploration::start_threads(Scenario& test) {
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

void Exploration::finish_thread() {
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
void Exploration::judge_standstill() {
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

void Exploration::end_run(Status status) {
  status_ = status;
  for (;;) yield();
}

void Exploration::fail(std::string_view what, Site site) {
  failure_.append(what).append(" in thread ").append(std::to_string(current_));
  if (site.line != 0)
    failure_ += std::string(" (") + site.file + ":" + std::to_string(site.line) + ")";
  failure_ += "\n" + graph_.describe();
  end_run(Status::kFailed);
}

// ---- Decisions.

template <typename MakeOptions>
int Exploration::decide(std::uint64_t question, MakeOptions make_options) {
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

int Exploration::choose(int count) {
  return decide(static_cast<std::uint64_t>(count), [count] {
    std::vector<int> options(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) options[static_cast<std::size_t>(i)] = i;
    return options;
  });
}

Event Exploration::event_of(const Wish& wish, std::size_t thread, int choice) const {
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

void Exploration::add_if_allowed(const Wish& wish, std::size_t thread, int write,
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

std::vector<int> Exploration::sources(const Wish& wish) {
  std::vector<int> options;
  for (const int write : graph_.readable(current_, wish.location, wish.also_visible)) {
    add_if_allowed(wish, current_, write, &options);
  }
  if (may_wait(current_, wish)) options.push_back(kLater);
  return options;
}

int Exploration::choose_source(Wish& wish) {
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

int Exploration::choose_position(const Wish& wish) {
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
void Exploration::offer(int write) {
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

void Exploration::record_write(const Event& event) {
  Stamp& last = last_writes_[graph_.address_of(event.location)][event.thread];
  if (event.index <= last) return;
  last = event.index;
  has_new_writes_ = true;
}

bool Exploration::may_write(std::size_t thread, int location) const {
  const auto found = last_writes_.find(graph_.address_of(location));
  return found != last_writes_.end() && found->second[thread] > graph_.count(thread);
}

// The threads that can still do something: those that do not wait, and those that wait for
// what a live one may write. (`waiting` is about to wait; 0: none.)
std::array<bool, kMaxThreads> Exploration::find_live(std::size_t waiting, int its_location) const {
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
bool Exploration::is_hopeless(std::size_t waiting, int its_location) const {
  const std::array<bool, kMaxThreads> live = find_live(waiting, its_location);
  for (std::size_t i = 1; i < thread_count_; ++i) {
    if (live[i] || threads_[i].state == State::kDone) continue;
    if (i == waiting || threads_[i].wish.is_wanted == nullptr) return true;
  }
  return false;
}

bool Exploration::may_wait(std::size_t thread, const Wish& wish) const {
  if (thread == 0) return false;
  if (!is_hopeless(thread, wish.location)) return true;
  return wish.is_wanted != nullptr && !is_newest_wanted(wish);
}

bool Exploration::is_newest_wanted(const Wish& wish) const {
  return (*wish.is_wanted)(graph_.event(graph_.newest(wish.location)).written);
}

}  // namespace ringpeer::interleaving
