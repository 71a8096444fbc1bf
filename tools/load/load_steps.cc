#include "ringpeer/tools/load/load_steps.h"

#include <algorithm>
#include <cmath>

namespace ringpeer::tools {
namespace {

constexpr int kMaxTries = 3;
constexpr std::uint32_t kVerifications = 3;
constexpr double kMustHold = 0.8;
constexpr double kMustFail = 1.25;
// A knee that does not stand the verification is moved, and verified again, this often.
constexpr int kMaxMoves = 2;
constexpr double kMove = 0.9;

enum class Verdict { kHolds, kFails, kInvalid, kStopped };

class KneeSearch {
 public:
  KneeSearch(const RateRange& range, const LoadGoal& goal, const MeasureStep& measure)
      : range_(range), measure_(measure) {
    result_.goal = goal;
  }

  FindMaxResult run() {
    if (bracket()) {
      while (!stopped_ && fails_ > 0 && holds_ * (1 + kKneeTolerance) < fails_) halve();
      if (holds_ > 0) result_.knee_per_s = holds_;
      if (holds_ > 0 && !stopped_ && result_.limited_by == KneeLimit::kTarget) verify_and_move();
    }
    if (stopped_) {  // half a search has found nothing
      result_.knee_per_s.reset();
      result_.verified.clear();
      result_.limited_by = KneeLimit::kStopped;
    }
    return result_;
  }

 private:
  // One good measurement holds; two that fail, fail.
  Verdict judge(double rate) {
    int failures = 0;
    for (int i = 0; i < kMaxTries; ++i) {
      const Verdict once = judge_once(rate);
      if (once == Verdict::kHolds || once == Verdict::kStopped) return once;
      if (once == Verdict::kFails && ++failures == 2) return Verdict::kFails;
    }
    return failures > 0 ? Verdict::kFails : Verdict::kInvalid;
  }

  Verdict judge_once(double rate) {
    const std::optional<LoadStep> step = measure_(rate);
    if (!step) {
      stopped_ = true;
      return Verdict::kStopped;
    }
    if (!step->holds) return Verdict::kInvalid;
    return *step->holds ? Verdict::kHolds : Verdict::kFails;
  }

  // Takes note of what became of a rate. False when there is nothing above it to try.
  bool note(double rate, Verdict verdict) {
    if (verdict == Verdict::kHolds) {
      holds_ = rate;
      return true;
    }
    if (verdict == Verdict::kStopped) return false;
    fails_ = rate;
    result_.limited_by = verdict == Verdict::kFails ? KneeLimit::kTarget : KneeLimit::kGenerator;
    return false;
  }

  // From below until something fails. False when not even the lowest rate holds.
  bool bracket() {
    for (double rate = range_.least; note(rate, judge(rate));
         rate = std::min(2 * rate, range_.most)) {
      if (rate < range_.most) continue;
      result_.limited_by = KneeLimit::kRange;
      return true;
    }
    if (holds_ > 0) return true;
    if (result_.limited_by == KneeLimit::kTarget) result_.limited_by = KneeLimit::kRange;
    return false;
  }

  void halve() {
    const double rate = std::sqrt(holds_ * fails_);
    note(rate, judge(rate));
  }

  // Each of three, without a second try.
  std::optional<FindMaxResult::Verified> count_holding(double factor) {
    const double knee = *result_.knee_per_s;
    const double rate = std::clamp(factor * knee, range_.least, range_.most);
    if (rate != factor * knee) factor = rate / knee;
    FindMaxResult::Verified verified{.factor = factor, .held = 0, .of = 0};
    for (int tries = 0; verified.of < kVerifications; ++tries) {
      const Verdict verdict = judge_once(rate);
      if (verdict == Verdict::kStopped || tries == 2 * kMaxTries) return std::nullopt;
      if (verdict == Verdict::kInvalid) continue;
      ++verified.of;
      if (verdict == Verdict::kHolds) ++verified.held;
    }
    return verified;
  }

  void verify_and_move() {
    for (int moves = 0; !verify() && moves < kMaxMoves && !stopped_; ++moves) {
      if (result_.verified.size() < 2) return;  // this program is the limit
      const bool too_high = result_.verified[0].held < result_.verified[0].of;
      if (too_high) {
        result_.knee_per_s = std::max(*result_.knee_per_s * kMove, range_.least);
      } else if (!move_up()) {
        return;
      }
    }
  }

  // To below the highest rate, with which the knee is compared. False when that is the knee.
  bool move_up() {
    double& knee = *result_.knee_per_s;
    if (knee * kMustFail < range_.most) {
      knee /= kMove;
      return true;
    }
    if (result_.verified[1].held < result_.verified[1].of) {
      knee = std::min(knee / kMove, std::sqrt(knee * range_.most));
      return true;
    }
    // Whatever went wrong with it when it was tried first.
    knee = range_.most;
    result_.verified.clear();
    result_.limited_by = KneeLimit::kRange;
    return false;
  }

  bool verify() {
    result_.verified.clear();
    for (const double factor : {kMustHold, kMustFail}) {
      const auto counted = count_holding(factor);
      if (!counted) {
        if (!stopped_) result_.limited_by = KneeLimit::kGenerator;
        return false;
      }
      result_.verified.push_back(*counted);
    }
    return result_.is_verified();
  }

  RateRange range_;
  const MeasureStep& measure_;
  FindMaxResult result_;
  double holds_ = 0;  // the highest rate that did
  double fails_ = 0;  // the lowest that did, or was not valid
  bool stopped_ = false;
};

}  // namespace

bool FindMaxResult::is_verified() const {
  return verified.size() == 2 && verified[0].held == kVerifications && verified[1].held == 0;
}

std::vector<double> ramp_rates(const RateRange& range, std::uint32_t steps) {
  std::vector<double> rates = {range.least};
  for (std::uint32_t i = 1; i < steps; ++i) {
    const double way = static_cast<double>(i) / (steps - 1);
    rates.push_back(i + 1 == steps ? range.most
                                   : range.least * std::pow(range.most / range.least, way));
  }
  return rates;
}

FindMaxResult find_max(const RateRange& range, const LoadGoal& goal, const MeasureStep& measure) {
  return KneeSearch(range, goal, measure).run();
}

}  // namespace ringpeer::tools
