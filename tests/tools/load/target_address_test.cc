#include "ringpeer/tools/target/target_address.h"

#include <gtest/gtest.h>
#include <net/if.h>

#include <string>

namespace ringpeer::tools {
namespace {

TEST(TargetAddressTest, ReadsBothFamilies) {
  const auto ipv4 = parse_target_address("127.0.0.1:4000");
  ASSERT_TRUE(ipv4.has_value());
  EXPECT_EQ(ipv4->address.to_string(), "127.0.0.1");
  EXPECT_EQ(ipv4->port, 4000);
  const auto ipv6 = parse_target_address("[::1]:65535");
  ASSERT_TRUE(ipv6.has_value());
  EXPECT_EQ(ipv6->address.to_string(), "0:0:0:0:0:0:0:1");
  EXPECT_EQ(ipv6->port, 65535);
}

TEST(TargetAddressTest, KeepsTheInterfaceOfALinkLocalAddress) {
  const auto target = parse_target_address("[fe80::1%lo]:4000");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->scope_id, if_nametoindex("lo"));
  EXPECT_EQ(target->to_string(),
            "[fe80:0:0:0:0:0:0:1%" + std::to_string(if_nametoindex("lo")) + "]:4000");
  for (const char* text : {"[fe80::1%no-such-link]:4000", "[fe80::1%]:4000", "[::1%lo]:4000"}) {
    EXPECT_FALSE(parse_target_address(text).has_value()) << text;
  }
}

TEST(TargetAddressTest, RefusesEverythingElse) {
  for (const char* text :
       {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:40x", "127.0.0.1: 40", "localhost:4000", "1.2.3:4000", "::1:4000", "[::1]",
        "[127.0.0.1]:4000", "[]:4000", "[::1:4000", "*:4000"}) {
    EXPECT_FALSE(parse_target_address(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace ringpeer::tools
