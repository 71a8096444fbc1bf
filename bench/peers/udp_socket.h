#ifndef RINGPEER_BENCH_PEERS_UDP_SOCKET_H_
#define RINGPEER_BENCH_PEERS_UDP_SOCKET_H_

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string>

#include "ringpeer/bench/peers/receiver.h"

namespace ringpeer::bench {

// A UDP/IPv4 socket on a free port of 127.0.0.1, closed with the object.
class UdpSocket {
 public:
  UdpSocket() = default;
  ~UdpSocket();
  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;

  // "" or what went wrong.
  std::string open();
  std::string open_for(const ReceiverOptions& options);
  std::string connect_to(int port);
  // Bounds blocking receives.
  std::string bound_waits(std::chrono::milliseconds limit);

  int fd() const { return fd_; }
  int port() const;

 private:
  int fd_ = -1;
};

sockaddr_in loopback_address(int port);

// SO_RCVBUF and UDP_GRO as the options say, for sockets that a library made.
std::string apply_options(int fd, const ReceiverOptions& options);

// The kernel's drops on all sockets of this process' network namespace that are bound
// to a UDP port, from /proc/net/udp and udp6: the same source for every peer. Nothing
// when there is no such socket.
std::optional<std::uint64_t> kernel_drops_of_port(int port);
// The same from the text of such a table; adds to *drops, false when no row fits.
bool add_drops_from_table(const std::string& table, int port, std::uint64_t* drops);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_PEERS_UDP_SOCKET_H_
