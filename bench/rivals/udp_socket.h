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

// SO_RCVBUF and UDP_GRO as the options say, for sockets that a library made, and perhaps gave a
// buffer of its own size.
std::string apply_options(int fd, const ReceiverOptions& options);

// SO_RCVBUF that every process may ask for, and half of what a socket has that asks for none: the
// kernel doubles what it is asked for.
int largest_receive_buffer();
int default_receive_buffer();
// SO_RCVBUF, as the kernel counts it, of this process' UDP socket on a port, whoever made it; 0:
// there is none.
int granted_receive_buffer(int port);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_UDP_SOCKET_H_
