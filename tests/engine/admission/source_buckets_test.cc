#include "ringpeer/engine/admission/source_buckets.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer::admission {
namespace {

constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kStart = 1'000 * kSecond;

net::IpAddress ipv4(std::uint32_t address) { return net::IpAddress::from_ipv4(htonl(address)); }

net::IpAddress address(const std::string& text) { return *net::IpAddress::parse(text); }

BucketRate packets(double a_second, double burst_seconds = 1) {
  return BucketRate({a_second, 0, burst_seconds});
}

// How many packets it takes of one source at once.
int taken_at_once(SourceBuckets& buckets, const net::IpAddress& source, std::uint64_t now_us) {
  int taken = 0;
  while (taken < 1000 && buckets.take(source, now_us, 1)) ++taken;
  return taken;
}

TEST(SourceBucketsTest, EachSourceHasItsOwn) {
  const auto buckets = SourceBuckets::create(packets(10));
  EXPECT_EQ(taken_at_once(*buckets, ipv4(0x0a000001), kStart), 10);
  EXPECT_EQ(taken_at_once(*buckets, ipv4(0x0a000002), kStart), 10);
  EXPECT_EQ(taken_at_once(*buckets, ipv4(0x0a000001), kStart), 0);
  EXPECT_EQ(taken_at_once(*buckets, ipv4(0x0a000001), kStart + kSecond / 2), 5);
  EXPECT_EQ(taken_at_once(*buckets, ipv4(0x0a000001), kStart + 3600 * kSecond), 10);
  EXPECT_EQ(buckets->forgiven(), 0u);
}

TEST(SourceBucketsTest, AnIpv6SourceIsA64) {
  const auto buckets = SourceBuckets::create(packets(10));
  EXPECT_EQ(taken_at_once(*buckets, address("2001:db8:1:2::1"), kStart), 10);
  EXPECT_EQ(taken_at_once(*buckets, address("2001:db8:1:2:ffff:ffff:ffff:ffff"), kStart), 0);
  EXPECT_EQ(taken_at_once(*buckets, address("2001:db8:1:3::1"), kStart), 10);
  // The same 32 bits, and the same 64, in the other family's place.
  EXPECT_EQ(taken_at_once(*buckets, ipv4(0x20010db8), kStart), 10);
  EXPECT_EQ(taken_at_once(*buckets, address("::"), kStart), 10);
  EXPECT_EQ(taken_at_once(*buckets, ipv4(0), kStart), 10);
  EXPECT_EQ(taken_at_once(*buckets, address("2001:db8:0:0::1"), kStart), 10);
}

TEST(SourceBucketsTest, BytesAndTrainsCount) {
  const auto buckets = SourceBuckets::create(BucketRate({100, 10'000, 1}));
  EXPECT_TRUE(buckets->take(ipv4(1), kStart, 9'000));
  EXPECT_FALSE(buckets->take(ipv4(1), kStart, 1'001));
  EXPECT_TRUE(buckets->take(ipv4(1), kStart, 1'000, 99));
  EXPECT_FALSE(buckets->take(ipv4(1), kStart, 0, 1));
}

// The engine's clock may begin at 0, where a bucket that is all zeros is full just now.
TEST(SourceBucketsTest, WorksFromTheFirstMicrosecondOn) {
  const auto buckets = SourceBuckets::create(packets(10));
  EXPECT_EQ(taken_at_once(*buckets, ipv4(1), 0), 10);
  EXPECT_EQ(taken_at_once(*buckets, ipv4(2), kSecond), 10);
  EXPECT_EQ(taken_at_once(*buckets, ipv4(1), kSecond), 10);
  // A newcomer, at times at which a bucket that is all zeros seems to owe.
  for (std::uint32_t i = 0; i < 2000; ++i) {
    ASSERT_EQ(taken_at_once(*buckets, ipv4(100 + i), i * kSecond), 10) << i << " s";
  }
}

// A million forged sources, one of which floods, and one that keeps within the rate: no memory is
// asked for, the first gets what the rate gives, the other is never refused.
TEST(SourceBucketsTest, AFloodOfSourcesChangesNothingForTheOthers) {
  constexpr std::uint32_t kForged = 1'000'000;
  constexpr std::uint64_t kGapUs = 10;  // 100,000 packets/s, for 10 s
  constexpr double kRate = 8000;
  const auto buckets = SourceBuckets::create(packets(kRate, 0.1));
  const net::IpAddress flooder = ipv4(0xc0000201);
  const net::IpAddress player = ipv4(0xc0000202);
  int flooder_taken = 0;
  int player_refused = 0;
  int forged_refused = 0;
  {
    const test::RefusedMemory none(true);
    for (std::uint32_t i = 0; i < kForged; ++i) {
      const std::uint64_t now_us = kStart + i * kGapUs;
      if (!buckets->take(ipv4(0x0a000000 + i), now_us, 100)) ++forged_refused;
      if (buckets->take(flooder, now_us, 100)) ++flooder_taken;
      if (i % 13 == 0 && !buckets->take(player, now_us, 100)) ++player_refused;
    }
    EXPECT_FALSE(none.has_refused());
  }
  EXPECT_EQ(forged_refused, 0) << "one packet of each";
  EXPECT_EQ(player_refused, 0) << "7,692 packets/s of 8,000";
  const double expected = kRate * (kForged * kGapUs / 1e6 + 0.1);
  EXPECT_LE(flooder_taken, expected * 1.001 + 1);
  EXPECT_GE(flooder_taken, expected * 0.999 - 1);
  EXPECT_LE(SourceBuckets::memory(), SourceBuckets::kEntries * 16 + 128);
}

// Whoever keeps within the rate is taken, whatever set it is in and whoever else is.
TEST(SourceBucketsTest, MoreSourcesThanItHoldsAreNeverRefusedWithinTheRate) {
  const auto buckets = SourceBuckets::create(packets(20, 0.1));
  constexpr std::uint32_t kSources = 40'000;
  for (int round = 0; round < 20; ++round) {
    for (std::uint32_t i = 0; i < kSources; ++i) {
      const std::uint64_t now_us = kStart + round * kSecond / 10 + i;
      ASSERT_TRUE(buckets->take(ipv4(0x0a000000 + i), now_us, 100)) << "source " << i;
      ASSERT_TRUE(buckets->take(ipv4(0x0a000000 + i), now_us, 100)) << "source " << i;
    }
  }
  EXPECT_GT(buckets->forgiven(), 0u);
}

// Five that owe and share a set of four: the one that owes least makes room.
TEST(SourceBucketsTest, WhoOwesLeastIsReplaced) {
  const auto buckets = SourceBuckets::create(packets(10, 60));
  // Fill all sets with sources that owe 10 packets, until each newcomer replaces one.
  std::uint32_t next = 0;
  while (buckets->forgiven() < SourceBuckets::kEntries) {
    for (int i = 0; i < 10; ++i) buckets->take(ipv4(next), kStart, 1);
    ++next;
  }
  const net::IpAddress heavy = ipv4(0xc0000201);
  EXPECT_EQ(taken_at_once(*buckets, heavy, kStart), 600);
  for (std::uint32_t i = 0; i < 100'000; ++i) buckets->take(ipv4(0xd0000000 + i), kStart, 1);
  EXPECT_EQ(taken_at_once(*buckets, heavy, kStart), 0) << "25 newcomers a set drove it out";
}

// Neighbours spread over the sets as random ones do: of 16,384 that all owe so many are replaced as
// a Poisson distribution of mean 4 has beyond 4.
TEST(SourceBucketsTest, NeighboursSpreadEvenly) {
  double expected = 0;
  double chance = std::exp(-4.0);  // of k sources in a set
  for (int k = 1; k < 40; ++k) {
    chance *= 4.0 / k;
    if (k > 4) expected += (k - 4) * chance;
  }
  expected *= SourceBuckets::kEntries / 4;
  for (int key = 0; key < 10; ++key) {
    for (const bool is_ipv4 : {true, false}) {
      const auto buckets = SourceBuckets::create(packets(1));
      for (std::uint32_t i = 0; i < SourceBuckets::kEntries; ++i) {
        net::IpAddress::Bytes bytes = address("2001:db8::1").bytes();
        const std::uint32_t prefix = htonl(i);
        std::memcpy(&bytes[4], &prefix, sizeof(prefix));
        buckets->take(is_ipv4 ? ipv4(0x0a000000 + i) : net::IpAddress(bytes), kStart, 1);
      }
      // Standard deviation: some 60.
      EXPECT_NEAR(static_cast<double>(buckets->forgiven()), expected, 300) << "key " << key;
    }
  }
}

TEST(SourceBucketsTest, WithoutMemoryThereIsNone) {
  std::unique_ptr<SourceBuckets> buckets;
  {
    const test::RefusedMemory none(true);
    buckets = SourceBuckets::create(packets(10));
    EXPECT_TRUE(none.has_refused());
  }
  EXPECT_EQ(buckets, nullptr);
}

}  // namespace
}  // namespace ringpeer::admission
