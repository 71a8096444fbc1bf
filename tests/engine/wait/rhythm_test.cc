// What a worker learns of a consumer that only looks: its ticks, their period and phase, and when
// to look next.

#include "ringpeer/engine/wait/rhythm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

#include "ringpeer/engine/wait/consumer_pace.h"
#include "ringpeer/engine/wait/inflow.h"

namespace ringpeer::wait {
namespace {

constexpr std::uint64_t kFrameUs = 16'667;

// How an application comes for its packets in a frame.
enum class Habit {
  kUntilEmpty,  // a look that finds something, work, a look that finds nothing
  kExactCount,  // as many as the first look tells of
  kManyPeers,   // a look for each of its peers, most of which find nothing
};

class RhythmTest : public testing::TestWithParam<Habit> {
 protected:
  void look(bool found) {
    if (pace_.wants_looks()) pace_.record_look(now_us_, found);
  }
  // One frame with its work, which begins now.
  void frame(std::uint64_t work_us = 4000, bool has_packets = true) {
    const std::uint64_t begun = now_us_;
    look(has_packets);
    switch (GetParam()) {
      case Habit::kUntilEmpty:
        now_us_ += work_us;
        look(false);
        break;
      case Habit::kExactCount:
        break;
      case Habit::kManyPeers:
        for (int i = 0; i < 100; ++i) {
          now_us_ += work_us / 100;
          look(false);
        }
        break;
    }
    rhythm_.observe(pace_.last_tick());
    begun_us_ = begun;
  }
  void frames(int count, std::uint64_t period_us) {
    for (int i = 0; i < count; ++i) {
      frame(std::min<std::uint64_t>(4000, period_us / 3));
      now_us_ = begun_us_ + period_us;
    }
  }
  bool is_known() const { return rhythm_.is_known(now_us_); }

  std::uint64_t now_us_ = 5'000'000;
  std::uint64_t begun_us_ = 0;
  ConsumerPace pace_;
  Rhythm rhythm_;
};

std::string name_of_habit(const testing::TestParamInfo<Habit>& info) {
  switch (info.param) {
    case Habit::kUntilEmpty:
      return "UntilEmpty";
    case Habit::kExactCount:
      return "ExactCount";
    case Habit::kManyPeers:
      return "ManyPeers";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(Habits, RhythmTest,
                         testing::Values(Habit::kUntilEmpty, Habit::kExactCount, Habit::kManyPeers),
                         name_of_habit);

TEST_P(RhythmTest, IsKnownAfterAFewFrames) {
  frames(6, kFrameUs);
  ASSERT_TRUE(is_known());
  EXPECT_EQ(rhythm_.period_us(), kFrameUs);
  EXPECT_EQ(rhythm_.last_us(), begun_us_);
}

TEST_P(RhythmTest, OfEveryPeriodThatGamesHave) {
  for (const int hertz : {10, 20, 30, 50, 60, 100, 120, 144, 240}) {
    const std::uint64_t period_us = 1'000'000 / static_cast<std::uint64_t>(hertz);
    frames(12, period_us);
    ASSERT_TRUE(is_known()) << hertz;
    EXPECT_NEAR(static_cast<double>(rhythm_.period_us()), static_cast<double>(period_us),
                static_cast<double>(period_us) / 100)
        << hertz;
  }
}

TEST_P(RhythmTest, IsKnownAgainTwoPeriodsAfterAStall) {
  for (const std::uint64_t stall_us : {50'000, 300'000, 1'000'000, 20'000'000}) {
    for (const std::uint64_t period_us : {kFrameUs, 2 * kFrameUs}) {
      frames(10, kFrameUs);
      ASSERT_TRUE(is_known());
      now_us_ = begun_us_ + stall_us;
      EXPECT_EQ(is_known(), stall_us < 3 * kFrameUs + 1) << stall_us;
      frames(4, period_us);
      ASSERT_TRUE(is_known()) << stall_us << " then " << period_us;
      EXPECT_NEAR(static_cast<double>(rhythm_.period_us()), static_cast<double>(period_us),
                  static_cast<double>(period_us) / 100);
    }
  }
}

TEST_P(RhythmTest, SurvivesFramesThatAreEarlyLateOrLeftOut) {
  std::mt19937 random(3);
  frames(6, kFrameUs);
  const std::uint64_t phase_us = begun_us_;
  for (std::uint64_t i = 1; i < 500; ++i) {
    if (i % 20 == 0) continue;
    now_us_ = phase_us + i * kFrameUs + random() % 800;
    ASSERT_TRUE(is_known()) << i;
    frame(3000 + random() % 3000);
    ASSERT_TRUE(is_known()) << i;
    ASSERT_LE(rhythm_.deviation_us(), 800U) << i;
  }
}

TEST_P(RhythmTest, QuietFramesChangeNothing) {
  frames(6, kFrameUs);
  for (int i = 0; i < 100; ++i) {
    frame(i % 3 == 0 ? 10 : 4000, i % 3 != 0);
    now_us_ = begun_us_ + kFrameUs;
    ASSERT_TRUE(is_known()) << i;
  }
}

TEST_P(RhythmTest, NoneInLooksAtRandomTimes) {
  std::mt19937 random(4);
  int known = 0;
  for (int i = 0; i < 1000; ++i) {
    frame(10);
    now_us_ = begun_us_ + 1000 + random() % 40'000;
    known += is_known() ? 1 : 0;
  }
  EXPECT_LT(known, 400);
}

TEST_P(RhythmTest, AWaitEndsIt) {
  frames(6, kFrameUs);
  EXPECT_FALSE(pace_.waits());
  ASSERT_TRUE(pace_.begin_lull());
  EXPECT_TRUE(pace_.begin_wait());  // to be woken
  pace_.end_lull();
  EXPECT_TRUE(pace_.waits());
  EXPECT_FALSE(pace_.begin_lull());
  EXPECT_FALSE(pace_.begin_wait());  // the worker knows
  frames(30, kFrameUs);              // it only looks again
  EXPECT_FALSE(pace_.waits());
  EXPECT_TRUE(is_known());
  EXPECT_FALSE(pace_.begin_watch());
  frames(100, kFrameUs);
  EXPECT_TRUE(pace_.waits());  // an event loop watches for good
}

// However many looks it takes between two waits, for ten peers each, and though they take long.
TEST(ConsumerPace, WhoWaitsInEachRoundOnlyWaits) {
  ConsumerPace pace;
  std::uint64_t now_us = 1000;
  for (int round = 0; round < 100; ++round) {
    static_cast<void>(pace.begin_wait());
    now_us += kFrameUs;
    for (int look = 0; look < 40; ++look) {
      now_us += 10;
      if (pace.wants_looks()) pace.record_look(now_us, look % 2 == 0);
      ASSERT_TRUE(pace.waits()) << round;
    }
  }
}

// Work that is taken in three parts, each longer than a pause: frames all the same.
TEST_P(RhythmTest, FramesWithSeveralLooksThatFindSomething) {
  frames(10, kFrameUs);
  begun_us_ += kFrameUs;
  for (int i = 0; i < 200; ++i) {
    // One that finds nothing is much longer.
    if (i == 50) {
      now_us_ = begun_us_;
      look(false);
      begun_us_ += 4 * kFrameUs;
    }
    for (const std::uint64_t at_us : {0, 3000, 6000}) {
      now_us_ = begun_us_ + at_us;
      look(true);
    }
    rhythm_.observe(pace_.last_tick());
    begun_us_ += kFrameUs;
    if (i < 20 || (i >= 50 && i < 60)) continue;
    ASSERT_TRUE(is_known()) << i;
    ASSERT_EQ(rhythm_.period_us(), kFrameUs) << i;
  }
}

TEST(ConsumerPace, ALoopThatLooksWithoutAPauseHasNoTicks) {
  ConsumerPace pace;
  const ConsumerPace::Tick before = pace.last_tick();
  for (std::uint64_t us = 100; us < 100'000; us += 100) pace.record_look(us, us % 300 == 0);
  EXPECT_EQ(pace.last_tick().number, before.number);
}

// ---- What follows from it.

class InflowTest : public testing::Test {
 protected:
  // Frames that take what comes, so that the rhythm is known; the last one is at last_us_.
  void learn(std::uint64_t period_us = kFrameUs) {
    for (int i = 0; i < 15; ++i) {
      last_us_ += period_us;
      pace_.record_look(last_us_, true);
      inflow_.end_look(last_us_ + 10);
    }
    ASSERT_TRUE(inflow_.rhythm().is_known(last_us_));
  }

  std::uint64_t last_us_ = 1'000'000;
  ConsumerPace pace_;
  Inflow inflow_{&pace_};
};

TEST_F(InflowTest, LooksAtEqualDistancesAndJustBeforeTheTick) {
  constexpr std::uint64_t kLongest = 4167;
  constexpr std::uint64_t kLead = 200;
  constexpr std::uint64_t kWork = 20;
  for (const std::uint64_t period_us : {2'000, 8'333, 16'667, 33'333, 100'000}) {
    SCOPED_TRACE(period_us);
    learn(period_us);
    const std::uint64_t tick_us = last_us_ + inflow_.rhythm().period_us();
    std::uint64_t now_us = last_us_ - kLead + kWork;  // the last look before the one that is known
    std::uint64_t looks = 0;
    std::uint64_t nearest_us = 0;
    while (now_us < tick_us) {
      const std::uint64_t next_us = inflow_.next_look_us(now_us, kLongest, {kLead, 0});
      ASSERT_GT(next_us, now_us);
      ASSERT_LE(next_us - now_us, std::min(kLongest, period_us / 4) * 5 / 4);
      if (next_us < tick_us) nearest_us = next_us;
      now_us = next_us + kWork;
      ++looks;
    }
    EXPECT_NEAR(static_cast<double>(nearest_us), static_cast<double>(tick_us - kLead), 30);
    EXPECT_LE(looks, std::max<std::uint64_t>(4, period_us / kLongest + 1) + 1);
  }
}

TEST_F(InflowTest, ASleepFillsAQuarterOfTheBufferAtMost) {
  learn();
  constexpr std::uint64_t kBuffer = 212'992;  // the default: 256 small packets
  inflow_.set_buffer(kBuffer);
  EXPECT_LE(inflow_.longest_sleep_us() * 100'000, 256 * 1'000'000U) << "of a sudden flood";
  for (const std::uint64_t bytes : {32, 512, 1200}) {
    for (const std::uint64_t rate : {10'000, 100'000}) {
      for (int i = 0; i < 100; ++i) {  // one millisecond each
        inflow_.record(rate / 1000, rate / 1000 * bytes);
        inflow_.end_look(last_us_ += 1000);
      }
      const std::uint64_t comes = inflow_.longest_sleep_us() * rate / 1'000'000;
      EXPECT_LE(comes * kernel_charge(bytes), kBuffer / 4) << bytes << " " << rate;
      EXPECT_GE((comes + 2) * kernel_charge(bytes),
                std::min(kBuffer / 4, rate * kernel_charge(bytes) * 2 / 1000))
          << bytes << " " << rate;
    }
  }
}

// As SO_MEMINFO shows them.
TEST(KernelCharge, IsWhatTheKernelCounts) {
  EXPECT_EQ(kernel_charge(0), 832U);
  EXPECT_EQ(kernel_charge(64), 832U);
  EXPECT_EQ(kernel_charge(512), 1280U);
  EXPECT_EQ(kernel_charge(1200), 2304U);
}

}  // namespace
}  // namespace ringpeer::wait
