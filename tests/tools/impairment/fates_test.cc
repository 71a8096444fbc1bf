// What becomes of a datagram, over many seeds: as often and as long as was asked for, and always
// the same for the same seed.

#include "ringpeer/tools/impairment/fates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kSeeds = 20;
constexpr std::uint64_t kDatagrams = 20'000;
constexpr std::size_t kSize = 100;

auto all_of(const Fate& fate) {
  return std::tuple(fate.lost, fate.duplicated, fate.held_back, fate.size, fate.turned_bit,
                    fate.delay, fate.delay_of_copy);
}

std::vector<Fate> fates_of(const Impairment& impairment, std::uint64_t seed,
                           std::uint64_t client = 1, Direction way = Direction::kToServer,
                           std::uint64_t count = kDatagrams) {
  Fates fates(impairment, seed, client, way);
  std::vector<Fate> all;
  for (std::uint64_t i = 0; i < count; ++i) all.push_back(fates.next(kSize));
  return all;
}

Impairment everything() {
  Impairment impairment;
  impairment.loss = 0.1;
  impairment.burst = 3;
  impairment.delay = milliseconds(50);
  impairment.jitter = milliseconds(10);
  impairment.duplicate = 0.2;
  impairment.reorder = 0.3;
  impairment.truncate = 0.4;
  impairment.corrupt = 0.5;
  return impairment;
}

TEST(FatesTest, NothingAskedForNothingDone) {
  for (const Fate& fate : fates_of(Impairment(), 1)) {
    Fate untouched;
    untouched.size = kSize;
    ASSERT_EQ(all_of(fate), all_of(untouched));
  }
}

TEST(FatesTest, ASeedDecidesTheSameAgainAndAnotherDoesNot) {
  const auto differ = [](const std::vector<Fate>& a, const std::vector<Fate>& b) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < a.size(); ++i) count += all_of(a[i]) != all_of(b[i]) ? 1U : 0U;
    return count;
  };
  for (const JitterShape shape : {JitterShape::kUniform, JitterShape::kNormal}) {
    Impairment impairment = everything();
    impairment.shape = shape;
    const std::vector<Fate> first = fates_of(impairment, 7, 3);
    EXPECT_EQ(differ(first, fates_of(impairment, 7, 3)), 0U);
    // Every delay at the least is another one.
    EXPECT_GT(differ(first, fates_of(impairment, 8, 3)), kDatagrams * 9 / 10);
    EXPECT_GT(differ(first, fates_of(impairment, 7, 4)), kDatagrams * 9 / 10);
    EXPECT_GT(differ(first, fates_of(impairment, 7, 3, Direction::kToClient)), kDatagrams * 9 / 10);
  }
}

// These are what a seed decides on every machine: a saved seed must not come to mean another run.
TEST(FatesTest, TheDecisionsOfASeedDoNotChangeWithTheProgram) {
  Impairment impairment = everything();
  impairment.burst = 0;
  std::string decisions;
  for (const Fate& fate : fates_of(impairment, 1, 1, Direction::kToServer, 48)) {
    decisions += fate.lost ? 'x' : fate.duplicated ? '2' : fate.held_back ? 'h' : '.';
  }
  EXPECT_EQ(decisions, "x.hx2.h...h...2.2.2..xh...x2h.x2....2x2.hh..x.x2");
}

TEST(FatesTest, ASettingMovesOnlyWhatItIsAbout) {
  Impairment less = everything();
  less.burst = 0;
  Impairment more = less;
  more.loss = 0.3;
  more.truncate = 0;
  const std::vector<Fate> before = fates_of(less, 5);
  const std::vector<Fate> after = fates_of(more, 5);
  for (std::size_t i = 0; i < before.size(); ++i) {
    ASSERT_TRUE(after[i].lost || !before[i].lost) << i;
    ASSERT_EQ(after[i].size, kSize) << i;
    ASSERT_EQ(std::tuple(before[i].delay, before[i].duplicated, before[i].held_back),
              std::tuple(after[i].delay, after[i].duplicated, after[i].held_back))
        << i;
  }
}

// Each share lies within five standard deviations of what was asked for: over all seeds together,
// one run of this test in a million may fail, and always for the same seed.
TEST(FatesTest, SharesAreWhatWasAskedFor) {
  Impairment impairment = everything();
  impairment.burst = 0;
  struct Case {
    const char* name;
    double asked;
    bool (*happened)(const Fate&);
  };
  const Case cases[] = {
      {"lost", impairment.loss, [](const Fate& fate) { return fate.lost; }},
      {"duplicated", impairment.duplicate, [](const Fate& fate) { return fate.duplicated; }},
      {"held back", impairment.reorder, [](const Fate& fate) { return fate.held_back; }},
      {"truncated", impairment.truncate, [](const Fate& fate) { return fate.size < kSize; }},
  };
  for (const Case& c : cases) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const std::vector<Fate> fates = fates_of(impairment, seed);
      const auto count = static_cast<double>(std::ranges::count_if(fates, c.happened));
      const double bound = 5 * std::sqrt(c.asked * (1 - c.asked) / kDatagrams);
      EXPECT_NEAR(count / kDatagrams, c.asked, bound) << c.name << ", seed " << seed;
    }
  }
}

TEST(FatesTest, AllOrNothingIsAllOrNothing) {
  Impairment impairment;
  impairment.loss = 1;
  impairment.duplicate = 1;
  impairment.truncate = 1;
  impairment.corrupt = 1;
  for (const Fate& fate : fates_of(impairment, 1)) {
    ASSERT_TRUE(fate.lost && fate.duplicated && fate.size < kSize);
    ASSERT_EQ(fate.turned_bit.has_value(), fate.size > 0);
  }
}

// No two fates of one datagram go together: else every lost one would also be, say, a late one.
TEST(FatesTest, FatesAreIndependent) {
  Impairment impairment = everything();
  impairment.burst = 0;
  impairment.loss = impairment.duplicate = impairment.reorder = 0.5;
  std::uint64_t counts[8] = {};
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const Fate& fate : fates_of(impairment, seed)) {
      ++counts[(fate.lost ? 1 : 0) + (fate.duplicated ? 2 : 0) + (fate.held_back ? 4 : 0)];
    }
  }
  const double all = static_cast<double>(kSeeds * kDatagrams);
  for (const std::uint64_t count : counts) {
    EXPECT_NEAR(static_cast<double>(count) / all, 0.125, 5 * std::sqrt(0.125 * 0.875 / all));
  }
}

struct Bursts {
  double share;
  double length;
};

Bursts bursts_of(const Impairment& impairment) {
  double lost = 0;
  double bursts = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    bool before = false;
    for (const Fate& fate : fates_of(impairment, seed)) {
      lost += fate.lost ? 1 : 0;
      bursts += fate.lost && !before ? 1 : 0;
      before = fate.lost;
    }
  }
  return {lost / (kSeeds * kDatagrams), lost / bursts};
}

TEST(FatesTest, BurstsHaveTheLengthAndTheShareThatWereAskedFor) {
  for (const double length : {1.0, 2.0, 5.0, 20.0}) {
    for (const double loss : {0.02, 0.2, 0.5}) {
      Impairment impairment;
      impairment.loss = loss;
      impairment.burst = length;
      const Bursts bursts = bursts_of(impairment);
      // Bursts are few where they are long: a tenth of the figure is their noise.
      EXPECT_NEAR(bursts.share, loss, 0.1 * loss) << loss << " " << length;
      EXPECT_NEAR(bursts.length, length, 0.1 * length) << loss << " " << length;
    }
  }
  Impairment alone;
  alone.loss = 0.2;
  EXPECT_NEAR(bursts_of(alone).length, 1 / 0.8, 0.02);
}

TEST(FatesTest, UniformJitterFillsItsRange) {
  Impairment impairment;
  impairment.delay = milliseconds(50);
  impairment.jitter = milliseconds(10);
  impairment.duplicate = 1;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    double sum = 0;
    std::chrono::nanoseconds least = milliseconds(1000);
    std::chrono::nanoseconds most{0};
    for (const Fate& fate : fates_of(impairment, seed)) {
      ASSERT_NE(fate.delay, fate.delay_of_copy);
      for (const auto delay : {fate.delay, fate.delay_of_copy}) {
        least = std::min(least, delay);
        most = std::max(most, delay);
        sum += static_cast<double>(delay.count()) / 1e6;
      }
    }
    EXPECT_GE(least, milliseconds(40));
    EXPECT_LT(least, milliseconds(40) + std::chrono::microseconds(100));
    EXPECT_LE(most, milliseconds(60));
    EXPECT_GT(most, milliseconds(60) - std::chrono::microseconds(100));
    EXPECT_NEAR(sum / (2 * kDatagrams), 50, 5 * 10 / std::sqrt(3.0 * 2 * kDatagrams));
  }
}

TEST(FatesTest, NormalJitterHasItsDeviationAndTails) {
  Impairment impairment;
  impairment.delay = milliseconds(50);
  impairment.jitter = milliseconds(10);
  impairment.shape = JitterShape::kNormal;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    double sum = 0;
    double squares = 0;
    double within_one = 0;
    for (const Fate& fate : fates_of(impairment, seed)) {
      const double deviation = (static_cast<double>(fate.delay.count()) / 1e6 - 50) / 10;
      sum += deviation;
      squares += deviation * deviation;
      within_one += std::abs(deviation) < 1 ? 1 : 0;
    }
    const double bound = 5 / std::sqrt(kDatagrams);
    EXPECT_NEAR(sum / kDatagrams, 0, bound);
    EXPECT_NEAR(squares / kDatagrams, 1, bound * std::sqrt(2.0));
    EXPECT_NEAR(within_one / kDatagrams, 0.6827, bound / 2);
  }
}

TEST(FatesTest, NoDelayIsNegative) {
  Impairment impairment;
  impairment.jitter = milliseconds(10);
  for (const JitterShape shape : {JitterShape::kUniform, JitterShape::kNormal}) {
    impairment.shape = shape;
    std::uint64_t none = 0;
    for (const Fate& fate : fates_of(impairment, 1)) {
      ASSERT_GE(fate.delay.count(), 0);
      none += fate.delay.count() == 0 ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(none) / kDatagrams, 0.5, 0.02);
  }
}

TEST(FatesTest, EverySizeAndBitComesAbout) {
  Impairment impairment;
  impairment.truncate = 1;
  impairment.corrupt = 1;
  std::vector<bool> sizes(kSize);
  std::vector<bool> bits(kSize * 8);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const Fate& fate : fates_of(impairment, seed)) {
      ASSERT_LT(fate.size, kSize);
      sizes[fate.size] = true;
      if (!fate.turned_bit) continue;
      ASSERT_LT(*fate.turned_bit, fate.size * 8);
      bits[*fate.turned_bit] = true;
    }
  }
  EXPECT_EQ(std::ranges::count(sizes, false), 0);
  EXPECT_EQ(std::ranges::count(bits, false), 8) << "the last byte alone always goes";
  Fates fates(impairment, 1, 1, Direction::kToServer);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(fates.next(0).size, 0U);
}

}  // namespace
}  // namespace ringpeer::tools
