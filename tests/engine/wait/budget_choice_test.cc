#include "ringpeer/engine/wait/budget_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "ringpeer/tests/engine/wait/priced_machine.h"

namespace ringpeer::wait {
namespace {

using std::chrono::microseconds;

constexpr std::uint64_t kConsumerNs = 3000;  // each wait with packets wakes one
constexpr std::uint64_t kMillisecond = 1000;
constexpr std::uint64_t kSecond = 1'000'000;

using Prices = PricedMachine::Prices;
using Arrivals = PricedMachine::Arrivals;

// A machine that wakes at a low price, and one whose CPUs have other work: there a timer is the
// better way.
constexpr Prices kQuiet{4000, 12000, 600};
constexpr Prices kBusy{12000, 9000, 600};

struct Outcome {
  std::uint64_t price = 0;
  bool comes_together = false;
};

// What a packet costs with one budget for good.
Outcome outcome_of(microseconds budget, const Prices& prices, const Arrivals& arrivals) {
  PricedMachine machine(1);
  machine.set_prices(prices);
  machine.set_arrivals(arrivals);
  std::uint64_t packets = 0;
  std::uint64_t waits = 0;
  const std::uint64_t begun_ns = machine.cpu_ns();
  while (packets < 20'000) {
    const std::uint64_t brought = machine.wait(budget).packets;
    packets += brought;
    waits += brought > 0 ? 1 : 0;
  }
  return {(machine.cpu_ns() - begun_ns + waits * kConsumerNs) / packets,
          packets * 100 > waits * 120};
}

class BudgetChoiceTest : public testing::Test {
 protected:
  explicit BudgetChoiceTest(microseconds bound = microseconds(200)) : choice_(bound) {
    machine_.set_prices(kQuiet);
    machine_.set_arrivals({});
    choice_.begin(machine_.now_us(), machine_.cpu_ns());
  }

  void run(std::uint64_t us) {
    const std::uint64_t end = machine_.now_us() + us;
    while (machine_.now_us() < end) {
      const std::uint64_t before = machine_.now_us();
      const bool exploring = choice_.is_exploring();
      const std::uint64_t packets = machine_.wait(choice_.current()).packets;
      choice_.record_wait(machine_.now_us(), packets, packets > 0 ? 1 : 0);
      (exploring ? explored_us_ : chosen_us_) += machine_.now_us() - before;
      if (choice_.is_epoch_over(machine_.now_us())) {
        choice_.end_epoch(machine_.now_us(), machine_.cpu_ns(), kConsumerNs);
      }
    }
  }
  void set(const Prices& prices, const Arrivals& arrivals) {
    prices_ = prices;
    arrivals_ = arrivals;
    machine_.set_prices(prices);
    machine_.set_arrivals(arrivals);
  }
  // The choice against every candidate.
  void expect_good(const std::string& what) {
    std::map<microseconds, std::uint64_t> prices;
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    // Of those in which something comes together.
    std::uint64_t least_worth_a_look = least;
    for (const microseconds budget : choice_.candidates()) {
      const Outcome outcome = outcome_of(budget, prices_, arrivals_);
      prices[budget] = outcome.price;
      least = std::min(least, outcome.price);
      if (budget.count() == 0 || outcome.comes_together) {
        least_worth_a_look = std::min(least_worth_a_look, outcome.price);
      }
    }
    const std::uint64_t chosen = prices[choice_.chosen()];
    EXPECT_LE(chosen * 100, least_worth_a_look * 118)
        << what << ": chose " << choice_.chosen().count();
    if (prices[microseconds(0)] * 100 <= least * 105) {
      EXPECT_EQ(choice_.chosen().count(), 0) << what << ": waking at once costs no more";
    }
  }

  PricedMachine machine_{7};
  BudgetChoice choice_;
  Prices prices_ = kQuiet;
  Arrivals arrivals_;
  std::uint64_t explored_us_ = 0;
  std::uint64_t chosen_us_ = 0;
};

TEST_F(BudgetChoiceTest, FindsWhatCostsLeast) {
  for (const Prices& prices :
       {kQuiet, kBusy, Prices{3000, 40000, 500}, Prices{17000, 20000, 900}}) {
    for (const double rate : {1e3, 5e3, 1e4, 3e4, 1e5, 3e5}) {
      for (const bool even : {true, false}) {
        set(prices, {rate, even});
        run(4 * kSecond);
        expect_good("rate " + std::to_string(rate) + " wake " + std::to_string(prices.wake) +
                    (even ? " even" : " random"));
      }
    }
  }
}

TEST_F(BudgetChoiceTest, FollowsAStepOfTheLoad) {
  set(kBusy, {1e3});
  run(3 * kSecond);
  expect_good("before");
  for (int i = 0; i < 5; ++i) {
    set(kBusy, {1e5});
    run(200 * kMillisecond);
    expect_good("100,000/s, step " + std::to_string(i));
    run(2 * kSecond);
    set(kBusy, {1e3});
    run(200 * kMillisecond);
    expect_good("1,000/s, step " + std::to_string(i));
    run(2 * kSecond);
  }
}

TEST_F(BudgetChoiceTest, FollowsAChangeOfTheMachine) {
  for (const double rate : {1e4, 1e5}) {
    set(kQuiet, {rate});
    run(3 * kSecond);
    for (int i = 0; i < 5; ++i) {
      for (const Prices& prices : {kBusy, kQuiet}) {
        set(prices, {rate});
        run(kSecond);
        expect_good("rate " + std::to_string(rate) + ", wake " + std::to_string(prices.wake));
        run(2 * kSecond);
      }
    }
  }
}

TEST_F(BudgetChoiceTest, LooksAtOthersForOneOrTwoPercentOfTheTime) {
  for (const double rate : {1e3, 1e4, 1e5}) {
    for (const Prices& prices : {kQuiet, kBusy}) {
      set(prices, {rate, false});
      run(3 * kSecond);
      explored_us_ = chosen_us_ = 0;
      const std::uint64_t changes = choice_.changes();
      run(60 * kSecond);
      EXPECT_LE(static_cast<double>(explored_us_),
                0.025 * static_cast<double>(explored_us_ + chosen_us_))
          << rate << " wake " << prices.wake;
      EXPECT_LE(choice_.changes() - changes, 120U) << rate << " wake " << prices.wake;
    }
  }
}

// A look that meets a burst, or a pause, is too short to tell of the rate. It is given up, but has
// taken its time. (With smaller bursts it is the rate itself that changes from epoch to epoch.)
TEST_F(BudgetChoiceTest, LooksThatBurstsSpoilComeNoMoreOften) {
  for (const std::uint64_t burst : {50U, 100U, 200U}) {
    for (const double rate : {1e4, 1e5}) {
      set(kBusy, {rate, false, burst});
      run(3 * kSecond);
      explored_us_ = chosen_us_ = 0;
      run(60 * kSecond);
      EXPECT_LE(static_cast<double>(explored_us_),
                0.025 * static_cast<double>(explored_us_ + chosen_us_))
          << burst << " at a time, " << rate;
    }
  }
}

}  // namespace
}  // namespace ringpeer::wait
