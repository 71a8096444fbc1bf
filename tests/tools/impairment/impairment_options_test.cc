#include "ringpeer/tools/impairment/impairment_options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ringpeer/tools/impair/impair_options.h"

namespace ringpeer::tools {
namespace {

const ImpairmentOption& option_named(const std::string& name) {
  for (const ImpairmentOption& option : impairment_options()) {
    if (option.name == name) return option;
  }
  ADD_FAILURE() << name;
  return impairment_options().front();
}

const std::string kPrefix = "--impair-";

struct Given {
  std::string option;
  std::string value;
};

// What is wrong with a command line, as the command would say it.
std::string complaint_about(const std::vector<Given>& given, ImpairmentPlan plan = {}) {
  for (const Given& each : given) {
    const std::string complaint =
        read_impairment(option_named(each.option), kPrefix, each.value, &plan);
    if (!complaint.empty()) return complaint;
  }
  return check_impairment_plan(kPrefix, &plan);
}

TEST(ImpairmentOptionsTest, ANumberIsForBothAndTwoAreForEach) {
  struct Case {
    const char* text;
    double to_server, to_client;
  };
  for (const Case& c : {Case{"5", 0.05, 0.05}, Case{"5/0", 0.05, 0}, Case{"0/2.5", 0, 0.025},
                        Case{"5/", 0.05, 0}, Case{"/5", 0, 0.05}, Case{"100", 1, 1}}) {
    ImpairmentPlan plan;
    EXPECT_FALSE(plan.is_given);
    EXPECT_EQ(read_impairment(option_named("loss"), kPrefix, c.text, &plan), "") << c.text;
    EXPECT_DOUBLE_EQ(plan.impairments[0].loss, c.to_server) << c.text;
    EXPECT_DOUBLE_EQ(plan.impairments[1].loss, c.to_client) << c.text;
    EXPECT_TRUE(plan.is_given);
  }
}

TEST(ImpairmentOptionsTest, WhatIsNoNumberIsRefused) {
  for (const char* text : {"", "/", "x", "5x", "5/x", "x/5", "-1", "101", "5/101", "nan", "inf",
                           "1e3", "5/5/5", " 5", "5 ", "5%", "0x5"}) {
    ImpairmentPlan plan;
    const std::string complaint = read_impairment(option_named("loss"), kPrefix, text, &plan);
    EXPECT_EQ(complaint.find("--impair-loss "), 0U) << text << ": " << complaint;
    EXPECT_NE(complaint.find("choose 0 to 100"), std::string::npos) << text << ": " << complaint;
  }
}

TEST(ImpairmentOptionsTest, WordsAboutAnotherTextArePrintable) {
  EXPECT_EQ(complaint_about({{"loss", "\x1b[31m\n"}}).find("--impair-loss ?[31m?: choose"), 0U);
}

TEST(ImpairmentOptionsTest, EachShapeHasItsWord) {
  EXPECT_STREQ(name_of(JitterShape::kUniform), "uniform");
  EXPECT_STREQ(name_of(JitterShape::kNormal), "normal");
}

TEST(ImpairmentOptionsTest, EachSetsWhatItIsNamedAfter) {
  ImpairmentPlan plan;
  for (const ImpairmentOption& option : impairment_options()) {
    EXPECT_EQ(read_impairment(option, kPrefix, "2", &plan), "") << option.name;
  }
  for (const Impairment& impairment : plan.impairments) {
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
}

TEST(ImpairmentOptionsTest, WhatWouldChangeNothingIsRefused) {
  ImpairmentPlan normal;
  normal.shape = JitterShape::kNormal;
  ImpairmentPlan order;
  order.keep_order = true;
  EXPECT_EQ(complaint_about({}), "");
  EXPECT_NE(complaint_about({{"burst", "3"}}), "");
  EXPECT_EQ(complaint_about({{"burst", "3"}, {"loss", "1/0"}}), "");
  EXPECT_NE(complaint_about({{"queue", "3"}}), "");
  EXPECT_NE(complaint_about({{"queue", "100"}}), "");  // also one as it is without
  EXPECT_EQ(complaint_about({{"queue", "3"}, {"rate", "/100"}}), "");
  EXPECT_EQ(complaint_about({{"queue", "100"}, {"rate", "/100"}}), "");
  EXPECT_NE(complaint_about({}, normal), "");
  EXPECT_EQ(complaint_about({{"jitter", "0/1"}}, normal), "");
  EXPECT_NE(complaint_about({}, order), "");
  EXPECT_EQ(complaint_about({{"jitter", "1"}}, order), "");
  EXPECT_NE(complaint_about({{"jitter", "1"}, {"reorder", "1"}}, order), "");
}

// A burst ends with a datagram that comes through.
TEST(ImpairmentOptionsTest, BurstsThatCannotBeAreRefused) {
  EXPECT_EQ(complaint_about({{"burst", "1"}, {"loss", "50"}}), "");
  EXPECT_NE(complaint_about({{"burst", "1"}, {"loss", "50.1"}}), "");
  EXPECT_NE(complaint_about({{"burst", "9"}, {"loss", "0/91"}}), "");
  EXPECT_EQ(complaint_about({{"burst", "9"}, {"loss", "90"}}), "");
  EXPECT_NE(complaint_about({{"burst", "1000"}, {"loss", "100"}}), "");
}

TEST(ImpairmentOptionsTest, WhatIsGivenOnceIsForBoth) {
  ImpairmentPlan plan;
  plan.shape = JitterShape::kNormal;
  plan.keep_order = true;
  EXPECT_EQ(read_impairment(option_named("jitter"), kPrefix, "1", &plan), "");
  EXPECT_EQ(check_impairment_plan(kPrefix, &plan), "");
  for (const Impairment& impairment : plan.impairments) {
    EXPECT_EQ(impairment.shape, JitterShape::kNormal);
    EXPECT_TRUE(impairment.keep_order);
  }
}

// Its own options are named without a prefix.
TEST(ImpairmentOptionsTest, TheCommandSaysWhatItsOptionsAreCalled) {
  ImpairOptions options;
  EXPECT_EQ(check_impair_options(&options).find("--target"), 0U);
  options.target_text = "[::1]:4000";
  EXPECT_EQ(read_impairment(option_named("burst"), kImpairPrefix, "3", &options.plan), "");
  EXPECT_EQ(check_impair_options(&options).find("--burst: "), 0U);
  EXPECT_EQ(read_impairment(option_named("loss"), kImpairPrefix, "3", &options.plan), "");
  EXPECT_EQ(check_impair_options(&options), "");
  EXPECT_EQ(options.target.to_string(), "[0:0:0:0:0:0:0:1]:4000");
}

}  // namespace
}  // namespace ringpeer::tools
