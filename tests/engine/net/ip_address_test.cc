#include "ringpeer/engine/net/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ringpeer::net {
namespace {

std::string printed(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address.has_value() ? address->to_string() : "(no address)";
}

TEST(IpAddress, PrintsIpv4AsADottedQuad) {
  EXPECT_EQ(printed("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(printed("255.255.255.255"), "255.255.255.255");
  EXPECT_EQ(printed("0.0.0.0"), "0.0.0.0");
}

// Godot never shortens zeros, and prints an IPv4 client of a dual-stack socket as
// IPv4.
TEST(IpAddress, PrintsIpv6AsGodotDoes) {
  EXPECT_EQ(printed("::1"), "0:0:0:0:0:0:0:1");
  EXPECT_EQ(printed("::"), "0:0:0:0:0:0:0:0");
  EXPECT_EQ(printed("FE80::00AB"), "fe80:0:0:0:0:0:0:ab");
  EXPECT_EQ(printed("2001:db8:1:20:300:4000:50:6"), "2001:db8:1:20:300:4000:50:6");
  EXPECT_EQ(printed("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(printed("::ffff:10.1.2.3"), "10.1.2.3");
}

TEST(IpAddress, RefusesWhatIsNoLiteral) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "localhost"sv, "1.2.3"sv, "1.2.3.4.5"sv, "256.1.1.1"sv, "1.2.3.4 "sv, " ::1"sv,
        ":::"sv, "1::2::3"sv, "fe80::1%lo"sv, "[::1]"sv, "127.0.0.1:80"sv, "127.0.0.1\0"sv,
        "127.0.0.1\0.example"sv, "::1\0"sv,
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"sv}) {
    EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
  }
}

TEST(IpAddress, ParsesTheLongestForms) {
  EXPECT_TRUE(IpAddress::parse("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255").has_value());
  EXPECT_TRUE(IpAddress::parse("1111:2222:3333:4444:5555:6666:7777:8888").has_value());
}

TEST(IpAddress, ParsesAPieceOfALongerText) {
  const std::string text = "127.0.0.1:9000";
  EXPECT_EQ(printed(std::string_view(text).substr(0, 9)), "127.0.0.1");
}

TEST(IpAddress, HasOneFormForIpv4HoweverItWasWritten) {
  EXPECT_EQ(IpAddress::parse("::ffff:127.0.0.1"), IpAddress::parse("127.0.0.1"));
  EXPECT_EQ(IpAddress::from_ipv4(htonl(0x7f000001)), IpAddress::parse("127.0.0.1"));
  EXPECT_EQ(IpAddress::parse("127.0.0.1")->ipv4_network_order(), htonl(0x7f000001));
}

TEST(IpAddress, KnowsItsKind) {
  EXPECT_TRUE(IpAddress::parse("1.2.3.4")->is_ipv4());
  EXPECT_FALSE(IpAddress::parse("::1")->is_ipv4());
  EXPECT_FALSE(IpAddress::parse("::1.2.3.4")->is_ipv4());
  EXPECT_FALSE(IpAddress().is_ipv4());

  EXPECT_FALSE(IpAddress::parse("223.255.255.255")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("224.0.0.1")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("239.255.255.255")->is_multicast());
  EXPECT_FALSE(IpAddress::parse("240.0.0.1")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("ff02::1")->is_multicast());
  EXPECT_FALSE(IpAddress::parse("fe80::1")->is_multicast());

  EXPECT_TRUE(IpAddress::parse("fe80::1")->is_link_local_ipv6());
  EXPECT_TRUE(IpAddress::parse("febf::1")->is_link_local_ipv6());
  EXPECT_FALSE(IpAddress::parse("fec0::1")->is_link_local_ipv6());
  EXPECT_FALSE(IpAddress::parse("169.254.1.1")->is_link_local_ipv6());
}

TEST(IpAddress, OrdersByItsBytes) {
  EXPECT_LT(*IpAddress::parse("1.2.3.4"), *IpAddress::parse("1.2.3.5"));
  EXPECT_LT(*IpAddress::parse("::1"), *IpAddress::parse("1.2.3.4"));
}

}  // namespace
}  // namespace ringpeer::net
