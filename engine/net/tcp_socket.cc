#include "ringpeer/engine/net/tcp_socket.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <utility>

#include "ringpeer/engine/net/kernel_calls.h"

namespace ringpeer::net {
namespace {

int int_option(int descriptor, int name) {
  int value = -1;
  const int error = kernel::get_option(descriptor, SOL_SOCKET, name, &value, sizeof(value));
  return error == 0 ? value : -1;
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

int read_from(int descriptor, std::span<std::uint8_t> buffer, int flags, std::size_t* count) {
  return finish_transfer(
      [&] { return ::recv(descriptor, buffer.data(), buffer.size(), flags | MSG_DONTWAIT); },
      count);
}

}  // namespace

int TcpSocket::connect(const Endpoint& remote) {
  close();
  const int family = remote.address.is_ipv4() ? AF_INET : AF_INET6;
  descriptor_ = kernel::own_descriptor(
      ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (descriptor_ < 0) return errno;
  const SocketAddress address = to_socket_address(remote, family);
  const int error = kernel::connect(descriptor_, address);
  return error == EINTR ? EINPROGRESS : error;  // a signal does not end it
}

int TcpSocket::adopt(int descriptor) {
  if (!is_internet_stream(descriptor)) return EPROTOTYPE;
  // One that was reset has no remote any more, but what had arrived can still be read.
  if (!remote_of(descriptor).has_value() && unread_in(descriptor) == 0) return ENOTCONN;
  if (const int error = kernel::set_close_on_exec(descriptor); error != 0) return error;
  close();
  descriptor_ = descriptor;
  return 0;
}

void TcpSocket::close() {
  if (descriptor_ >= 0) kernel::close(std::exchange(descriptor_, -1));
}

int TcpSocket::connection_error() const {
  const int events = kernel::poll(descriptor_, POLLOUT, 0);
  if (events <= 0) return EINPROGRESS;
  if ((events & (POLLERR | POLLHUP)) == 0) return 0;
  // It was there and broke: what arrived in between is to be read first.
  if (unread_in(descriptor_) > 0) return 0;
  const int error = int_option(descriptor_, SO_ERROR);
  return error > 0 ? error : ECONNREFUSED;
}

std::optional<Endpoint> TcpSocket::remote_endpoint() const { return remote_of(descriptor_); }

std::optional<Endpoint> TcpSocket::local_endpoint() const {
  SocketAddress address;
  if (kernel::local_address(descriptor_, &address) != 0) return std::nullopt;
  return endpoint_from_socket_address(&address.generic);
}

int TcpSocket::set_no_delay(bool enabled) {
  const int value = enabled ? 1 : 0;
  return kernel::set_option(descriptor_, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value));
}

// MSG_DONTWAIT: another holder of the socket may clear O_NONBLOCK, which is the socket's.
int TcpSocket::send(std::span<const std::uint8_t> data, std::size_t* count) const {
  return finish_transfer(
      [&] { return ::send(descriptor_, data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL); },
      count);
}

std::size_t TcpSocket::unread() const { return unread_in(descriptor_); }

int TcpSocket::peek(std::size_t* count) const {
  std::uint8_t byte = 0;
  return read_from(descriptor_, {&byte, sizeof(byte)}, MSG_PEEK, count);
}

int TcpSocket::receive(std::span<std::uint8_t> buffer, std::size_t* count) const {
  return read_from(descriptor_, buffer, 0, count);
}

}  // namespace ringpeer::net
