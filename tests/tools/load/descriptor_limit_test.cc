#include "ringpeer/tools/command/descriptor_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>

namespace ringpeer::tools {
namespace {

constexpr rlim_t kHard = 1000;

// What is allowed now; the hard limit of this process is kHard from now on.
void restrict_to(rlim_t soft) {
  const rlimit limit = {.rlim_cur = soft, .rlim_max = kHard};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

rlim_t soft_limit() {
  rlimit limit = {};
  EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  return limit.rlim_cur;
}

TEST(DescriptorLimitTest, IsRaisedToWhatIsNeededAndNoFurther) {
  std::string error;
  restrict_to(100);
  EXPECT_TRUE(allow_descriptors_for(10, &error));
  EXPECT_EQ(soft_limit(), 100U);
  EXPECT_TRUE(allow_descriptors_for(300, &error));
  EXPECT_GE(soft_limit(), 300U);
  EXPECT_LT(soft_limit(), 400U);
  EXPECT_EQ(error, "");
  EXPECT_FALSE(allow_descriptors_for(2000, &error));
  EXPECT_NE(error.find("this user may have 1000"), std::string::npos) << error;
}

// Clients that wait for lost answers would like more: as many as there are.
TEST(DescriptorLimitTest, WhatMayBeNeededIsHadAsFarAsItGoes) {
  std::string error;
  restrict_to(100);
  EXPECT_TRUE(allow_descriptors_for(10, 500, &error));
  EXPECT_GE(soft_limit(), 500U);
  EXPECT_LT(soft_limit(), 600U);
  restrict_to(100);
  EXPECT_TRUE(allow_descriptors_for(10, 1'000'000'000, &error));
  EXPECT_EQ(soft_limit(), kHard);
  EXPECT_EQ(error, "");
  EXPECT_FALSE(allow_descriptors_for(2000, 3000, &error));
}

}  // namespace
}  // namespace ringpeer::tools
