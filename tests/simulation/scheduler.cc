#include "ringpeer/tests/simulation/scheduler.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ringpeer/tests/simulation/failure.h"

namespace ringpeer::simulation {
namespace {

// The engine's deepest call takes a tenth of it, AddressSanitizer's frames included.
constexpr std::size_t kStackSize = std::size_t{512} << 10;

// A hundred times what a run takes: who needs more goes round in circles.
constexpr std::uint64_t kMaxTurns = 3'000'000;

// More than there are of them at a time.
constexpr std::size_t kMaxStacks = 64;

// Stacks are used again by the next thread. Not of the heap, whose balance runs are judged by.
class Stacks {
 public:
  static Stacks& of_process() {
    static Stacks stacks;
    return stacks;
  }

  std::span<std::byte> take() {
    if (spare_count_ > 0) return spare_[--spare_count_];
    void* const memory =
        ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(memory != MAP_FAILED, "no memory for a stack");
    return {static_cast<std::byte*>(memory), kStackSize};
  }
  void give_back(std::span<std::byte> stack) {
    if (stack.empty()) return;
    check(spare_count_ < kMaxStacks, "more stacks than threads");
    spare_[spare_count_++] = stack;
  }

 private:
  std::array<std::span<std::byte>, kMaxStacks> spare_;
  std::size_t spare_count_ = 0;
};

// Whose thread begins: an entry of a fiber takes no argument.
Scheduler* beginning = nullptr;

}  // namespace

Scheduler::Scheduler(Random random) : random_(random) {}

Scheduler::~Scheduler() {
  for (auto& thread : threads_) Stacks::of_process().give_back(thread->stack);
}

Scheduler::ThreadNumber Scheduler::start(std::function<void()> main) {
  auto thread = std::make_unique<Thread>();
  thread->stack = Stacks::of_process().take();
  thread->main = std::move(main);
  thread->fiber.prepare(thread->stack, &Scheduler::enter);
  threads_.push_back(std::move(thread));
  return threads_.size() - 1;
}

void Scheduler::enter() {
  Thread& self = *beginning->threads_[beginning->current_];
  self.fiber.begin();
  self.main();
  self.main = nullptr;
  self.has_ended = true;
  self.fiber.suspend();
}

void Scheduler::at(Time time, std::function<void()> event) {
  events_.emplace(time, std::move(event));
}

bool Scheduler::can_go_on(const Thread& thread) const {
  if (thread.has_ended) return false;
  return thread.ready == nullptr || thread.deadline <= now_ || (*thread.ready)();
}

void Scheduler::take_turn(ThreadNumber thread) {
  if (++turns_ > kMaxTurns) fail("threads go round in circles");
  beginning = this;
  current_ = thread;
  threads_[thread]->fiber.resume();
  current_ = kNobody;
  if (!threads_[thread]->has_ended) return;
  Stacks::of_process().give_back(std::exchange(threads_[thread]->stack, {}));
}

void Scheduler::run_events() {
  while (!events_.empty() && events_.begin()->first <= now_) {
    const auto event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  }
}

// One that can go on.
Scheduler::ThreadNumber Scheduler::choose() {
  std::vector<ThreadNumber> able;
  for (ThreadNumber i = 0; i < threads_.size(); ++i) {
    if (can_go_on(*threads_[i])) able.push_back(i);
  }
  return able.empty() ? kNobody : able[random_.below(able.size())];
}

// To the next thing that happens. False when nothing ever does.
bool Scheduler::move_clock() {
  Time next = events_.empty() ? kNever : events_.begin()->first;
  for (const auto& thread : threads_) {
    if (!thread->has_ended) next = std::min(next, thread->deadline);
  }
  if (next == kNever) return false;
  now_ = std::max(now_, next);
  return true;
}

void Scheduler::run(std::function<void()> main) {
  const ThreadNumber first = start(std::move(main));
  while (!threads_[first]->has_ended) {
    run_events();
    const ThreadNumber next = choose();
    if (next != kNobody) {
      take_turn(next);
    } else if (!move_clock()) {
      fail("all threads wait without end");
    }
  }
}

bool Scheduler::wait_until(const std::function<bool()>& ready, Time deadline) {
  Thread& self = *threads_[current_];
  while (!ready() && now_ < deadline) {
    self.ready = &ready;
    self.deadline = deadline;
    self.fiber.suspend();
  }
  const std::function<bool()> never = [] { return false; };
  while (now_ < late_until_ && current_ != 0) {
    self.ready = &never;
    self.deadline = late_until_;
    self.fiber.suspend();
  }
  self.ready = nullptr;
  self.deadline = kNever;
  return ready();
}

void Scheduler::yield() { threads_[current_]->fiber.suspend(); }

}  // namespace ringpeer::simulation
