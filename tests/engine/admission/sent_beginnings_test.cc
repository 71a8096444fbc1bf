#include "ringpeer/engine/admission/sent_beginnings.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer::admission {
namespace {

using enum QuoteVerdict;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kStart = 1'000 * kSecond;
constexpr std::uint64_t kWrapUs = 67'108'864;  // after which a time looks the same
constexpr std::size_t kEntries = 61'440;       // sets times their places

net::Endpoint player(std::uint32_t index) {
  net::Endpoint endpoint;
  endpoint.address = net::IpAddress::from_ipv4(htonl(0x0a000000 + index / 50));
  endpoint.port = static_cast<std::uint16_t>(40000 + index % 50);
  return endpoint;
}

// As a game's packets: they begin alike, and count.
Bytes packet(std::uint32_t number, std::size_t size) {
  Bytes bytes(size, 0x40);
  for (std::size_t i = 0; i < 4 && i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  if (size >= 8) std::memcpy(&bytes[4], &number, sizeof(number));
  return bytes;
}

Bytes first(Bytes bytes, std::size_t size) {
  bytes.resize(size);  // zeros follow
  return bytes;
}

TEST(SentBeginningsTest, KnowsWhatWasSentAndNothingElse) {
  const auto sent = SentBeginnings::create();
  const Bytes payload = packet(7, 300);
  sent->record(player(1), payload, kStart);
  EXPECT_EQ(sent->judge(player(1), payload, kStart), kProved);
  EXPECT_EQ(sent->judge(player(1), first(payload, 128), kStart), kProved);
  EXPECT_EQ(sent->judge(player(1), first(payload, 32), kStart), kProved);
  EXPECT_EQ(sent->judge(player(2), payload, kStart), kForged) << "another port";
  EXPECT_EQ(sent->judge(player(51), payload, kStart), kForged) << "another address";
  EXPECT_EQ(sent->judge(player(1), packet(8, 300), kStart), kForged);
  for (std::size_t i = 0; i < SentBeginnings::kBytes; ++i) {
    Bytes other = payload;
    other[i] ^= 1;
    EXPECT_EQ(sent->judge(player(1), other, kStart), kForged) << "byte " << i;
  }
  Bytes other = payload;
  other[SentBeginnings::kBytes] ^= 1;
  EXPECT_EQ(sent->judge(player(1), other, kStart), kProved) << "behind the part that counts";
}

TEST(SentBeginningsTest, TheInterfaceOfALinkLocalAddressCounts) {
  const auto sent = SentBeginnings::create();
  net::Endpoint remote;
  remote.address = *net::IpAddress::parse("fe80::1");
  remote.port = 4000;
  remote.scope_id = 1;
  net::Endpoint other = remote;
  other.scope_id = 2;
  sent->record(remote, packet(7, 300), kStart);
  EXPECT_EQ(sent->judge(remote, packet(7, 300), kStart), kProved);
  EXPECT_EQ(sent->judge(other, packet(7, 300), kStart), kForged);
}

// A quote that is cut off says nothing, right or wrong; one of a whole short packet may.
TEST(SentBeginningsTest, ShortQuotesProveNothing) {
  const auto sent = SentBeginnings::create();
  sent->record(player(1), packet(7, 300), kStart);
  sent->record(player(2), packet(8, 20), kStart);
  sent->record(player(3), packet(9, 7), kStart);
  sent->record(player(4), {}, kStart);
  for (std::size_t size = 0; size < SentBeginnings::kBytes; ++size) {
    EXPECT_EQ(sent->judge(player(1), first(packet(7, 300), size), kStart), kShort) << size;
    EXPECT_EQ(sent->judge(player(1), first(packet(1, 300), size), kStart), kShort) << size;
  }
  EXPECT_EQ(sent->judge(player(2), packet(8, 20), kStart), kProved);
  EXPECT_EQ(sent->judge(player(2), packet(9, 20), kStart), kShort);
  EXPECT_EQ(sent->judge(player(3), packet(9, 7), kStart), kShort) << "guessed too easily";
  EXPECT_EQ(sent->judge(player(4), {}, kStart), kShort);
}

// RFC 4884: what is shorter than 128 bytes is filled up with zeros.
TEST(SentBeginningsTest, PaddedQuotesAreWhatTheyArePaddedFrom) {
  const auto sent = SentBeginnings::create();
  sent->record(player(2), packet(8, 20), kStart);
  sent->record(player(3), packet(9, 7), kStart);
  EXPECT_EQ(sent->judge(player(2), first(packet(8, 20), 100), kStart), kProved);
  EXPECT_EQ(sent->judge(player(2), first(packet(9, 20), 100), kStart), kForged);
  EXPECT_EQ(sent->judge(player(3), first(packet(9, 7), 100), kStart), kShort);
  EXPECT_EQ(sent->judge(player(3), Bytes(100, 0), kStart), kShort);
}

// At every part of a unit of time, and over its wrap (67 s).
TEST(SentBeginningsTest, ForgetsAfterFourSeconds) {
  const auto sent = SentBeginnings::create();
  std::mt19937_64 random(2);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const std::uint64_t at = random() % (std::uint64_t{1} << 44);
    const Bytes payload = packet(i, 40);
    sent->record(player(i), payload, at);
    for (const std::uint64_t after : {std::uint64_t{0}, random() % (4 * kSecond), 4 * kSecond}) {
      ASSERT_EQ(sent->judge(player(i), payload, at + after), kProved) << at << " + " << after;
    }
    for (const std::uint64_t after : {4 * kSecond + 33'000, 30 * kSecond, 62 * kSecond}) {
      ASSERT_EQ(sent->judge(player(i), payload, at + after), kForged) << at << " + " << after;
    }
    ASSERT_EQ(sent->judge(player(i), payload, at - std::min(at, std::uint64_t{100'000})), kProved)
        << "asked with the time of before";
  }
}

// Random packets and errors, beside a map of when each packet was sent. So few never overwrite each
// other within the time.
TEST(SentBeginningsTest, IsAMapOfWhatWasSentLately) {
  const auto sent = SentBeginnings::create();
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint64_t>> model;
  std::mt19937_64 random(4);
  std::uint64_t now_us = kStart;
  std::array<int, 2> verdicts{};
  for (int i = 0; i < 100'000; ++i) {
    now_us += random() % 8000;
    const auto to = static_cast<std::uint32_t>(random() % 100);
    const auto number = static_cast<std::uint32_t>(random() % 40);
    const Bytes payload = packet(number, number % 3 == 0 ? 24 : 200);
    std::vector<std::uint64_t>& times = model[{to, number}];
    if (random() % 2 == 0) {
      sent->record(player(to), payload, now_us);
      times.push_back(now_us);
      continue;
    }
    const QuoteVerdict verdict = sent->judge(player(to), payload, now_us);
    if (!times.empty() && now_us - times.back() <= 4 * kSecond) {
      ASSERT_EQ(verdict, kProved) << "sent " << now_us - times.back() << " us ago";
      ++verdicts[0];
    } else if (std::none_of(times.begin(), times.end(), [now_us](std::uint64_t time) {
                 return (now_us - time + 150'000) % kWrapUs < 4 * kSecond + 183'000;
               })) {
      ASSERT_NE(verdict, kProved) << "player " << to << ", packet " << number;
      ++verdicts[1];
    }
  }
  EXPECT_GT(verdicts[0], 4000);
  EXPECT_GT(verdicts[1], 4000);
}

double poisson_at_least(int count, double mean) {
  double below = 0;
  double chance = std::exp(-mean);
  for (int k = 0; k < count; ++k) {
    below += chance;
    chance *= mean / (k + 1);
  }
  return 1 - below;
}

// What the class says of how long it remembers, with players next to each other and packets that
// begin alike.
TEST(SentBeginningsTest, IsOverwrittenNoSoonerThanItSays) {
  constexpr std::uint32_t kAsked = 2000;
  struct Case {
    std::uint32_t after;
    double most;
  };
  for (const Case c : {Case{8'192, 1e-6}, Case{16'384, 3e-5}, Case{32'768, 0.02}}) {
    EXPECT_LT(poisson_at_least(15, c.after / 4096.0), c.most) << "the text is wrong";
    const double expected = poisson_at_least(15, (c.after + kAsked / 2) / 4096.0);
    constexpr int kKeys = 8;
    double lost = 0;
    for (int key = 0; key < kKeys; ++key) {
      const auto sent = SentBeginnings::create();
      for (std::uint32_t i = 0; i < kAsked; ++i) sent->record(player(i), packet(1, 100), kStart);
      for (std::uint32_t i = 0; i < c.after; ++i) {
        sent->record(player(i % 400), packet(2 + i / 400, 100), kStart);
      }
      for (std::uint32_t i = 0; i < kAsked; ++i) {
        if (sent->judge(player(i), packet(1, 100), kStart) != kProved) ++lost;
      }
    }
    // Those of a set are lost together: wider than if they were independent.
    const double mean = expected * kAsked * kKeys;
    EXPECT_LE(lost, mean * 1.3 + 10) << c.after << " packets later";
    EXPECT_GE(lost, mean * 0.7 - 10) << c.after << " packets later";
  }
}

// With full tables, all of it recent: of 1,048,576 quotes of each kind 15 are expected to pass. Of
// those that are alike more pass with some keys, and fewer with the others.
TEST(SentBeginningsTest, TakesForgedQuotesForProvedNoMoreOftenThanItSays) {
  constexpr int kKeys = 16;
  constexpr std::uint32_t kTries = 1 << 16;
  std::mt19937_64 random(3);
  std::array<std::uint32_t, 3> passed{};
  Bytes quote = packet(0, SentBeginnings::kBytes);
  const auto number = [&quote](std::uint32_t value) -> const Bytes& {
    std::memcpy(&quote[4], &value, sizeof(value));
    return quote;
  };
  for (int key = 0; key < kKeys; ++key) {
    const auto sent = SentBeginnings::create();
    constexpr std::uint32_t kRounds = 2 * kEntries / 200;
    for (std::uint32_t i = 0; i < kRounds * 200; ++i) {
      sent->record(player(i % 200), number(i / 200), kStart);
    }
    for (std::uint32_t i = 0; i < kTries; ++i) {
      // What was never sent; what was, to others; noise.
      const Bytes& unsent = number(1'000'000 + i);
      if (sent->judge(player(i % 200), unsent, kStart) == kProved) ++passed[0];
      const Bytes& last = number(kRounds - 1);
      if (sent->judge(player(1000 + i), last, kStart) == kProved) ++passed[1];
      std::array<std::uint8_t, SentBeginnings::kBytes> noise;
      for (std::size_t at = 0; at < noise.size(); at += sizeof(std::uint64_t)) {
        const std::uint64_t word = random();
        std::memcpy(&noise[at], &word, sizeof(word));
      }
      if (sent->judge(player(i % 200), noise, kStart) == kProved) ++passed[2];
    }
  }
  const double expected = kKeys * kTries * (kEntries / 0x1p32);
  EXPECT_NEAR(passed[2], expected, 5 * std::sqrt(expected));
  EXPECT_LE(passed[0], 3 * expected);
  EXPECT_LE(passed[1], 3 * expected);
}

TEST(SentBeginningsTest, TakesNoMemoryAfterwards) {
  EXPECT_EQ(SentBeginnings::memory(), std::size_t{4096} * 64 + 128);
  const auto sent = SentBeginnings::create();
  const Bytes payload = packet(1, 100);
  const test::RefusedMemory none(true);
  for (std::uint32_t i = 0; i < 200'000; ++i) sent->record(player(i), payload, kStart + i);
  EXPECT_FALSE(none.has_refused());
}

TEST(SentBeginningsTest, WithoutMemoryThereIsNone) {
  std::unique_ptr<SentBeginnings> sent;
  {
    const test::RefusedMemory none(true);
    sent = SentBeginnings::create();
  }
  EXPECT_EQ(sent, nullptr);
}

}  // namespace
}  // namespace ringpeer::admission
