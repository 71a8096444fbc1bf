#ifndef RINGPEER_TESTS_ENGINE_SUPPORT_LOOPBACK_H_
#define RINGPEER_TESTS_ENGINE_SUPPORT_LOOPBACK_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "ringpeer/engine/net/socket.h"

namespace ringpeer::test {

// Nothing on loopback takes longer than this; a wait that does has failed.
inline constexpr std::chrono::seconds kPatience{20};

// Waits until condition() holds. False when it did not within kPatience.
template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

net::Endpoint loopback_ipv4(std::uint16_t port = 0);
net::Endpoint loopback_ipv6(std::uint16_t port = 0);
bool has_ipv6_loopback();

// A socket bound to an ephemeral loopback port, with the given receive buffer where
// the kernel grants it. Fails the test program when even that is impossible.
net::Socket open_receiver(int receive_buffer = 8 << 20);
net::Socket open_dual_stack_receiver();
std::uint16_t port_of(const net::Socket& socket);

// A payload that says which it is: `number` in the first four bytes (as far as they
// fit), then bytes that follow from it.
std::vector<std::uint8_t> numbered_payload(std::uint32_t number, std::size_t size);
std::uint32_t number_of(std::span<const std::uint8_t> payload);
bool is_numbered_payload(std::span<const std::uint8_t> payload, std::uint32_t number);

// Sends from a socket of its own to a port on loopback, blocking while the sender's
// buffer is full.
class Sender {
 public:
  explicit Sender(std::uint16_t port);             // from 127.0.0.1
  Sender(std::uint16_t port, net::Endpoint from);  // from any loopback address

  // True when the kernel took it.
  bool send(std::span<const std::uint8_t> payload) const;
  bool send_numbered(std::uint32_t number, std::size_t size) const;
  // One train of equal datagrams (UDP_SEGMENT). False where the kernel cannot.
  bool send_train(std::span<const std::uint8_t> payload, std::uint16_t segment_size) const;

  net::Endpoint endpoint() const { return *socket_.local_endpoint(); }
  const net::Socket& socket() const { return socket_; }

 private:
  net::Socket socket_;
  net::SocketAddress target_;
};

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_ENGINE_SUPPORT_LOOPBACK_H_
