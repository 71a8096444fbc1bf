#ifndef RINGPEER_TESTS_SIMULATION_HOST_HANDSHAKES_H_
#define RINGPEER_TESTS_SIMULATION_HOST_HANDSHAKES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "ringpeer/engine/admission/client_handshake.h"
#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tests/simulation/network.h"
#include "ringpeer/tests/simulation/scheduler.h"
#include "ringpeer/tests/simulation/udp_socket.h"

namespace ringpeer::simulation {

// The clients' half of the handshakes of all hosts with all servers that ask for a cookie: as
// docs/wire.md has it, a host answers each challenge whenever it comes, whether it knows of a
// server that has started again, or not.
class HostHandshakes {
 public:
  // What a host says before it sends to a port, if it is time.
  std::optional<admission::HandshakePacket> hello(const net::Endpoint& host, std::uint16_t port,
                                                  Time now) {
    return clients_[host][port].due(us_of(now));
  }
  // Something has come to a host from a server: what it answers.
  std::optional<admission::HandshakePacket> answer(const SimulatedDatagram& datagram, Time now) {
    bool is_handshake = false;
    return clients_[datagram.destination][datagram.source.port].receive(datagram.payload,
                                                                        us_of(now), &is_handshake);
  }

 private:
  static std::uint64_t us_of(Time time) { return static_cast<std::uint64_t>(time / kMicrosecond); }

  using OfPorts = std::map<std::uint16_t, admission::ClientHandshake>;
  std::map<net::Endpoint, OfPorts, EndpointOrder> clients_;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_HOST_HANDSHAKES_H_
