#ifndef RINGPEER_TESTS_SIMULATION_ATTACKERS_H_
#define RINGPEER_TESTS_SIMULATION_ATTACKERS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tests/simulation/network.h"
#include "ringpeer/tests/simulation/random.h"
#include "ringpeer/tests/simulation/udp_socket.h"

namespace ringpeer::simulation {

// Who sends to servers to do harm: under any address, also players', with whatever looks like a
// handshake, as errors of routers, and some under addresses of their own, who answer challenges.
class Attackers {
 public:
  struct Surroundings {
    Network& network;
    // Where somebody sends to who wants to reach a port.
    std::function<net::Endpoint(std::uint16_t port, const net::Endpoint& from)> on_machine;
    std::function<std::vector<std::uint8_t>(std::size_t size)> new_payload;
    std::vector<net::Endpoint> players;
  };
  // Those who have addresses of their own are in the network from then on.
  Attackers(Surroundings around, Random random);
  Attackers(const Attackers&) = delete;
  Attackers& operator=(const Attackers&) = delete;

  // Some packets to a port, of one kind.
  void attack(std::uint16_t port);
  // Only such as are nobody's whom a server may know: no player pays for them.
  void flood(std::uint16_t port, std::size_t packets);
  // From one address and port.
  void flood_as_one(std::uint16_t port, std::size_t packets);
  // ICMP errors about players, with true quotes, and others.
  void forge_errors(std::uint16_t port);
  // What leaves the machine, which some of them see.
  void see(std::uint16_t port, const net::Endpoint& to, std::span<const std::uint8_t> payload);

 private:
  net::Endpoint any_stranger();
  net::Endpoint any_of_one_address();
  const net::Endpoint& any_own() { return own_[random_.below(own_.size())]; }
  const net::Endpoint& any_player() {
    return around_.players[random_.below(around_.players.size())];
  }
  std::size_t any_size();
  std::size_t burst() { return 1 + random_.below(24); }
  void send(const net::Endpoint& from, std::uint16_t port, std::vector<std::uint8_t> payload);
  void send_any(const net::Endpoint& from, std::uint16_t port) {
    send(from, port, around_.new_payload(any_size()));
  }
  void send_handshake(const net::Endpoint& from, std::uint16_t port);
  void forge_player(std::uint16_t port);
  void flood_from_own(std::uint16_t port);
  void take_challenge(const SimulatedDatagram& datagram);

  const Surroundings around_;
  Random random_;
  std::vector<net::Endpoint> own_;
  std::optional<admission::Cookie> seen_;  // the last challenge to one of them
  // How the last packet began that was sent to somebody from a port.
  std::map<std::uint16_t, std::map<net::Endpoint, std::vector<std::uint8_t>, EndpointOrder>> sent_;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_ATTACKERS_H_
