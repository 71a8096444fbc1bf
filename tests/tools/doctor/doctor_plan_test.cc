#include "ringpeer/tools/doctor/doctor_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace ringpeer::tools {
namespace {

TEST(DoctorPlanTest, TheDefaultIsAPlan) { EXPECT_EQ(check_doctor_plan(DoctorPlan()), ""); }

TEST(DoctorPlanTest, NamesTheOptionThatIsWrong) {
  const auto complaint = [](auto change) {
    DoctorPlan plan;
    change(&plan);
    return check_doctor_plan(plan);
  };
  for (const double rate : {0.0, -1.0, 1e9, std::nan(""), HUGE_VAL}) {
    EXPECT_TRUE(complaint([=](DoctorPlan* plan) { plan->rate = rate; }).starts_with("--rate"));
  }
  for (const double pause : {0.0, 0.05, 1001.0, std::nan("")}) {
    EXPECT_TRUE(
        complaint([=](DoctorPlan* plan) { plan->pause_ms = pause; }).starts_with("--pause"));
  }
  for (const std::size_t size : {0, 65508}) {
    EXPECT_TRUE(
        complaint([=](DoctorPlan* plan) { plan->packet_size = size; }).starts_with("--size"));
  }
  for (const std::uint32_t clients : {0, 20001}) {
    EXPECT_TRUE(
        complaint([=](DoctorPlan* plan) { plan->clients = clients; }).starts_with("--clients"));
  }
}

}  // namespace
}  // namespace ringpeer::tools
