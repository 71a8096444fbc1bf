#ifndef RINGPEER_TESTS_SIMULATION_SOURCE_RULES_H_
#define RINGPEER_TESTS_SIMULATION_SOURCE_RULES_H_

#include <vector>

#include "ringpeer/engine/net/ip_address.h"
#include "ringpeer/source_list.h"

namespace ringpeer::simulation {

// What a SourceList is made of, and the obvious answer to whom it refuses. A value.
struct SourceRules {
  std::vector<SourcePrefix> denied;
  std::vector<SourcePrefix> allowed;

  bool refuses(const net::IpAddress& address) const;
};

// The net of an address that has so many bits of it.
SourcePrefix prefix_of(const net::IpAddress& address, int bits);

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_SOURCE_RULES_H_
