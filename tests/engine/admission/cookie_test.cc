#include "ringpeer/engine/admission/cookie.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace ringpeer::admission {
namespace {

constexpr std::uint64_t kEpoch = CookieKeys::kEpochMicroseconds;
constexpr std::array<std::uint64_t, 2> kSecret = {0x0123456789abcdef, 0xfedcba9876543210};
// In the middle of an epoch, of a machine that is up for some days.
constexpr std::uint64_t kNow = 20'000 * kEpoch + kEpoch / 2;

net::Endpoint endpoint_of(const char* address, std::uint16_t port, std::uint32_t scope_id = 0) {
  net::Endpoint endpoint;
  endpoint.address = *net::IpAddress::parse(address);
  endpoint.port = port;
  endpoint.scope_id = scope_id;
  return endpoint;
}

HandshakePacket answer_to(const HandshakePacket& challenge) {
  return answer_packet(cookie_of(challenge));
}

const net::Endpoint kClient = endpoint_of("192.0.2.7", 50'000);

TEST(CookieTest, WhoGotAChallengeMayAnswerIt) {
  const CookieKeys keys(kSecret);
  for (const net::Endpoint& client :
       {kClient, endpoint_of("2001:db8::7", 50'000), endpoint_of("fe80::7", 50'000, 3)}) {
    const HandshakePacket challenge = keys.challenge(client, kNow);
    EXPECT_EQ(handshake_kind(challenge), HandshakeKind::kChallenge);
    EXPECT_TRUE(keys.accepts(client, answer_to(challenge), kNow));
    EXPECT_FALSE(keys.accepts(client, challenge, kNow)) << "it came from a server";
    EXPECT_FALSE(keys.accepts(client, hello_packet(), kNow));
  }
}

// Each of them is another one, however little they differ.
TEST(CookieTest, IsOfOneAddressPortAndInterface) {
  const CookieKeys keys(kSecret);
  const std::vector<net::Endpoint> others = {endpoint_of("192.0.2.7", 50'001),
                                             endpoint_of("192.0.2.6", 50'000),
                                             endpoint_of("193.0.2.7", 50'000),
                                             endpoint_of("::192.0.2.7", 50'000),
                                             endpoint_of("fe80::7", 50'000, 2),
                                             endpoint_of("fe80::7", 50'000, 3),
                                             endpoint_of("fe80::1:0:7", 50'000, 3),
                                             endpoint_of("fe80:1::7", 50'000, 3),
                                             endpoint_of("fe80:0:0:1::7", 50'000, 3),
                                             net::Endpoint(),
                                             kClient};
  for (const net::Endpoint& from : others) {
    const HandshakePacket answer = answer_to(keys.challenge(from, kNow));
    for (const net::Endpoint& by : others) {
      EXPECT_EQ(keys.accepts(by, answer, kNow), by == from)
          << by.to_string() << " with the cookie of " << from.to_string();
    }
  }
}

// It is good for the rest of its epoch and the next one, to the microsecond, and never before.
TEST(CookieTest, ItsTimeIsTwoEpochs) {
  const CookieKeys keys(kSecret);
  constexpr std::uint64_t kBegin = 20'000 * kEpoch;
  for (const std::uint64_t made_at : {kBegin, kBegin + 1, kBegin + kEpoch - 1}) {
    const HandshakePacket answer = answer_to(keys.challenge(kClient, made_at));
    EXPECT_TRUE(keys.accepts(kClient, answer, made_at));
    EXPECT_TRUE(keys.accepts(kClient, answer, kBegin + 2 * kEpoch - 1));
    EXPECT_FALSE(keys.accepts(kClient, answer, kBegin + 2 * kEpoch));
    EXPECT_FALSE(keys.accepts(kClient, answer, kBegin + 1000 * kEpoch));
    EXPECT_FALSE(keys.accepts(kClient, answer, kBegin - 1)) << "nobody made it then";
  }
}

// The number of an epoch has 32 bits, and begins anywhere: it wraps in the life of some server.
TEST(CookieTest, TheNumberOfAnEpochMayWrap) {
  const CookieKeys keys(kSecret);
  const std::uint32_t first = cookie_of(keys.challenge(kClient, 0)).epoch;
  const std::uint64_t wrap = (0x1'0000'0000 - static_cast<std::uint64_t>(first)) * kEpoch;
  const HandshakePacket before = answer_to(keys.challenge(kClient, wrap - 1));
  EXPECT_EQ(cookie_of(before).epoch, 0xffff'ffff);
  EXPECT_EQ(cookie_of(keys.challenge(kClient, wrap)).epoch, 0u);
  EXPECT_TRUE(keys.accepts(kClient, before, wrap));
  EXPECT_TRUE(keys.accepts(kClient, before, wrap + kEpoch - 1));
  EXPECT_FALSE(keys.accepts(kClient, before, wrap + kEpoch));
}

// A bit turned over anywhere, or another size.
TEST(CookieTest, NothingElseIsAnAnswer) {
  const CookieKeys keys(kSecret);
  const HandshakePacket answer = answer_to(keys.challenge(kClient, kNow));
  for (std::size_t bit = 0; bit < kHandshakeSize * 8; ++bit) {
    HandshakePacket changed = answer;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(keys.accepts(kClient, changed, kNow)) << bit;
  }
  std::vector<std::uint8_t> longer(answer.begin(), answer.end());
  longer.push_back(0);
  EXPECT_FALSE(keys.accepts(kClient, longer, kNow));
  EXPECT_FALSE(keys.accepts(kClient, std::span(answer).first(kHandshakeSize - 1), kNow));
  EXPECT_FALSE(keys.accepts(kClient, {}, kNow));
}

// An epoch has its own key: knowing every code of one says nothing of the next.
TEST(CookieTest, ACodeOfOneEpochIsNoneOfAnother) {
  const CookieKeys keys(kSecret);
  Cookie cookie = cookie_of(keys.challenge(kClient, kNow));
  ++cookie.epoch;
  EXPECT_FALSE(keys.accepts(kClient, answer_packet(cookie), kNow + kEpoch));
  cookie.epoch -= 2;
  EXPECT_FALSE(keys.accepts(kClient, answer_packet(cookie), kNow));
}

// Of another server, and of the same one after a restart.
TEST(CookieTest, MeansNothingToAnotherServer) {
  const CookieKeys keys;
  const CookieKeys others;
  const HandshakePacket answer = answer_to(keys.challenge(kClient, kNow));
  EXPECT_TRUE(keys.accepts(kClient, answer, kNow));
  EXPECT_FALSE(others.accepts(kClient, answer, kNow));
  // Both halves of the secret count.
  const CookieKeys first({kSecret[0] ^ 1, kSecret[1]});
  const CookieKeys second({kSecret[0], kSecret[1] ^ 1});
  std::set<std::uint64_t> codes;
  for (const CookieKeys* each : {&first, &second}) codes.insert(each->mac(kClient, 7));
  codes.insert(CookieKeys(kSecret).mac(kClient, 7));
  EXPECT_EQ(codes.size(), 3u);
}

TEST(CookieTest, DoesNotTellSinceWhenTheMachineIsUp) {
  std::set<std::uint32_t> epochs;
  for (std::uint64_t i = 0; i < 16; ++i) {
    epochs.insert(cookie_of(CookieKeys({i, 7}).challenge(kClient, kNow)).epoch);
  }
  EXPECT_EQ(epochs.size(), 16u);
}

// Neighbours have codes that have nothing in common: of each bit about half differ.
TEST(CookieTest, CodesOfNeighboursDifferInHalfOfTheirBits) {
  const CookieKeys keys(kSecret);
  constexpr int kPairs = 4096;
  std::array<int, 64> changed{};
  net::Endpoint endpoint = kClient;
  for (int i = 0; i < kPairs; ++i) {
    endpoint.port = static_cast<std::uint16_t>(i);
    const std::uint64_t one = keys.mac(endpoint, 7);
    endpoint.port ^= static_cast<std::uint16_t>(1 << i % 16);
    const std::uint64_t difference = one ^ keys.mac(endpoint, 7);
    for (std::size_t bit = 0; bit < changed.size(); ++bit) changed[bit] += difference >> bit & 1;
  }
  // Six deviations of 32 each.
  for (const int count : changed) EXPECT_NEAR(count, kPairs / 2, 192);
}

}  // namespace
}  // namespace ringpeer::admission
