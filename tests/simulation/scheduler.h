#ifndef RINGPEER_TESTS_SIMULATION_SCHEDULER_H_
#define RINGPEER_TESTS_SIMULATION_SCHEDULER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/tests/simulation/random.h"
#include "ringpeer/tests/support/fiber/fiber.h"

namespace ringpeer::simulation {

// Nanoseconds of simulated time.
using Time = std::int64_t;
inline constexpr Time kNever = INT64_MAX;
inline constexpr Time kMicrosecond = 1'000;
inline constexpr Time kMillisecond = 1'000'000;
inline constexpr Time kSecond = 1'000'000'000;

// Threads that take turns in one real thread, and a clock that moves when all of them wait. Who
// goes on next is the random numbers' choice, so a seed gives the same run each time.
class Scheduler {
 public:
  explicit Scheduler(Random random);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs main() as the first thread until it returns; a later run, as one more thread beside those
  // that are left. Fails when nobody can go on, or when more turns are taken than any run needs.
  void run(std::function<void()> main);

  Time now() const { return now_; }
  // Something happens then, between two turns.
  void at(Time time, std::function<void()> event);

  // ---- From a thread.

  using ThreadNumber = std::size_t;
  ThreadNumber start(std::function<void()> main);
  ThreadNumber current() const { return current_; }
  bool has_ended(ThreadNumber thread) const { return threads_[thread]->has_ended; }
  // Others go on until ready() or the deadline. Whether it is ready.
  bool wait_until(const std::function<bool()>& ready, Time deadline = kNever);
  // Others go on for so long.
  void sleep(Time time) {
    wait_until([] { return false; }, now_ + time);
  }
  // Others may go on.
  void yield();
  // Whoever waits goes on no earlier, but for the first thread.
  void wake_others_late(Time until) { late_until_ = until; }
  // Time passes, for this thread alone to notice: it has computed.
  void spend(Time time) { now_ += time; }
  // The thread is in a system call, between the two.
  void begin_call() { threads_[current_]->is_in_call = true; }
  void end_call() { threads_[current_]->is_in_call = false; }
  // Whether a thread other than the first runs, outside of a call.
  bool runs_worker_code() const {
    return current_ != kNobody && current_ != 0 && !threads_[current_]->is_in_call;
  }
  // Whether the first one does.
  bool runs_application_code() const { return current_ == 0 && !threads_[0]->is_in_call; }

 private:
  struct Thread {
    test::Fiber fiber;
    std::span<std::byte> stack;
    std::function<void()> main;
    const std::function<bool()>* ready = nullptr;  // null: it can go on
    Time deadline = kNever;
    bool has_ended = false;
    bool is_in_call = false;
  };

  static void enter();
  bool can_go_on(const Thread& thread) const;
  void take_turn(ThreadNumber thread);
  void run_events();
  bool move_clock();
  ThreadNumber choose();

  static constexpr ThreadNumber kNobody = SIZE_MAX;

  Random random_;
  Time now_ = 1'000 * kSecond;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::multimap<Time, std::function<void()>> events_;
  Time late_until_ = 0;
  ThreadNumber current_ = kNobody;
  std::uint64_t turns_ = 0;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_SCHEDULER_H_
