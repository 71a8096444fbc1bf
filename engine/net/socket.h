#ifndef RINGPEER_NET_SOCKET_H_
#define RINGPEER_NET_SOCKET_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "ringpeer/net/endpoint.h"

namespace ringpeer::net {

// Which addresses a socket speaks.
enum class SocketFamily {
  kIpv4,       // AF_INET
  kIpv6,       // AF_INET6, IPv6 only
  kDualStack,  // AF_INET6 for both; AF_INET where the machine has no IPv6
};

// A non-blocking, close-on-exec UDP socket. The only place that knows setsockopt.
// Owns its descriptor. Calls return 0 or an errno value.
//
// Threads: send_to and the getters from any thread; the rest from one at a time.
class Socket {
 public:
  Socket() = default;
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int open(SocketFamily family);
  void close();
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  int family() const { return family_; }  // AF_INET or AF_INET6

  int bind(const Endpoint& endpoint);
  int connect(const Endpoint& endpoint);
  std::optional<Endpoint> local_endpoint() const;

  // Several sockets on one port, among which the kernel spreads remotes by a hash
  // of the address pair. Before bind.
  int set_reuse_port(bool enabled);
  int set_broadcast(bool enabled);

  // Asks for bytes of buffer and returns what was granted, in the kernel's own
  // counting (twice what was asked, at most twice net.core.rmem_max). Privileged
  // processes get past that limit.
  int request_receive_buffer(int bytes);
  int request_send_buffer(int bytes);
  int receive_buffer() const;
  int send_buffer() const;

  // Datagrams that the kernel dropped at this socket for want of buffer.
  std::uint64_t kernel_drops() const;

  // Lets the kernel merge trains of equal datagrams of one sender (UDP_GRO).
  int set_receive_offload(bool enabled);

  int join_group(const IpAddress& group, const std::string& interface_name);
  int leave_group(const IpAddress& group, const std::string& interface_name);

  // 0 or errno; never blocks. A connected socket takes no destination.
  int send(std::span<const std::uint8_t> payload) const;
  int send_to(std::span<const std::uint8_t> payload, const SocketAddress& destination) const;

 private:
  int change_group(const IpAddress& group, const std::string& interface_name, bool join);

  int descriptor_ = -1;
  int family_ = 0;
};

}  // namespace ringpeer::net

#endif  // RINGPEER_NET_SOCKET_H_
