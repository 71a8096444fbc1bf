#ifndef RINGPEER_ENGINE_NET_TCP_SOCKET_H_
#define RINGPEER_ENGINE_NET_TCP_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::net {

// A TCP connection. No call waits, whatever the socket's mode; signals do not disturb.
// Owns its descriptor, which is close-on-exec. Calls return 0 or an errno value.
//
// Threads: one at a time.
class TcpSocket {
 public:
  TcpSocket() = default;
  ~TcpSocket() { close(); }
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;

  // Begins to connect; EINPROGRESS until connection_error() says how it went.
  int connect(const Endpoint& remote);
  // Takes over a connected socket. EPROTOTYPE for anything else than a stream over IPv4 or
  // IPv6, ENOTCONN for one that listens or has no other side: the descriptor then stays
  // the caller's.
  int adopt(int descriptor);
  void close();
  bool is_open() const { return descriptor_ >= 0; }

  // 0: connected. EINPROGRESS: not yet. Otherwise why not.
  int connection_error() const;
  std::optional<Endpoint> remote_endpoint() const;
  std::optional<Endpoint> local_endpoint() const;
  int set_no_delay(bool enabled);

  // *count is what went or came without waiting; EAGAIN when that is nothing.
  int send(std::span<const std::uint8_t> data, std::size_t* count) const;
  // 0 with a *count of 0 is the end of the stream.
  int receive(std::span<std::uint8_t> buffer, std::size_t* count) const;
  // What receive() of one byte would say, which stays unread.
  int peek(std::size_t* count) const;
  // Bytes that have arrived, which can be read even when the connection is broken.
  std::size_t unread() const;

 private:
  int descriptor_ = -1;
};

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_TCP_SOCKET_H_
