// The search for the knee against servers that are a formula.

#include "ringpeer/tools/load/load_steps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace ringpeer::tools {
namespace {

// A server that keeps the goal up to its capacity, and a generator that is up to its own.
struct Machine {
  double capacity = 0;
  double generator = 1e9;
  double noise = 0;  // how often a step goes wrong that should not
  int measured = 0;
  double least = 1e9;  // of the rates that were tried
  double most = 0;
  std::mt19937 random{3};

  std::optional<LoadStep> measure(double rate) {
    ++measured;
    least = std::min(least, rate);
    most = std::max(most, rate);
    LoadStep step;
    step.offered_per_s = rate;
    step.valid = rate <= generator;
    const bool unlucky = std::uniform_real_distribution<>(0, 1)(random) < noise;
    if (step.valid) step.holds = rate <= capacity && !unlucky;
    return step;
  }
};

FindMaxResult search(Machine* machine, const RateRange& range) {
  return find_max(range, {}, [machine](double rate) { return machine->measure(rate); });
}

TEST(FindMaxTest, FindsAndVerifiesTheCapacity) {
  for (const double capacity : {100.0, 137.0, 5000.0, 99'999.0}) {
    Machine machine{.capacity = capacity};
    const FindMaxResult found = search(&machine, {100, 1e6});
    ASSERT_TRUE(found.knee_per_s.has_value()) << capacity;
    EXPECT_LE(*found.knee_per_s, capacity);
    EXPECT_GE(*found.knee_per_s, capacity / (1 + kKneeTolerance) / 1.001);
    EXPECT_EQ(found.limited_by, KneeLimit::kTarget);
    EXPECT_TRUE(found.is_verified());
    EXPECT_LT(machine.measured, 60);
  }
}

TEST(FindMaxTest, APauseIsNotTakenForTheKnee) {
  int near = 0;
  constexpr unsigned kSearches = 20;
  for (unsigned seed = 0; seed < kSearches; ++seed) {
    Machine machine{.capacity = 20'000, .noise = 0.05};
    machine.random.seed(seed);
    const FindMaxResult found = search(&machine, {100, 1e6});
    if (found.knee_per_s && *found.knee_per_s > 15'000) ++near;
  }
  EXPECT_GE(near, 18);
}

TEST(FindMaxTest, SaysWhenTheGeneratorIsTheLimit) {
  Machine machine{.capacity = 1e9, .generator = 40'000};
  const FindMaxResult found = search(&machine, {100, 1e6});
  EXPECT_EQ(found.limited_by, KneeLimit::kGenerator);
  ASSERT_TRUE(found.knee_per_s.has_value());
  EXPECT_LE(*found.knee_per_s, 40'000);
  EXPECT_TRUE(found.verified.empty());
  // The target's knee is below, but 1.25 of it cannot be offered: not verified either.
  Machine near{.capacity = 39'000, .generator = 40'000};
  EXPECT_EQ(search(&near, {100, 1e6}).limited_by, KneeLimit::kGenerator);
}

TEST(FindMaxTest, SaysWhenTheRangeIsTheLimit) {
  Machine strong{.capacity = 1e9};
  const FindMaxResult all = search(&strong, {100, 1000});
  EXPECT_EQ(all.limited_by, KneeLimit::kRange);
  EXPECT_EQ(all.knee_per_s, 1000);
  Machine weak{.capacity = 50};
  const FindMaxResult none = search(&weak, {100, 1000});
  EXPECT_EQ(none.limited_by, KneeLimit::kRange);
  EXPECT_FALSE(none.knee_per_s.has_value());
  Machine late{.capacity = 50, .generator = 10};
  EXPECT_EQ(search(&late, {100, 1000}).limited_by, KneeLimit::kGenerator);
}

TEST(FindMaxTest, EndsWhenTheRunIsToEnd) {
  for (int last = 0; last < 40; ++last) {
    Machine machine{.capacity = 5000};
    int steps = 0;
    const FindMaxResult found =
        find_max({100, 1e6}, {}, [&](double rate) -> std::optional<LoadStep> {
          if (steps++ >= last) return std::nullopt;
          return machine.measure(rate);
        });
    EXPECT_LE(steps, last + 1);
    EXPECT_EQ(found.knee_per_s.has_value(), steps <= last);
    // Whatever was found before is not what limits it.
    EXPECT_EQ(found.limited_by == KneeLimit::kStopped, steps > last) << last;
    if (steps > last) {
      EXPECT_TRUE(found.verified.empty()) << last;
    }
  }
}

// More than the range, or than a client may send, is offered by no step, whatever goes wrong.
TEST(FindMaxTest, NoStepIsOutOfTheRange) {
  for (const RateRange& range : {RateRange{2000, 10'000}, RateRange{100, 100}, RateRange{7, 8}}) {
    for (const double share : {0.5, 1.0, 1.01, 1.3, 4.7, 4.99, 5.0, 6.0}) {
      for (unsigned seed = 0; seed < 30; ++seed) {
        Machine machine{.capacity = range.least * share, .noise = seed % 3 * 0.2};
        machine.random.seed(seed);
        const FindMaxResult found = search(&machine, range);
        EXPECT_GE(machine.least, range.least);
        EXPECT_LE(machine.most, range.most);
        if (!found.knee_per_s) continue;
        EXPECT_GE(*found.knee_per_s, range.least);
        EXPECT_LE(*found.knee_per_s, range.most);
      }
    }
  }
}

// The report says which multiples were tried.
TEST(FindMaxTest, AKneeNearTheEndOfTheRangeIsVerifiedAtIt) {
  Machine machine{.capacity = 9500};
  const FindMaxResult found = search(&machine, {2000, 10'000});
  ASSERT_TRUE(found.knee_per_s.has_value());
  EXPECT_EQ(found.limited_by, KneeLimit::kTarget);
  ASSERT_TRUE(found.is_verified());
  EXPECT_EQ(found.verified[0].factor, 0.8);
  EXPECT_DOUBLE_EQ(found.verified[1].factor * *found.knee_per_s, 10'000);
}

// A highest rate that failed when it was tried first, and holds ever after.
TEST(FindMaxTest, WhatHoldsInTheVerificationIsNoLimitOfTheTarget) {
  int failures = 2;
  const FindMaxResult found = find_max({6000, 10'000}, {}, [&](double rate) {
    LoadStep step;
    step.holds = rate < 9900 || failures-- <= 0;
    return std::optional<LoadStep>(step);
  });
  EXPECT_EQ(found.limited_by, KneeLimit::kRange);
  EXPECT_EQ(found.knee_per_s, 10'000);
  EXPECT_TRUE(found.verified.empty());
}

TEST(RampTest, StepsAreOfOneFactor) {
  const std::vector<double> rates = ramp_rates({100, 10'000}, 5);
  ASSERT_EQ(rates.size(), 5U);
  EXPECT_EQ(rates.front(), 100);
  EXPECT_EQ(rates.back(), 10'000);
  for (std::size_t i = 1; i < rates.size(); ++i) {
    EXPECT_NEAR(rates[i] / rates[i - 1], std::sqrt(10.0), 1e-6);
  }
  EXPECT_EQ(ramp_rates({100, 100}, 3), (std::vector<double>{100, 100, 100}));
  EXPECT_EQ(ramp_rates({100, 200}, 1), (std::vector<double>{100}));
}

}  // namespace
}  // namespace ringpeer::tools
