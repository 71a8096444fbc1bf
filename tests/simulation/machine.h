#ifndef RINGPEER_TESTS_SIMULATION_MACHINE_H_
#define RINGPEER_TESTS_SIMULATION_MACHINE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tests/simulation/faults.h"
#include "ringpeer/tests/simulation/kernel.h"
#include "ringpeer/tests/simulation/network.h"
#include "ringpeer/tests/simulation/random.h"
#include "ringpeer/tests/simulation/scheduler.h"
#include "ringpeer/tests/simulation/udp_socket.h"

namespace ringpeer::simulation {

// One without a plan, for models that need nothing of the world around it: no fault happens that
// they do not ask for.
struct Machine {
  explicit Machine(const KernelFeatures& features = {})
      : kernel(scheduler, faults, network, Random(4), features) {}

  // A datagram that has no way: it lies in the socket.
  static void put(UdpSocket& socket, const net::Endpoint& source,
                  std::vector<std::uint8_t> payload) {
    SimulatedDatagram datagram;
    datagram.source = source;
    datagram.destination = *socket.local;
    datagram.payload = std::move(payload);
    socket.receive_memory += datagram.charge();
    socket.received.push_back(std::move(datagram));
  }
  // The one that is bound to a port; there has to be one.
  UdpSocket& socket_on(std::uint16_t port) {
    for (int descriptor = 0;; ++descriptor) {
      UdpSocket* const socket = kernel.find_socket(descriptor);
      if (socket != nullptr && socket->local.has_value() && socket->local->port == port)
        return *socket;
    }
  }

  Scheduler scheduler{Random(1)};
  Faults faults{Random(2)};
  Network network{scheduler, faults, Random(3)};
  Kernel kernel;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_MACHINE_H_
