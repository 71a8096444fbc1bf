#include "ringpeer/tools/target/resolve_target.h"

#include <gtest/gtest.h>

#include <string>

namespace ringpeer::tools {
namespace {

std::string resolved(const std::string& text) {
  const ResolvedTargets targets = resolve_targets(text);
  std::string list = targets.error;
  for (const net::Endpoint& endpoint : targets.endpoints) {
    list += (list.empty() ? "" : " ") + endpoint.to_string();
  }
  return list;
}

TEST(ResolveTargetTest, TakesAddressesOfBothFamiliesAndNames) {
  EXPECT_EQ(resolved("127.0.0.1:4000"), "127.0.0.1:4000");
  EXPECT_EQ(resolved("[::1]:65535"), "[0:0:0:0:0:0:0:1]:65535");
  EXPECT_EQ(resolved("127.0.0.1:04000"), "127.0.0.1:4000");
  EXPECT_EQ(resolved("127.0.0.1:1,127.0.0.2:2"), "127.0.0.1:1 127.0.0.2:2");
  const ResolvedTargets local = resolve_targets("localhost:4000");
  ASSERT_EQ(local.endpoints.size(), 1U) << local.error;
  EXPECT_EQ(local.endpoints.front().port, 4000);
}

// The interface of a link-local address, by name: every machine has lo, and it is the first.
TEST(ResolveTargetTest, KeepsTheInterface) {
  EXPECT_EQ(resolved("[fe80::1%lo]:4000"), "[fe80:0:0:0:0:0:0:1%1]:4000");
  const ResolvedTargets unknown = resolve_targets("[fe80::1%nosuch0]:4000");
  EXPECT_TRUE(unknown.endpoints.empty());
  EXPECT_FALSE(unknown.is_usage_error);
  EXPECT_NE(unknown.error.find("fe80::1%nosuch0"), std::string::npos);
}

TEST(ResolveTargetTest, WhatIsWrittenWronglyIsToldFromWhatHasNoAddress) {
  for (const char* text : {"", "127.0.0.1", ":4000", "127.0.0.1:", "127.0.0.1:0", "a:65536",
                           "::1:4000", "[]:4000", "[127.0.0.1]:4000", "127.0.0.1:4000,", "a:1x"}) {
    const ResolvedTargets targets = resolve_targets(text);
    EXPECT_TRUE(targets.is_usage_error) << text;
    EXPECT_NE(targets.error, "") << text;
  }
  const ResolvedTargets nobody = resolve_targets("no-such-host.invalid:4000");
  EXPECT_FALSE(nobody.is_usage_error);
  EXPECT_NE(nobody.error, "");
}

}  // namespace
}  // namespace ringpeer::tools
