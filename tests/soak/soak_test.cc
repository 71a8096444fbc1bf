// What a soak is judged by.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ringpeer/tests/soak/balance.h"
#include "ringpeer/tests/soak/footprint.h"

namespace ringpeer::soak {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;

std::vector<Footprint> minutes(std::size_t count) {
  return std::vector<Footprint>(count, Footprint{100 * kMebibyte, kMebibyte, 20});
}

TEST(SoakTest, MemoryMayGrowUntilItIsWarmAndByOneMebibyteAfterwards) {
  std::vector<Footprint> all = minutes(30);
  for (std::size_t i = 0; i + 1 < kWarmMinute; ++i) all[i].resident_bytes = i * kMebibyte;
  all.back().resident_bytes += kMaxGrowth;
  EXPECT_TRUE(judge_footprints(all).empty());
  all.back().resident_bytes += 1;
  EXPECT_EQ(judge_footprints(all).size(), 1U);
  // Two minutes are enough, though the last one has given it back; one is not.
  std::swap(all[10], all[29]);
  EXPECT_TRUE(judge_footprints(all).empty());
  all[11].resident_bytes = all[10].resident_bytes;
  EXPECT_EQ(judge_footprints(all).size(), 1U);
  // Less is no growth.
  all = minutes(30);
  all.back().resident_bytes = 0;
  EXPECT_TRUE(judge_footprints(all).empty());
  EXPECT_TRUE(judge_footprints(minutes(3)).empty());
}

TEST(SoakTest, DescriptorsAreEqualFromTheFirstMinuteOn) {
  std::vector<Footprint> all = minutes(3);
  all[1].descriptors = 21;
  EXPECT_EQ(judge_footprints(all).size(), 1U);
  all[1].descriptors = 19;
  EXPECT_EQ(judge_footprints(all).size(), 1U);
}

TEST(SoakTest, AFootprintSeesWhatIsLeaked) {
  const Footprint before = footprint_of_this_process();
  EXPECT_GT(before.resident_bytes, kMebibyte / 2);
  EXPECT_GE(before.descriptors, 3U);
  const int descriptor = ::dup(0);
  const std::vector<char> leaked(64 * kMebibyte, 'x');
  const Footprint after = footprint_of_this_process();
  EXPECT_EQ(after.descriptors, before.descriptors + (descriptor < 0 ? 0U : 1U));
  EXPECT_GE(after.resident_bytes, before.resident_bytes + 60 * kMebibyte);
  if (descriptor >= 0) ::close(descriptor);
}

TEST(SoakTest, ABalanceHearsOfEachReason) {
  CounterSnapshot counters;
  const auto count = [&](Counter counter, std::uint64_t packets) {
    counters.values[static_cast<std::size_t>(counter)] += packets;
  };
  const auto unaccounted = [&] {
    Balance balance;
    balance.expect_balanced("engine", counters);
    return balance.unaccounted();
  };
  EXPECT_EQ(unaccounted(), 0U);
  count(Counter::kReceivedPackets, 10);
  EXPECT_EQ(unaccounted(), 10U);
  count(Counter::kDeliveredPackets, 8);
  count(Counter::kDropClosed, 1);
  EXPECT_EQ(unaccounted(), 1U);
  count(Counter::kDropNoMemory, 1);
  EXPECT_EQ(unaccounted(), 0U);
  count(Counter::kKernelDrops, 1);  // never received
  EXPECT_EQ(unaccounted(), 0U);
  count(Counter::kSendRequestedPackets, 18);
  for (const Counter counter :
       {Counter::kSentPackets, Counter::kSendFailedQueueFull, Counter::kSendFailedRefused,
        Counter::kSendFailedUnverified, Counter::kSendFailedOther, Counter::kSendFailedClosed}) {
    EXPECT_GT(unaccounted(), 0U);
    count(counter, 3);
  }
  EXPECT_EQ(unaccounted(), 0U);
  // More on the other side is as wrong.
  count(Counter::kSentPackets, 2);
  EXPECT_EQ(unaccounted(), 2U);
}

}  // namespace
}  // namespace ringpeer::soak
