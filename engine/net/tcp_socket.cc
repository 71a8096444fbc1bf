#include "ringpeer/engine/net/tcp_socket.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "ringpeer/engine/net/own_descriptor.h"

namespace ringpeer::net {
namespace {

int int_option(int descriptor, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  return ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool is_internet_stream(int descriptor) {
  const int domain = int_option(descriptor, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6) &&
         int_option(descriptor, SO_TYPE) == SOCK_STREAM;
}

std::optional<Endpoint> remote_of(int descriptor) {
  SocketAddress address;
  socklen_t size = kSocketAddressSize;
  if (::getpeername(descriptor, &address.generic, &size) != 0) return std::nullopt;
  return endpoint_from_socket_address(&address.generic);
}

// 0 where there is no connection.
std::size_t unread_in(int descriptor) {
  int count = 0;
  return ::ioctl(descriptor, SIOCINQ, &count) == 0 ? static_cast<std::size_t>(count) : 0;
}

// Calls `transfer` until no signal interrupts it. 0 or errno.
template <typename Transfer>
int finish_transfer(Transfer transfer, std::size_t* count) {
  ssize_t result = -1;
  do {
    result = transfer();
  } while (result < 0 && errno == EINTR);
  *count = result < 0 ? 0 : static_cast<std::size_t>(result);
  if (result >= 0) return 0;
  // A shortage of the kernel's passes: nothing goes now, as when its buffer is full.
  return errno == ENOBUFS || errno == ENOMEM ? EAGAIN : errno;
}

}  // namespace

int TcpSocket::connect(const Endpoint& remote) {
  close();
  const int family = remote.address.is_ipv4() ? AF_INET : AF_INET6;
  descriptor_ =
      own_descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (descriptor_ < 0) return errno;
  const SocketAddress address = to_socket_address(remote, family);
  if (::connect(descriptor_, &address.generic, address.size) == 0) return 0;
  return errno == EINTR ? EINPROGRESS : errno;  // a signal does not end it
}

int TcpSocket::adopt(int descriptor) {
  if (!is_internet_stream(descriptor)) return EPROTOTYPE;
  // One that was reset has no remote any more, but what had arrived can still be read.
  if (!remote_of(descriptor).has_value() && unread_in(descriptor) == 0) return ENOTCONN;
  if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) return errno;
  close();
  descriptor_ = descriptor;
  return 0;
}

void TcpSocket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

int TcpSocket::connection_error() const {
  pollfd request{descriptor_, POLLOUT, 0};
  if (::poll(&request, 1, 0) <= 0) return EINPROGRESS;
  if ((request.revents & (POLLERR | POLLHUP)) == 0) return 0;
  // It was there and broke: what arrived in between is to be read first.
  if (unread_in(descriptor_) > 0) return 0;
  const int error = int_option(descriptor_, SO_ERROR);
  return error > 0 ? error : ECONNREFUSED;
}

std::optional<Endpoint> TcpSocket::remote_endpoint() const { return remote_of(descriptor_); }

std::optional<Endpoint> TcpSocket::local_endpoint() const {
  SocketAddress address;
  socklen_t size = kSocketAddressSize;
  if (::getsockname(descriptor_, &address.generic, &size) != 0) return std::nullopt;
  return endpoint_from_socket_address(&address.generic);
}

int TcpSocket::set_no_delay(bool enabled) {
  const int value = enabled ? 1 : 0;
  return ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)) == 0 ? 0
                                                                                         : errno;
}

// MSG_DONTWAIT: another holder of the socket may clear O_NONBLOCK, which is the socket's.
int TcpSocket::send(std::span<const std::uint8_t> data, std::size_t* count) const {
  return finish_transfer(
      [&] { return ::send(descriptor_, data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL); },
      count);
}

std::size_t TcpSocket::unread() const { return unread_in(descriptor_); }

int TcpSocket::peek(std::size_t* count) const {
  char byte = 0;
  return finish_transfer(
      [&] { return ::recv(descriptor_, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT); }, count);
}

int TcpSocket::receive(std::span<std::uint8_t> buffer, std::size_t* count) const {
  return finish_transfer(
      [&] { return ::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT); }, count);
}

}  // namespace ringpeer::net
