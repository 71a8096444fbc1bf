#include "ringpeer/tools/measure/pacer.h"

#include <gtest/gtest.h>

#include "ringpeer/tools/measure/seconds_to_nanoseconds.h"

namespace ringpeer::tools {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const Pacer::Clock::time_point kStart{hours(1)};

TEST(PacerTest, TheFirstEventIsDueAtTheStart) {
  Pacer pacer(60, kStart, 100);
  EXPECT_EQ(pacer.take_due(kStart - nanoseconds(1)).count, 0U);
  const Pacer::Due due = pacer.take_due(kStart);
  EXPECT_EQ(due.first, 0U);
  EXPECT_EQ(due.count, 1U);
  EXPECT_EQ(pacer.take_due(kStart).count, 0U);
}

TEST(PacerTest, ADayAtSixtyHertzDoesNotDrift) {
  Pacer pacer(60, kStart, UINT64_MAX);
  std::uint64_t events = 0;
  // A caller that comes at odd moments.
  for (auto now = kStart; now < kStart + hours(24); now += nanoseconds(1'234'567'891)) {
    events += pacer.take_due(now).count;
  }
  events += pacer.take_due(kStart + hours(24)).count;
  EXPECT_EQ(events, 60U * 24 * 3600 + 1);
  EXPECT_EQ(pacer.missed(), 0U);
}

// Waiting until next_due() must always find exactly that event due, whatever the rate does
// to the rounding; otherwise a caller spins, or sends a packet twice.
TEST(PacerTest, EveryEventIsFoundAtItsOwnDueTime) {
  for (const double rate : {0.3, 7.0, 60.0, 144.0, 999.9, 20'000.0, 333'333.3}) {
    Pacer pacer(rate, kStart, 100);
    for (std::uint64_t event = 0; event < 50'000; ++event) {
      ASSERT_EQ(pacer.next_due(), pacer.due_time(event));
      const Pacer::Due due = pacer.take_due(pacer.next_due());
      ASSERT_EQ(due.first, event) << rate;
      ASSERT_EQ(due.count, 1U) << rate;
    }
  }
}

TEST(PacerTest, ALateCallerGetsTheNewestEventsAndTheRestCountAsMissed) {
  Pacer pacer(1000, kStart, 10);
  const Pacer::Due due = pacer.take_due(kStart + milliseconds(99));
  EXPECT_EQ(due.count, 10U);
  EXPECT_EQ(due.first, 90U);
  EXPECT_EQ(pacer.missed(), 90U);
  EXPECT_EQ(pacer.next_due(), kStart + milliseconds(100));
}

// Its second event is later than any clock says.
TEST(PacerTest, ARateNearZeroHasOneEvent) {
  for (const double rate : {1e-6, 1e-9, 1e-10, 1e-12, 1e-300, 5e-324}) {
    Pacer pacer(rate, kStart, 100);
    EXPECT_EQ(pacer.take_due(kStart).count, 1U) << rate;
    EXPECT_GE(pacer.next_due(), kStart + hours(24 * 7)) << rate;
    EXPECT_LE(pacer.next_due(), kStart + kMaxWait) << rate;
    EXPECT_GE(pacer.due_time(1000), pacer.next_due()) << rate;
    EXPECT_EQ(pacer.take_due(kStart + hours(24 * 7)).count, 0U) << rate;
    EXPECT_EQ(pacer.missed(), 0U) << rate;
  }
}

TEST(PacerTest, SleepingEndsNoEarlierThanTheDeadline) {
  const auto deadline = Pacer::Clock::now() + milliseconds(5);
  sleep_until_or_signal(deadline);
  const auto now = Pacer::Clock::now();
  EXPECT_GE(now, deadline);
  EXPECT_LT(now, deadline + seconds(5));
}

}  // namespace
}  // namespace ringpeer::tools
