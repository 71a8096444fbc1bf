#ifndef RINGPEER_TESTS_SIMULATION_UDP_SOCKET_H_
#define RINGPEER_TESTS_SIMULATION_UDP_SOCKET_H_

#include <linux/filter.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tests/simulation/scheduler.h"

namespace ringpeer::simulation {

// What is under way, or waits in a socket.
struct SimulatedDatagram {
  net::Endpoint source;
  net::Endpoint destination;
  std::vector<std::uint8_t> payload;
  std::size_t segment_size = 0;  // of a train that arrives as one; 0: it is none
  std::int64_t wall_clock_ns = 0;
  Time arrived_at = 0;    // in a socket
  std::size_t ahead = 0;  // of it there

  std::size_t packets() const {
    return segment_size == 0 ? 1 : (payload.size() + segment_size - 1) / segment_size;
  }
  // What the kernel charges for it: its own records, and memory in steps.
  std::size_t charge() const { return 768 + (payload.size() + 255) / 256 * 256; }
};

// A UDP socket as a kernel keeps it. A value with rules; who may call what is the network's and
// the kernel's to say.
struct UdpSocket {
  struct ReturnedError {
    net::Endpoint destination;
    int error;
    std::vector<std::uint8_t> quote;  // how the payload began
  };
  using Option = std::pair<int, int>;  // level and name

  int family = AF_INET;
  std::uint64_t inode = 0;
  int holders = 0;  // its descriptor, and receives that are armed
  std::optional<net::Endpoint> local;
  std::optional<net::Endpoint> peer;
  std::map<Option, int> options;
  std::vector<sock_filter> filter;
  std::vector<sock_filter> choice;  // of the sockets that share its port

  std::deque<SimulatedDatagram> received;
  std::size_t receive_memory = 0;
  std::size_t receive_buffer = 212'992;  // net.core.rmem_default
  std::size_t send_memory = 0;
  std::size_t send_buffer = 212'992;
  std::uint32_t drops = 0;
  std::optional<std::uint32_t> drops_told;  // at the last time that somebody asked
  int error = 0;                            // told by the next call
  std::deque<ReturnedError> error_queue;
  std::uint64_t errors = 0;  // ever told or queued
  Time takes_nothing_until = 0;
  int device_refusals = 0;  // ENOBUFS to come

  int option(int level, int name) const {
    const auto found = options.find({level, name});
    return found == options.end() ? 0 : found->second;
  }
  bool has_error() const { return error != 0 || !error_queue.empty(); }
  bool is_readable() const { return !received.empty() || has_error(); }
  // Its pending error, once.
  int take_error() { return std::exchange(error, 0); }
  SimulatedDatagram take() {
    SimulatedDatagram datagram = std::move(received.front());
    received.pop_front();
    receive_memory -= datagram.charge();
    return datagram;
  }
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_UDP_SOCKET_H_
