// Which addresses a list refuses, and which lists there are not.

#include "ringpeer/engine/admission/source_list.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/engine/net/ip_address.h"

namespace ringpeer {
namespace {

using Prefixes = std::vector<SourcePrefix>;

net::IpAddress address(const std::string& text) {
  const auto parsed = net::IpAddress::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(net::IpAddress());
}

SourcePrefix prefix(const std::string& text, int bits) { return {address(text), bits}; }
SourcePrefix ipv4(const std::string& text, int bits) { return prefix(text, 96 + bits); }

std::shared_ptr<const SourceList> list_of(const Prefixes& denied, const Prefixes& allowed = {}) {
  Error error = Error::FAILED;
  auto list = SourceList::create(denied, allowed, &error);
  EXPECT_EQ(error, Error::OK);
  return list;
}

bool refuses(const std::shared_ptr<const SourceList>& list, const std::string& text) {
  return list->refuses(address(text));
}

TEST(SourceListTest, AnEmptyOneRefusesNobody) {
  const auto list = list_of({});
  EXPECT_EQ(list->prefix_count(), 0u);
  for (const char* text : {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1",
                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    EXPECT_FALSE(refuses(list, text)) << text;
  }
}

TEST(SourceListTest, ADeniedNetEndsWhereItEnds) {
  const auto list = list_of({ipv4("192.0.2.0", 24), prefix("2001:db8::", 32)});
  EXPECT_EQ(list->prefix_count(), 2u);
  EXPECT_FALSE(refuses(list, "192.0.1.255"));
  EXPECT_TRUE(refuses(list, "192.0.2.0"));
  EXPECT_TRUE(refuses(list, "192.0.2.255"));
  EXPECT_FALSE(refuses(list, "192.0.3.0"));
  EXPECT_FALSE(refuses(list, "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_TRUE(refuses(list, "2001:db8::"));
  EXPECT_TRUE(refuses(list, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_FALSE(refuses(list, "2001:db9::"));
}

TEST(SourceListTest, OneAllowedNetRefusesAllOthers) {
  const auto list = list_of({}, {ipv4("10.0.0.0", 8)});
  EXPECT_FALSE(refuses(list, "10.255.255.255"));
  EXPECT_TRUE(refuses(list, "11.0.0.0"));
  EXPECT_TRUE(refuses(list, "9.255.255.255"));
  EXPECT_TRUE(refuses(list, "2001:db8::1")) << "of the other family, too";
}

TEST(SourceListTest, TheLongestPrefixDecidesWhicheverListItIsIn) {
  const auto list = list_of({ipv4("10.0.0.0", 8), ipv4("10.1.2.3", 32)}, {ipv4("10.1.0.0", 16)});
  EXPECT_TRUE(refuses(list, "10.0.0.1"));
  EXPECT_FALSE(refuses(list, "10.1.2.2"));
  EXPECT_TRUE(refuses(list, "10.1.2.3"));
  EXPECT_FALSE(refuses(list, "10.1.2.4"));
  EXPECT_TRUE(refuses(list, "10.2.0.0"));
  EXPECT_TRUE(refuses(list, "8.8.8.8")) << "something is allowed";
}

TEST(SourceListTest, OfEqualPrefixesTheDeniedOneDecides) {
  const auto list = list_of({ipv4("10.0.0.0", 8)}, {ipv4("10.0.0.0", 8), ipv4("0.0.0.0", 0)});
  EXPECT_TRUE(refuses(list, "10.0.0.1"));
  EXPECT_FALSE(refuses(list, "11.0.0.1"));
}

TEST(SourceListTest, TheFamiliesAreApart) {
  const auto without_ipv6 = list_of({prefix("::", 0)});
  EXPECT_TRUE(refuses(without_ipv6, "::"));
  EXPECT_TRUE(refuses(without_ipv6, "2001:db8::1"));
  EXPECT_TRUE(refuses(without_ipv6, "::fffe:ffff:ffff"));
  EXPECT_TRUE(refuses(without_ipv6, "::1:0:0:0"));
  EXPECT_FALSE(refuses(without_ipv6, "0.0.0.0"));
  EXPECT_FALSE(refuses(without_ipv6, "::ffff:192.0.2.1")) << "this is 192.0.2.1";
  const auto without_ipv4 = list_of({prefix("::ffff:0:0", 96)});
  EXPECT_TRUE(refuses(without_ipv4, "0.0.0.0"));
  EXPECT_TRUE(refuses(without_ipv4, "255.255.255.255"));
  EXPECT_FALSE(refuses(without_ipv4, "::"));
  EXPECT_FALSE(refuses(without_ipv4, "::1:0:0:0"));
  EXPECT_FALSE(refuses(without_ipv4, "::fffe:ffff:ffff"));
}

TEST(SourceListTest, WhatIsNoPrefixMakesNoList) {
  const Prefixes wrong = {{address("10.0.0.1"), 96 + 8},
                          {address("10.0.0.0"), 129},
                          {address("10.0.0.0"), -1},
                          {address("10.0.0.0"), 8},  // IPv4's bits are counted in 128
                          {address("2001:db8::1"), 127}};
  for (const SourcePrefix& one : wrong) {
    for (const bool denied : {false, true}) {
      Error error = Error::OK;
      const Prefixes prefixes = {ipv4("127.0.0.0", 8), one};
      const auto list = denied ? SourceList::create(prefixes, {}, &error)
                               : SourceList::create({}, prefixes, &error);
      EXPECT_EQ(list, nullptr) << one.address.to_string() << "/" << one.bits;
      EXPECT_EQ(error, Error::ERR_INVALID_PARAMETER);
    }
  }
}

TEST(SourceListTest, ThereAreNoMoreThanTheMost) {
  Prefixes prefixes(SourceList::kMaxPrefixes);
  const Prefixes one(1);
  EXPECT_NE(SourceList::create(prefixes, {}), nullptr);
  Error error = Error::OK;
  EXPECT_EQ(SourceList::create(prefixes, one, &error), nullptr);
  EXPECT_EQ(error, Error::ERR_INVALID_PARAMETER);
  EXPECT_EQ(SourceList::create(one, prefixes), nullptr);
  prefixes.emplace_back();
  EXPECT_EQ(SourceList::create(prefixes, {}), nullptr);
}

// Single addresses with gaps: no list needs more.
TEST(SourceListTest, ItsMemoryIsBoundedByItsPrefixes) {
  constexpr std::size_t kOfItself = 512;
  EXPECT_LE(list_of({})->memory(), kOfItself);
  for (const std::size_t count : {1u, 2u, 3u, 63u, 64u, 65u, 1023u, 1024u, 1025u, 10'000u}) {
    Prefixes ipv4s;
    Prefixes ipv6s;
    Prefixes ipv6_nets;
    for (std::size_t i = 0; i < count; ++i) {
      net::IpAddress::Bytes bytes = address("10.0.0.0").bytes();
      bytes[13] = static_cast<std::uint8_t>(i >> 8);
      bytes[14] = static_cast<std::uint8_t>(i);
      ipv4s.push_back({net::IpAddress(bytes), 128});
      bytes[0] = 0x20;
      ipv6s.push_back({net::IpAddress(bytes), 128});
      bytes = net::IpAddress::Bytes{
          0x20, 0, 0, 0, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
      ipv6_nets.push_back({net::IpAddress(bytes), 64});
    }
    EXPECT_LE(list_of(ipv4s)->memory(), kOfItself + 9 * count);
    EXPECT_LE(list_of(ipv6s)->memory(), kOfItself + 36 * count);
    EXPECT_LE(list_of(ipv6_nets)->memory(), kOfItself + 20 * count);
    EXPECT_GE(list_of(ipv4s)->memory(), 8 * count) << "does it say what it has?";
    EXPECT_GE(list_of(ipv6s)->memory(), 32 * count) << "does it say what it has?";
  }
}

}  // namespace
}  // namespace ringpeer
