#include "ringpeer/tools/impair/impair_options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ringpeer::tools {
namespace {

const ImpairmentOption& option_named(const std::string& name) {
  for (const ImpairmentOption& option : impairment_options()) {
    if (option.name == name) return option;
  }
  ADD_FAILURE() << name;
  return impairment_options().front();
}

struct Given {
  std::string option;
  std::string value;
};

// What is wrong with a command line, as the command would say it.
std::string complaint_about(const std::vector<Given>& given, ImpairOptions options = {}) {
  options.target_text = "127.0.0.1:4000";
  for (const Given& each : given) {
    const std::string complaint = read_impairment(option_named(each.option), each.value, &options);
    if (!complaint.empty()) return complaint;
  }
  return check_impair_options(&options);
}

TEST(ImpairOptionsTest, ANumberIsForBothAndTwoAreForEach) {
  struct Case {
    const char* text;
    double to_server, to_client;
  };
  for (const Case& c : {Case{"5", 0.05, 0.05}, Case{"5/0", 0.05, 0}, Case{"0/2.5", 0, 0.025},
                        Case{"5/", 0.05, 0}, Case{"/5", 0, 0.05}, Case{"100", 1, 1}}) {
    ImpairOptions options;
    EXPECT_EQ(read_impairment(option_named("--loss"), c.text, &options), "") << c.text;
    EXPECT_DOUBLE_EQ(options.impairments[0].loss, c.to_server) << c.text;
    EXPECT_DOUBLE_EQ(options.impairments[1].loss, c.to_client) << c.text;
  }
}

TEST(ImpairOptionsTest, WhatIsNoNumberIsRefused) {
  for (const char* text : {"", "/", "x", "5x", "5/x", "x/5", "-1", "101", "5/101", "nan", "inf",
                           "1e3", "5/5/5", " 5", "5 ", "5%", "0x5"}) {
    ImpairOptions options;
    const std::string complaint = read_impairment(option_named("--loss"), text, &options);
    EXPECT_NE(complaint.find("choose 0 to 100"), std::string::npos) << text << ": " << complaint;
  }
}

TEST(ImpairOptionsTest, EachSetsWhatItIsNamedAfter) {
  ImpairOptions options;
  for (const ImpairmentOption& option : impairment_options()) {
    EXPECT_EQ(read_impairment(option, "2", &options), "") << option.name;
  }
  for (const Impairment& impairment : options.impairments) {
    EXPECT_DOUBLE_EQ(impairment.loss, 0.02);
    EXPECT_DOUBLE_EQ(impairment.burst, 2);
    EXPECT_EQ(impairment.delay, std::chrono::milliseconds(2));
    EXPECT_EQ(impairment.jitter, std::chrono::milliseconds(2));
    EXPECT_DOUBLE_EQ(impairment.duplicate, 0.02);
    EXPECT_DOUBLE_EQ(impairment.reorder, 0.02);
    EXPECT_DOUBLE_EQ(impairment.truncate, 0.02);
    EXPECT_DOUBLE_EQ(impairment.corrupt, 0.02);
    EXPECT_DOUBLE_EQ(impairment.bits_per_second, 2000);
    EXPECT_EQ(impairment.queue, 2U);
  }
  EXPECT_EQ(check_impair_options(&options).find("--target"), 0U);
}

TEST(ImpairOptionsTest, WhatWouldChangeNothingIsRefused) {
  ImpairOptions normal;
  normal.shape = JitterShape::kNormal;
  ImpairOptions order;
  order.keep_order = true;
  EXPECT_EQ(complaint_about({}), "");
  EXPECT_NE(complaint_about({{"--burst", "3"}}), "");
  EXPECT_EQ(complaint_about({{"--burst", "3"}, {"--loss", "1/0"}}), "");
  EXPECT_NE(complaint_about({{"--queue", "3"}}), "");
  EXPECT_EQ(complaint_about({{"--queue", "3"}, {"--rate", "/100"}}), "");
  EXPECT_NE(complaint_about({}, normal), "");
  EXPECT_EQ(complaint_about({{"--jitter", "0/1"}}, normal), "");
  EXPECT_NE(complaint_about({}, order), "");
  EXPECT_EQ(complaint_about({{"--jitter", "1"}}, order), "");
  EXPECT_NE(complaint_about({{"--jitter", "1"}, {"--reorder", "1"}}, order), "");
}

// A burst ends with a datagram that comes through.
TEST(ImpairOptionsTest, BurstsThatCannotBeAreRefused) {
  EXPECT_EQ(complaint_about({{"--burst", "1"}, {"--loss", "50"}}), "");
  EXPECT_NE(complaint_about({{"--burst", "1"}, {"--loss", "50.1"}}), "");
  EXPECT_NE(complaint_about({{"--burst", "9"}, {"--loss", "0/91"}}), "");
  EXPECT_EQ(complaint_about({{"--burst", "9"}, {"--loss", "90"}}), "");
  EXPECT_NE(complaint_about({{"--burst", "1000"}, {"--loss", "100"}}), "");
}

TEST(ImpairOptionsTest, WhatIsGivenOnceIsForBoth) {
  ImpairOptions options;
  options.target_text = "[::1]:4000";
  options.shape = JitterShape::kNormal;
  options.keep_order = true;
  EXPECT_EQ(read_impairment(option_named("--jitter"), "1", &options), "");
  EXPECT_EQ(check_impair_options(&options), "");
  for (const Impairment& impairment : options.impairments) {
    EXPECT_EQ(impairment.shape, JitterShape::kNormal);
    EXPECT_TRUE(impairment.keep_order);
  }
  EXPECT_EQ(options.target.to_string(), "[0:0:0:0:0:0:0:1]:4000");
}

}  // namespace
}  // namespace ringpeer::tools
