#ifndef RINGPEER_TOOLS_DOCTOR_DOCTOR_PLAN_H_
#define RINGPEER_TOOLS_DOCTOR_DOCTOR_PLAN_H_

#include <cstdint>
#include <string>

#include "ringpeer/engine/net/datagram_size.h"

namespace ringpeer::tools {

// What the machine is to carry, which `ringpeer doctor` holds it against.
// Threads: any; a value.
struct DoctorPlan {
  // As `ringpeer load` can make at most, several times over; more is a slip.
  static constexpr double kMaxRate = 10'000'000;
  // A second in which nobody reads is an outage, not a pause.
  static constexpr double kMinPause = 0.1;
  static constexpr double kMaxPause = 1000;
  // As of `ringpeer load`.
  static constexpr std::uint32_t kMaxClients = 20'000;
  static constexpr std::size_t kMaxSize = net::kLargestIpv4Datagram;

  double rate = 100'000;         // packets a second that come into one socket
  std::size_t packet_size = 64;  // bytes of payload
  // Milliseconds in which nobody reads the socket, now and then: a frame of a game without a
  // worker, or the scheduler's preference for somebody else.
  double pause_ms = 10;
  std::uint32_t clients = 1000;  // sockets of one process
};

// An empty text when the plan makes sense; otherwise what is wrong and what to do about it.
std::string check_doctor_plan(const DoctorPlan& plan);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_DOCTOR_PLAN_H_
