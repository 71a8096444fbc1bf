#include "ringpeer/engine/admission/handshake_packet.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace ringpeer::admission {
namespace {

constexpr Cookie kCookie{.epoch = 0x04030201, .mac = 0x1817161514131211};

std::string hex(std::span<const std::uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

TEST(HandshakePacketTest, IsOfItsKind) {
  EXPECT_EQ(handshake_kind(hello_packet()), HandshakeKind::kHello);
  EXPECT_EQ(handshake_kind(challenge_packet(kCookie)), HandshakeKind::kChallenge);
  EXPECT_EQ(handshake_kind(answer_packet(kCookie)), HandshakeKind::kAnswer);
}

// Whoever writes a client in another language does what it can to a challenge: change a byte.
TEST(HandshakePacketTest, AnAnswerIsTheChallengeWithAnotherKind) {
  HandshakePacket packet = challenge_packet(kCookie);
  EXPECT_EQ(cookie_of(packet), kCookie);
  packet[8] = 3;
  EXPECT_EQ(packet, answer_packet(kCookie));
  EXPECT_EQ(cookie_of(packet), kCookie);
}

// The page is what others write their clients by.
TEST(HandshakePacketTest, HasTheBytesOfThePage) {
  std::ifstream page("docs/wire.md");
  ASSERT_TRUE(page.is_open());
  std::map<std::string, std::string> shown;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```")) inside = line == "```handshake";
    std::istringstream words(line);
    std::string name;
    if (!inside || !(words >> name)) continue;
    for (std::string word; words >> word;) shown[name] += word;
  }
  EXPECT_EQ(shown["hello"], hex(hello_packet()));
  EXPECT_EQ(shown["challenge"], hex(challenge_packet(kCookie)));
  EXPECT_EQ(shown["answer"], hex(answer_packet(kCookie)));
}

TEST(HandshakePacketTest, AnythingLongerOrShorterIsTheApplications) {
  const HandshakePacket hello = hello_packet();
  std::vector<std::uint8_t> bytes(hello.begin(), hello.end());
  for (std::size_t size = 0; size < kHandshakeSize; ++size) {
    // A copy of its own size, so that a byte too far is seen.
    const std::vector<std::uint8_t> shorter(bytes.begin(), bytes.begin() + static_cast<long>(size));
    EXPECT_FALSE(may_be_handshake(shorter)) << size;
    EXPECT_FALSE(handshake_kind(shorter)) << size;
  }
  bytes.push_back(0);
  EXPECT_FALSE(may_be_handshake(bytes));
  EXPECT_FALSE(handshake_kind({}));
}

// A bit turned over: a hello has no other form; of the others the cookie may be any.
TEST(HandshakePacketTest, EveryBitThatIsFixedCounts) {
  constexpr std::size_t kCookieAt = 12;
  const auto kinds = [](std::size_t byte, int bit, HandshakePacket packet) {
    packet[byte] ^= static_cast<std::uint8_t>(1 << bit);
    return handshake_kind(packet);
  };
  for (std::size_t byte = 0; byte < kHandshakeSize; ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      SCOPED_TRACE(testing::Message() << "byte " << byte << " bit " << bit);
      if (byte == 8) {
        // A challenge's kind and an answer's differ in one bit; a hello has no cookie.
        const auto changed = kinds(byte, bit, challenge_packet(kCookie));
        EXPECT_EQ(changed.has_value(), bit == 0);
        EXPECT_EQ(kinds(byte, bit, answer_packet(kCookie)).has_value(), bit == 0);
        continue;
      }
      EXPECT_FALSE(kinds(byte, bit, hello_packet()));
      const bool is_cookie = byte >= kCookieAt;
      EXPECT_EQ(kinds(byte, bit, challenge_packet(kCookie)).has_value(), is_cookie);
      EXPECT_EQ(kinds(byte, bit, answer_packet(kCookie)).has_value(), is_cookie);
    }
  }
}

// What a game sends is never taken for one: no Variant begins with the magic's first byte.
TEST(HandshakePacketTest, NoVariantBeginsSo) {
  constexpr std::uint8_t kLastVariantType = 38;
  EXPECT_GT(kHandshakeMagic[0], kLastVariantType);
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    HandshakePacket packet;
    for (std::uint8_t& byte : packet) byte = static_cast<std::uint8_t>(random());
    EXPECT_FALSE(may_be_handshake(packet));
  }
}

TEST(HandshakePacketTest, AnyCookieComesBackAsItWas) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 10'000; ++i) {
    const Cookie cookie{.epoch = static_cast<std::uint32_t>(random()), .mac = random()};
    EXPECT_EQ(cookie_of(challenge_packet(cookie)), cookie);
    EXPECT_EQ(cookie_of(answer_packet(cookie)), cookie);
  }
}

}  // namespace
}  // namespace ringpeer::admission
