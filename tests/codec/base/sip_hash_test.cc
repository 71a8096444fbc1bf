#include "ringpeer/codec/base/sip_hash.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace ringpeer {
namespace {

// The key of the paper: bytes 0 to 15.
constexpr std::uint64_t kKey0 = 0x0706050403020100;
constexpr std::uint64_t kKey1 = 0x0f0e0d0c0b0a0908;

// As the paper hashes the bytes 0 to size - 1: the last word has their number in its last byte.
template <typename Hash>
std::uint64_t hash_of_bytes(std::size_t size) {
  std::array<std::uint8_t, 72> bytes{};
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  bytes[size / 8 * 8 + 7] = static_cast<std::uint8_t>(size);
  Hash hash(kKey0, kKey1);
  for (std::size_t i = 0; i <= size / 8; ++i) {
    std::uint64_t word = 0;
    for (std::size_t k = 8; k-- > 0;) word = word << 8 | bytes[i * 8 + k];
    hash.absorb(word);
  }
  return hash.finish();
}

// The vectors that the authors give, of 0 to 15 bytes; the last is the one in the paper.
TEST(SipHashTest, TwoAndFourRoundsAreThoseOfThePaper) {
  constexpr std::array<std::uint64_t, 16> kExpected = {
      0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
      0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
      0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
      0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5};
  for (std::size_t size = 0; size < kExpected.size(); ++size) {
    EXPECT_EQ(hash_of_bytes<SipHash24>(size), kExpected[size]) << size;
  }
}

// Fewer rounds are another hash, and stay the one that they were.
TEST(SipHashTest, OneAndThreeRoundsStayWhatTheyWere) {
  EXPECT_EQ(hash_of_bytes<SipHash>(0), 0xabac0158050fc4dc);
  EXPECT_EQ(hash_of_bytes<SipHash>(15), 0xd320d86d2a519956);
}

TEST(SipHashTest, TextsDoNotRunIntoEachOther) {
  const auto hash_of = [](const std::string& first, const std::string& second) {
    SipHash24 hash(kKey0, kKey1);
    hash.absorb(first);
    hash.absorb(second);
    return hash.finish();
  };
  EXPECT_NE(hash_of("ab", "c"), hash_of("a", "bc"));
  EXPECT_NE(hash_of("abc", ""), hash_of("", "abc"));
}

}  // namespace
}  // namespace ringpeer
