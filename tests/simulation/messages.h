#ifndef RINGPEER_TESTS_SIMULATION_MESSAGES_H_
#define RINGPEER_TESTS_SIMULATION_MESSAGES_H_

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tests/simulation/udp_socket.h"

// Between datagrams and the forms in which a kernel takes and gives them.
namespace ringpeer::simulation {

// The sender's address, as far as there is room; its full size.
std::size_t write_address(const net::Endpoint& endpoint, int family, void* space, std::size_t room);
// The control messages that the socket has asked for, as far as there is room; the bytes used.
// *is_cut when one did not fit.
std::size_t write_control(const UdpSocket& socket, const SimulatedDatagram& datagram, void* space,
                          std::size_t room, bool* is_cut);
// The bytes that fit.
std::size_t scatter(std::span<const std::uint8_t> payload, const msghdr& message);

// What a sender asks for.
struct SendRequest {
  std::vector<std::uint8_t> payload;
  std::size_t segment_size = 0;  // 0: one datagram
  std::optional<net::Endpoint> destination;
  std::optional<net::IpAddress> source;
};
SendRequest read_request(const msghdr& message);

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_MESSAGES_H_
