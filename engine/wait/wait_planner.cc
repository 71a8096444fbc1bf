#include "ringpeer/engine/wait/wait_planner.h"

#include <algorithm>
#include <utility>

#include "ringpeer/codec/base/thread_cpu.h"

namespace ringpeer::wait {
namespace {

using std::chrono::microseconds;

// The longest sleep: a quarter of a frame at 60 Hz.
constexpr std::uint64_t kMaxSleepUs = 4167;
// The shortest that is worth a timer.
constexpr std::uint64_t kMinSleepUs = 50;

// How long before a look is expected the last packets for it are taken: for a timer that is late,
// and for a frame that begins early. Half a millisecond is felt by nobody.
constexpr std::uint64_t kLeadUs = 100;
constexpr std::uint64_t kMaxLeadUs = 500;
// When it takes longer than this to bring what a sleep has gathered, a look of its own does it.
constexpr std::uint64_t kMuchUs = 150;
// A sleep that gathers little.
constexpr std::uint64_t kShortSleepUs = 1500;
// Of what is averaged, one part in so many of a new one counts.
constexpr std::uint64_t kShareOfNew = 8;
// A sleep that ended later still did so because nothing came.
constexpr std::uint64_t kMaxLateUs = 2000;

// What waking a consumer costs it: two switches of the CPU and a futex, as the scheduler's trace
// shows them.
constexpr std::uint64_t kConsumerWakeNs = 3000;

constexpr std::uint64_t kUsPerSecond = 1'000'000;
constexpr std::uint64_t kThousandths = 1000;

std::uint64_t average(std::uint64_t before_us, std::uint64_t new_us) {
  return (before_us * (kShareOfNew - 1) + new_us) / kShareOfNew;
}

}  // namespace

WaitPlanner::WaitPlanner(const LatencyBudget& budget, std::size_t most_inflows)
    : budget_(budget), choice_(budget.bound()) {
  attached_.reserve(most_inflows);
  active_.reserve(kMaxInRhythm);
  plan_.budget = budget.bound();
  if (is_automatic()) plan_.reason = WaitReason::kIdle;
  publish_plan();
}

// ---- Who receives.

void WaitPlanner::add(Inflow& inflow) {
  if (active_.size() == kMaxInRhythm) return;
  inflow.set_active(true);
  active_.push_back(&inflow);
}

void WaitPlanner::forget(Inflow& inflow) {
  std::erase(attached_, &inflow);
  std::erase(active_, &inflow);
  inflow.set_active(false);
}

void WaitPlanner::forget_all() {
  for (Inflow* inflow : active_) inflow->set_active(false);
  active_.clear();
  attached_.clear();
}

void WaitPlanner::drop_quiet(std::uint64_t now_us) {
  std::erase_if(active_, [now_us](Inflow* inflow) {
    if (!inflow->is_quiet(now_us)) return false;
    inflow->set_active(false);
    return true;
  });
}

// ---- Before a wait.

WaitPlan WaitPlanner::begin_wait(std::uint64_t now_us) {
  plan_ = plan(now_us);
  if (plan_.sleep.count() > 0 && !begin_lull()) plan_ = plan_measured(now_us);
  return plan_;
}

WaitPlan WaitPlanner::plan(std::uint64_t now_us) {
  if (active_.empty()) return {microseconds(0), microseconds(0), WaitReason::kIdle};
  if (has_waiting()) return plan_measured(now_us);
  is_measuring_ = false;
  if (is_rhythm_known(now_us)) return plan_rhythm(now_us);
  return within_buffers({budget_.bound(), microseconds(0), WaitReason::kNoRhythm});
}

bool WaitPlanner::has_waiting() const {
  const std::vector<Inflow*>& asked = attached_.size() > kMaxInRhythm ? active_ : attached_;
  return std::any_of(asked.begin(), asked.end(),
                     [](const Inflow* inflow) { return inflow->pace().waits(); });
}

// How long nobody has to look, for the sake of the buffers: what the default budget lets come,
// each has to hold.
std::uint64_t WaitPlanner::room_us() const {
  std::uint64_t room_us = UINT64_MAX;
  for (const Inflow* inflow : active_) room_us = std::min(room_us, inflow->longest_sleep_us());
  return std::max(room_us, static_cast<std::uint64_t>(LatencyBudget::kDefaultBound.count()));
}

WaitPlan WaitPlanner::within_buffers(WaitPlan plan) {
  const std::uint64_t room_us = this->room_us();
  if (room_us >= static_cast<std::uint64_t>(plan.budget.count())) return plan;
  ++cut_sleeps_;
  return {microseconds(room_us), microseconds(0), WaitReason::kBuffer};
}

WaitPlan WaitPlanner::plan_measured(std::uint64_t now_us) {
  if (!std::exchange(is_measuring_, true)) choice_.begin(now_us, base::thread_cpu_ns());
  return within_buffers({choice_.current(), microseconds(0),
                         choice_.is_exploring() ? WaitReason::kExploring : WaitReason::kMeasured});
}

bool WaitPlanner::is_rhythm_known(std::uint64_t now_us) const {
  return attached_.size() <= kMaxInRhythm &&
         std::all_of(active_.begin(), active_.end(), [now_us](const Inflow* inflow) {
           return inflow->rhythm().is_known(now_us) && !inflow->is_tick_late(now_us);
         });
}

Inflow::Lead WaitPlanner::lead_for(const Inflow& inflow) const {
  const bool has_bulk = late_us_ > kMuchUs;
  const std::uint64_t late_us = has_bulk ? short_late_us_ : late_us_;
  return {std::min(kLeadUs + late_us + inflow.rhythm().deviation_us(), kMaxLeadUs),
          has_bulk ? late_us_ + late_us_ / 4 : 0};
}

// The strictest of all decides.
WaitPlan WaitPlanner::plan_rhythm(std::uint64_t now_us) {
  std::uint64_t sleep_us = kMaxSleepUs;
  for (const Inflow* inflow : active_) {
    const std::uint64_t look_us = inflow->next_look_us(now_us, kMaxSleepUs, lead_for(*inflow));
    sleep_us = std::min(sleep_us, look_us - now_us);
  }
  WaitReason reason = WaitReason::kRhythm;
  const std::uint64_t room_us = this->room_us();
  if (room_us < sleep_us) {
    ++cut_sleeps_;
    sleep_us = room_us;
    reason = WaitReason::kBuffer;
  }
  sleep_us = std::max(sleep_us, kMinSleepUs);
  look_us_ = now_us + sleep_us;
  return {microseconds(0), microseconds(sleep_us), reason};
}

bool WaitPlanner::begin_lull() {
  for (auto inflow = attached_.begin(); inflow != attached_.end(); ++inflow) {
    if ((*inflow)->pace().begin_lull()) continue;
    std::for_each(attached_.begin(), inflow, [](Inflow* before) { before->pace().end_lull(); });
    return false;
  }
  return is_lulling_ = true;
}

// ---- After it.

void WaitPlanner::end_wait() {
  if (!std::exchange(is_lulling_, false)) return;
  for (Inflow* inflow : attached_) inflow->pace().end_lull();
}

void WaitPlanner::end_step(std::uint64_t now_us, std::uint64_t packets, std::uint64_t woken) {
  for (Inflow* inflow : active_) inflow->end_look(now_us);
  if (plan_.sleep.count() > 0 && packets > 0) learn_lateness(now_us);
  if (is_measuring_) {
    choice_.record_wait(now_us, packets, woken);
    if (choice_.is_epoch_over(now_us)) {
      choice_.end_epoch(now_us, base::thread_cpu_ns(), kConsumerWakeNs);
    }
  }
  if (packets > 0) {
    const std::uint64_t gap_us =
        std::min(now_us - std::exchange(last_came_us_, now_us), kLongGapUs);
    usual_gap_us_ = average(usual_gap_us_, gap_us);
  }
  count_step(packets);
  end_second(now_us);
}

void WaitPlanner::learn_lateness(std::uint64_t now_us) {
  if (now_us < look_us_ || now_us - look_us_ > kMaxLateUs) return;
  const bool is_short = plan_.sleep < microseconds(kShortSleepUs);
  std::uint64_t& late_us = is_short ? short_late_us_ : late_us_;
  late_us = average(late_us, now_us - look_us_);
}

void WaitPlanner::end_second(std::uint64_t now_us) {
  if (now_us - second_us_ >= kUsPerSecond) publish(now_us);
}

// ---- The report.

void WaitPlanner::publish(std::uint64_t now_us) {
  drop_quiet(now_us);
  publish_buffer();
  const std::uint64_t us = now_us - std::exchange(second_us_, now_us);
  const std::uint64_t wakeups = std::exchange(wakeups_, 0);
  const std::uint64_t packets = std::exchange(packets_, 0);
  publish_plan();
  reported_wakeups_.store(wakeups * kUsPerSecond * kThousandths / us, std::memory_order_relaxed);
  reported_packets_.store(packets * kThousandths / wakeups, std::memory_order_relaxed);
}

void WaitPlanner::publish_plan() {
  const auto budget = plan_.sleep.count() > 0 ? plan_.sleep : plan_.budget;
  reported_budget_us_.store(budget.count(), std::memory_order_relaxed);
  reported_reason_.store(plan_.reason, std::memory_order_relaxed);
}

void WaitPlanner::publish_buffer() {
  const Inflow* first = nullptr;  // to be full
  for (const Inflow* inflow : active_) {
    if (inflow->buffer_us() == 0) continue;
    if (first == nullptr || inflow->buffer_us() < first->buffer_us()) first = inflow;
  }
  if (first == nullptr) return;
  reported_buffer_packets_.store(first->buffer_packets(), std::memory_order_relaxed);
  reported_buffer_us_.store(first->buffer_us(), std::memory_order_relaxed);
}

WaitReport WaitPlanner::report() const {
  WaitReport report;
  report.budget = microseconds(reported_budget_us_.load(std::memory_order_relaxed));
  report.reason = reported_reason_.load(std::memory_order_relaxed);
  const auto whole = [](const std::atomic<std::uint64_t>& thousandths) {
    return static_cast<double>(thousandths.load(std::memory_order_relaxed)) / kThousandths;
  };
  report.wakeups_per_second = whole(reported_wakeups_);
  report.packets_per_wakeup = whole(reported_packets_);
  report.buffer_packets = reported_buffer_packets_.load(std::memory_order_relaxed);
  report.buffer_time = microseconds(reported_buffer_us_.load(std::memory_order_relaxed));
  return report;
}

}  // namespace ringpeer::wait
