#include "ringpeer/engine/wait/budget_choice.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "ringpeer/latency_budget.h"

namespace ringpeer::wait {
namespace {

using std::chrono::microseconds;

constexpr std::uint64_t kUsPerSecond = 1'000'000;

// What the bound allows beyond 200 us goes on by factors of five.
constexpr std::array<std::chrono::microseconds, 6> kBudgets{
    microseconds(0),    microseconds(50),   microseconds(200),
    microseconds(1000), microseconds(5000), microseconds(25000)};

// A price is of so many packets at least, and of so much time: a few wake-ups say nothing.
constexpr std::uint64_t kMinPackets = 100;
constexpr std::uint64_t kMinLookUs = 5'000;
// An epoch of the choice is longer, for a price that noise moves less.
constexpr std::uint64_t kMinChosenUs = 50'000;
// With fewer packets, an epoch ends after this for what it says of the rate.
constexpr std::uint64_t kMaxEpochUs = 150'000;
constexpr std::uint64_t kMinPacketsOfARate = 10;
// A change of the rate to a third is seen in so much time, when so many packets were expected.
constexpr std::uint64_t kMinStepUs = 20'000;
constexpr std::uint64_t kMinPacketsOfAStep = 50;

// Looks at other candidates take one part in so many of the time, 1 %, and up to half as much again
// for the sake of a look in so much time.
constexpr std::uint64_t kTimeBetweenLooks = 99;
constexpr std::uint64_t kMaxLooksApartUs = 500'000;
// Of each candidate, when all are looked at.
constexpr int kLooksOfRound = 2;
// The choice changes at most so often while neither rate nor price have changed much.
constexpr std::uint64_t kMinDwellUs = 500'000;
// And as often are all looked at, unless the rate is another by far.
constexpr std::uint64_t kMinRoundsApartUs = 500'000;
// Prices of another rate that are not older need no look of their own.
constexpr std::uint64_t kFreshUs = 2'000'000;
// After so many looks at waking at once, which wins where it can, another candidate has one, too.
constexpr std::uint64_t kLooksAtOnce = 3;
// Prices that are off by a third one after another, until the machine is believed to have changed.
constexpr int kOddPrices = 2;

// In percent of the best price: waking at once may cost so much, and somewhat more once it is the
// choice; so may any choice.
constexpr std::uint64_t kAtOnceWins = 110;
constexpr std::uint64_t kAtOnceStays = 115;
constexpr std::uint64_t kChoiceStays = 110;

// Of a thousand waits, how many must come together with the one before for a budget to be
// worth a look, and for it to stay so.
constexpr std::uint64_t kMinGain = 100;
constexpr std::uint64_t kMinGainKept = 50;

// Where nothing is known of a rate: fewer packets than that in the default budget, and waking at
// once is the better guess.
constexpr microseconds kGuess = LatencyBudget::kDefaultBound;
constexpr std::uint64_t kGuessPackets = 2;

bool has_changed_by_a_third(std::uint64_t value, std::uint64_t reference) {
  return 3 * value > 4 * reference || 3 * value < 2 * reference;
}

}  // namespace

BudgetChoice::BudgetChoice(microseconds bound) {
  for (const microseconds budget : kBudgets) {
    if (budget < bound || budget.count() == 0) budgets_[count_++] = budget;
  }
  if (bound > budgets_[count_ - 1]) budgets_[count_++] = bound;
  // Until something is known: what was good enough for every machine before anything was measured.
  for (std::size_t i = 0; i < count_; ++i) {
    if (budgets_[i] <= kGuess) chosen_ = i;
  }
  current_ = chosen_;
  gains_.fill(true);
}

void BudgetChoice::begin(std::uint64_t now_us, std::uint64_t cpu_ns) {
  current_ = chosen_;
  is_second_look_ = is_round_ = false;
  epoch_ = {.begun_us = now_us, .cpu_ns = cpu_ns};
  last_wait_us_ = now_us;
  next_look_us_ = now_us + kMinChosenUs;
}

void BudgetChoice::record_wait(std::uint64_t now_us, std::uint64_t packets, std::uint64_t woken) {
  epoch_.woken += woken;
  if (packets == 0) return;
  epoch_.packets += packets;
  ++epoch_.waits;
  const auto since = microseconds(now_us - std::exchange(last_wait_us_, now_us));
  for (std::size_t i = count_; i-- > 0 && budgets_[i] + budgets_[i] / 8 >= since;)
    ++epoch_.close[i];
}

std::uint64_t BudgetChoice::expected(std::uint64_t us) const { return rate_ * us / kUsPerSecond; }

bool BudgetChoice::is_epoch_over(std::uint64_t now_us) const {
  const std::uint64_t us = now_us - epoch_.begun_us;
  const std::uint64_t packets = epoch_.packets;
  if (us < kMinLookUs) return false;
  const bool is_look = is_exploring() || is_round_;
  const bool needs_longer = !is_look && rate_ != 0 && us < kMinChosenUs;
  if (packets >= kMinPackets && (!needs_longer || packets > 2 * expected(us))) return true;
  if (us >= kMinStepUs && expected(us) >= kMinPacketsOfAStep && 3 * packets < expected(us))
    return true;
  return us >= kMaxEpochUs && packets >= kMinPacketsOfARate;
}

void BudgetChoice::end_epoch(std::uint64_t now_us, std::uint64_t cpu_ns, std::uint64_t wake_ns) {
  const std::uint64_t us = std::max<std::uint64_t>(now_us - epoch_.begun_us, 1);
  const std::uint64_t packets = epoch_.packets;
  const std::uint64_t rate = packets * kUsPerSecond / us;
  const bool is_of_rate = !has_changed_by_a_third(rate, rate_);
  const bool may_gain_more = learn_gains(is_of_rate);
  if (!is_of_rate) {  // a look is too short to say so
    is_exploring() && !is_round_ ? give_up_look(now_us, us) : follow_rate(rate, now_us);
  } else if (packets >= kMinPackets) {
    const std::uint64_t price = (cpu_ns - epoch_.cpu_ns + epoch_.woken * wake_ns) / packets;
    is_exploring() ? record_price(price, now_us) : follow_price(price, now_us);
  }
  wants_round_ = wants_round_ || may_gain_more;
  plan_next(now_us, us);
  epoch_ = {.begun_us = now_us, .cpu_ns = cpu_ns};
}

// Of the longer budgets the waits themselves tell; of the current one and the shorter ones whether
// anything comes together at all. True when one may gain that could not before. A look of its own
// is too short to say so.
bool BudgetChoice::learn_gains(bool is_of_rate) {
  if (epoch_.waits == 0 || is_exploring()) return false;
  bool is_new = false;
  const std::uint64_t together = std::min(epoch_.packets - epoch_.waits, epoch_.waits);
  for (std::size_t i = 1; i < count_; ++i) {
    const std::uint64_t close = budgets_[i] > current() ? epoch_.close[i] : together;
    const std::uint64_t share = close * 1000 / epoch_.waits;
    shares_[i] = is_of_rate && !is_round_ ? (3 * shares_[i] + share) / 4 : share;
    const bool gains = shares_[i] >= (gains_[i] ? kMinGainKept : kMinGain);
    is_new = is_new || (gains && !gains_[i]);
    gains_[i] = gains;
  }
  return is_new;
}

void BudgetChoice::follow_rate(std::uint64_t rate, std::uint64_t now_us) {
  const bool is_far = rate > 2 * rate_ || 2 * rate < rate_;
  rate_ = rate;
  level_ = static_cast<std::size_t>(std::bit_width(static_cast<std::uint32_t>(rate)));
  odd_prices_ = 0;
  current_ = chosen_;
  const std::array<Price, kMaxBudgets>& prices = prices_[level_];
  const bool is_known = std::any_of(prices.begin(), prices.end(), [&](const Price& price) {
    return price.ns != 0 && now_us - price.looked_us < kFreshUs;
  });
  if (is_known) return choose(best(), now_us);
  if (rate * static_cast<std::uint64_t>(kGuess.count()) < kGuessPackets * kUsPerSecond)
    choose(0, now_us);
  wants_round_ = true;
  if (is_far) look_at_all(now_us);
}

void BudgetChoice::follow_price(std::uint64_t price_ns, std::uint64_t now_us) {
  const Price& known = prices_[level_][chosen_];
  if (known.ns == 0 || !has_changed_by_a_third(price_ns, known.ns)) {
    odd_prices_ = 0;
  } else if (++odd_prices_ < kOddPrices) {
    return;
  } else {  // the machine is another one
    odd_prices_ = 0;
    for (auto& prices : prices_) prices.fill({});
    wants_round_ = true;
  }
  record_price(price_ns, now_us);
}

void BudgetChoice::record_price(std::uint64_t price_ns, std::uint64_t now_us) {
  Price& price = prices_[level_][current_];
  const std::uint64_t ns = std::max<std::uint64_t>(price_ns, 1);
  const bool is_fresh =
      price.ns != 0 && price.looked_us >= round_us_ && !has_changed_by_a_third(ns, price.ns);
  price.ns = is_fresh ? (3 * price.ns + ns) / 4 : ns;
  price.looked_us = now_us;
}

// ---- What comes next.

// An epoch of the choice is to tell of the rate. Bursts spoil one look after another, so it costs
// the time that it took all the same.
void BudgetChoice::give_up_look(std::uint64_t now_us, std::uint64_t took_us) {
  is_second_look_ = false;
  current_ = chosen_;
  look_us_ += took_us;
  delay_next_look(now_us);
}

void BudgetChoice::delay_next_look(std::uint64_t now_us) {
  const std::uint64_t apart_us = std::exchange(look_us_, 0) * kTimeBetweenLooks;
  next_look_us_ = now_us + std::clamp(kMaxLooksApartUs, apart_us * 2 / 3, apart_us);
}

void BudgetChoice::look_at_all(std::uint64_t now_us) {
  is_round_ = true;
  round_looks_.fill(0);
  wants_round_ = is_second_look_ = false;
  round_us_ = now_us;
}

void BudgetChoice::plan_next(std::uint64_t now_us, std::uint64_t took_us) {
  if (wants_round_ && now_us - round_us_ >= kMinRoundsApartUs) look_at_all(now_us);
  if (is_round_) {
    current_ = next_of_round();
    if (current_ < count_) {
      ++round_looks_[current_];
      return;
    }
    is_round_ = false;
    current_ = chosen_;
    choose(best(), now_us);
    changed_us_ = now_us - kMinDwellUs + kMinChosenUs;  // what turns out wrong is put right soon
    next_look_us_ = now_us + kMinChosenUs;
    return;
  }
  if (is_exploring()) return end_look(now_us, took_us);
  if (!gains_[chosen_] || now_us - changed_us_ >= kMinDwellUs) choose(best(), now_us);
  if (now_us >= next_look_us_) current_ = chosen_ != 0 ? 0 : next_in_turn();
}

// One look may be wrong: what would change the choice is looked at once more.
void BudgetChoice::end_look(std::uint64_t now_us, std::uint64_t took_us) {
  look_us_ += took_us;
  if (best() == current_ && !std::exchange(is_second_look_, true)) return;
  if (now_us - changed_us_ >= kMinDwellUs) choose(best(), now_us);
  is_second_look_ = false;
  const bool was_at_once = current_ == 0;
  current_ = chosen_;
  if (!was_at_once && chosen_ != 0) return;  // it came behind one
  delay_next_look(now_us);
  if (was_at_once && chosen_ != 0 && ++looks_ % kLooksAtOnce == 0) current_ = next_in_turn();
}

// All once, and then all again: a single look may be wrong.
std::size_t BudgetChoice::next_of_round() const {
  for (int looks = 0; looks < kLooksOfRound; ++looks) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (gains_[i] && round_looks_[i] == looks) return i;
    }
  }
  return count_;
}

// One of the longer budgets; the choice where no other can gain anything.
std::size_t BudgetChoice::next_in_turn() {
  for (std::size_t tries = 0; tries < count_; ++tries) {
    turn_ = turn_ + 1 < count_ ? turn_ + 1 : 1;
    if (turn_ < count_ && turn_ != chosen_ && gains_[turn_]) return turn_;
  }
  return chosen_;
}

std::size_t BudgetChoice::best() const {
  const std::array<Price, kMaxBudgets>& prices = prices_[level_];
  std::size_t cheapest = count_;
  for (std::size_t i = 0; i < count_; ++i) {
    if (prices[i].ns == 0 || !gains_[i]) continue;
    if (cheapest == count_ || prices[i].ns < prices[cheapest].ns) cheapest = i;
  }
  if (!gains_[chosen_]) return 0;
  if (cheapest == count_) return chosen_;
  const std::uint64_t least = prices[cheapest].ns;
  const auto costs_at_most = [&](std::size_t candidate, std::uint64_t percent) {
    return prices[candidate].ns != 0 && prices[candidate].ns * 100 <= least * percent;
  };
  if (costs_at_most(0, chosen_ == 0 ? kAtOnceStays : kAtOnceWins)) return 0;
  if (chosen_ != 0 && costs_at_most(chosen_, kChoiceStays)) return chosen_;
  return cheapest;
}

void BudgetChoice::choose(std::size_t candidate, std::uint64_t now_us) {
  if (candidate == chosen_) return;
  if (current_ == chosen_) current_ = candidate;
  chosen_ = candidate;
  changed_us_ = now_us;
  ++changes_;
}

}  // namespace ringpeer::wait
