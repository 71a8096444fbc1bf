#include "ringpeer/tools/doctor/doctor_plan.h"

#include <fmt/format.h>

namespace ringpeer::tools {

std::string check_doctor_plan(const DoctorPlan& plan) {
  // Negated, so that NaN is refused too.
  if (!(plan.rate > 0 && plan.rate <= DoctorPlan::kMaxRate)) {
    return fmt::format("--rate {}: choose more than 0 and at most {} packets a second.", plan.rate,
                       static_cast<std::uint64_t>(DoctorPlan::kMaxRate));
  }
  if (plan.packet_size < 1 || plan.packet_size > DoctorPlan::kMaxSize) {
    return fmt::format("--size {}: choose 1 to {} bytes of payload.", plan.packet_size,
                       DoctorPlan::kMaxSize);
  }
  if (!(plan.pause_ms >= DoctorPlan::kMinPause && plan.pause_ms <= DoctorPlan::kMaxPause)) {
    return fmt::format("--pause {}: choose {} to {} milliseconds.", plan.pause_ms,
                       DoctorPlan::kMinPause, DoctorPlan::kMaxPause);
  }
  if (plan.clients < 1 || plan.clients > DoctorPlan::kMaxClients) {
    return fmt::format("--clients {}: choose 1 to {}.", plan.clients, DoctorPlan::kMaxClients);
  }
  return "";
}

}  // namespace ringpeer::tools
