#ifndef RINGPEER_TESTS_SIMULATION_PACKET_FILTER_H_
#define RINGPEER_TESTS_SIMULATION_PACKET_FILTER_H_

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::simulation {

// What a program of the classic packet filter (Linux, Documentation/networking/filter.rst) returns
// for a datagram from source to destination. Fails on an instruction that the kernel would refuse.
std::uint32_t run_filter(const std::vector<sock_filter>& program, const net::Endpoint& source,
                         const net::Endpoint& destination);

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_PACKET_FILTER_H_
