#ifndef RINGPEER_ENGINE_WAIT_WAIT_PLANNER_H_
#define RINGPEER_ENGINE_WAIT_WAIT_PLANNER_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringpeer/engine/wait/budget_choice.h"
#include "ringpeer/engine/wait/inflow.h"
#include "ringpeer/latency_budget.h"
#include "ringpeer/wait_report.h"

namespace ringpeer::wait {

// How a worker waits next.
struct WaitPlan {
  // How long others may gather after the first packet.
  std::chrono::microseconds budget{0};
  // So long it sleeps first, whatever comes; 0: it does not.
  std::chrono::microseconds sleep{0};
  WaitReason reason = WaitReason::kFixed;
};

// Decides how long a worker waits, by what its sockets receive and how their consumers come for it.
// One that waits has the budget that costs least (BudgetChoice); when all of them only look, each
// at a rhythm that is known, the worker sleeps until just before the first look that is expected
// (Inflow). Times are in microseconds of the engine's clock.
//
// Threads: the worker's, but report(): any.
// Lifetime: inflows stay until they are forgotten.
class WaitPlanner {
 public:
  WaitPlanner(const LatencyBudget& budget, std::size_t most_inflows);

  // With a fixed budget nothing is measured, and of the rest count_step() and end_second() alone
  // have to be called.
  bool is_automatic() const { return budget_.is_automatic(); }

  // Packets have come for it.
  void record(Inflow& inflow, std::uint64_t packets, std::uint64_t bytes) {
    inflow.record(packets, bytes);
    if (!inflow.is_active()) [[unlikely]]
      add(inflow);
  }
  // It may receive packets, and its consumer may wait for them, until it is forgotten. There is
  // memory for so many.
  void attach(Inflow& inflow) { attached_.push_back(&inflow); }
  void forget(Inflow& inflow);
  void forget_all();

  // The next wait. Consumers that begin to wait meanwhile wake the worker, until end_wait().
  WaitPlan begin_wait(std::uint64_t now_us);
  void end_wait();
  // What the wait has brought has been published.
  void end_step(std::uint64_t now_us, std::uint64_t packets, std::uint64_t woken);

  // From one wait that brought something to the next, on the average; longer while nothing comes.
  std::uint64_t usual_gap_us(std::uint64_t now_us) const {
    return std::max(usual_gap_us_, std::min(now_us - last_came_us_, kLongGapUs));
  }
  // For the report, both part of end_step(): so many packets came, and a second may be over. How
  // many steps this one has.
  std::uint64_t count_step(std::uint64_t packets) {
    packets_ += packets;
    return ++wakeups_;
  }
  void end_second(std::uint64_t now_us);
  // Sleeps that were shorter than the rhythm would have them, for the sake of a socket's buffer.
  std::uint64_t cut_sleeps() const { return cut_sleeps_; }
  WaitReport report() const;

 private:
  // With more, each has too small a part for a rhythm to be worth the look at all of them.
  static constexpr std::size_t kMaxInRhythm = 64;
  // Longer ones are all alike.
  static constexpr std::uint64_t kLongGapUs = 10'000;

  void add(Inflow& inflow);
  void drop_quiet(std::uint64_t now_us);
  WaitPlan plan(std::uint64_t now_us);
  WaitPlan plan_measured(std::uint64_t now_us);
  WaitPlan plan_rhythm(std::uint64_t now_us);
  bool has_waiting() const;
  std::uint64_t room_us() const;
  WaitPlan within_buffers(WaitPlan plan);
  bool is_rhythm_known(std::uint64_t now_us) const;
  bool begin_lull();
  Inflow::Lead lead_for(const Inflow& inflow) const;
  void learn_lateness(std::uint64_t now_us);
  void publish(std::uint64_t now_us);
  void publish_plan();
  void publish_buffer();

  const LatencyBudget budget_;
  BudgetChoice choice_;
  std::vector<Inflow*> attached_;
  // Those of them that packets come for, kMaxInRhythm at most. A consumer may wait for the others,
  // too.
  std::vector<Inflow*> active_;
  bool is_measuring_ = false;
  bool is_lulling_ = false;

  WaitPlan plan_;
  std::uint64_t look_us_ = 0;  // when a sleep should end
  // By so much its packets are published later, on the average: after a long sleep, and a short
  // one.
  std::uint64_t late_us_ = 0;
  std::uint64_t short_late_us_ = 0;
  std::uint64_t cut_sleeps_ = 0;
  std::uint64_t usual_gap_us_ = kLongGapUs;
  std::uint64_t last_came_us_ = 0;

  std::uint64_t second_us_ = 0;
  std::uint64_t wakeups_ = 0;
  std::uint64_t packets_ = 0;
  std::atomic<std::int64_t> reported_budget_us_{0};
  std::atomic<WaitReason> reported_reason_{WaitReason::kIdle};
  std::atomic<std::uint64_t> reported_wakeups_{0};  // a second, in thousandths
  std::atomic<std::uint64_t> reported_packets_{0};
  std::atomic<std::uint64_t> reported_buffer_packets_{0};
  std::atomic<std::uint64_t> reported_buffer_us_{0};
};

}  // namespace ringpeer::wait

#endif  // RINGPEER_ENGINE_WAIT_WAIT_PLANNER_H_
