#ifndef RINGPEER_BENCH_RIVALS_UDP_SOCKET_H_
#define RINGPEER_BENCH_RIVALS_UDP_SOCKET_H_

#include <netinet/in.h>

#include <cstdint>
#include <string>

#include "ringpeer/bench/rivals/receiver.h"

namespace ringpeer::bench {

// A UDP/IPv4 socket on a free port of 127.0.0.1, closed with the object.
// Threads: one.
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

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_UDP_SOCKET_H_
