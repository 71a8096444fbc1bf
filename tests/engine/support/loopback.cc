#include "ringpeer/tests/engine/support/loopback.h"

#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103  // linux/udp.h, since Linux 4.18
#endif

namespace ringpeer::test {
namespace {

void require(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::abort();
}

void wait_until_writable(int descriptor) {
  pollfd request{descriptor, POLLOUT, 0};
  ::poll(&request, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count()));
}

// Made once: many tests send millions of bytes, in unoptimised builds too. An array, for threads
// may put while the process exits, when what has a destructor is gone.
const std::uint8_t* pattern_of(std::uint32_t number) {
  static const auto pattern = [] {
    std::array<std::uint8_t, 65536 + 256> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::uint8_t>(i * 7 + (i >> 8) * 3);
    }
    return bytes;
  }();
  return pattern.data() + number % 251;
}

}  // namespace

net::Endpoint loopback_ipv4(std::uint16_t port) {
  net::Endpoint endpoint;
  endpoint.address = *net::IpAddress::parse("127.0.0.1");
  endpoint.port = port;
  return endpoint;
}

net::Endpoint loopback_ipv6(std::uint16_t port) {
  net::Endpoint endpoint;
  endpoint.address = *net::IpAddress::parse("::1");
  endpoint.port = port;
  return endpoint;
}

bool has_ipv6_loopback() {
  net::Socket socket;
  return socket.open(net::SocketFamily::kIpv6) == 0 && socket.bind(loopback_ipv6()) == 0;
}

net::Socket open_receiver(int receive_buffer) {
  net::Socket socket;
  require(socket.open(net::SocketFamily::kIpv4) == 0, "socket");
  socket.request_receive_buffer(receive_buffer);
  require(socket.bind(loopback_ipv4()) == 0, "bind");
  return socket;
}

net::Socket open_dual_stack_receiver() {
  net::Socket socket;
  require(socket.open(net::SocketFamily::kDualStack) == 0, "socket");
  require(socket.bind(net::Endpoint()) == 0, "bind");
  return socket;
}

std::uint16_t port_of(const net::Socket& socket) { return socket.local_endpoint()->port; }

std::vector<std::uint8_t> numbered_payload(std::uint32_t number, std::size_t size) {
  std::vector<std::uint8_t> payload(size);
  if (size > 0) std::memcpy(payload.data(), pattern_of(number), size);
  for (std::size_t i = 0; i < size && i < sizeof(number); ++i) {
    payload[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return payload;
}

std::uint32_t number_of(std::span<const std::uint8_t> payload) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < payload.size() && i < sizeof(number); ++i) {
    number |= static_cast<std::uint32_t>(payload[i]) << (8 * i);
  }
  return number;
}

bool is_numbered_payload(std::span<const std::uint8_t> payload, std::uint32_t number) {
  const std::vector<std::uint8_t> expected = numbered_payload(number, payload.size());
  return payload.empty() || std::memcmp(payload.data(), expected.data(), payload.size()) == 0;
}

Sender::Sender(std::uint16_t port) : Sender(port, loopback_ipv4()) {}

Sender::Sender(std::uint16_t port, net::Endpoint from) {
  const bool ipv4 = from.address.is_ipv4();
  require(socket_.open(ipv4 ? net::SocketFamily::kIpv4 : net::SocketFamily::kIpv6) == 0, "socket");
  require(socket_.bind(from) == 0, "bind");
  const net::Endpoint target = ipv4 ? loopback_ipv4(port) : loopback_ipv6(port);
  target_ = net::to_socket_address(target, socket_.family());
}

bool Sender::send(std::span<const std::uint8_t> payload) const {
  for (;;) {
    const int error = socket_.send_to(payload, target_);
    if (error != EAGAIN && error != ENOBUFS) return error == 0;
    wait_until_writable(socket_.descriptor());
  }
}

bool Sender::send_numbered(std::uint32_t number, std::size_t size) const {
  return send(numbered_payload(number, size));
}

bool Sender::send_train(std::span<const std::uint8_t> payload, std::uint16_t segment_size) const {
  iovec part{const_cast<std::uint8_t*>(payload.data()), payload.size()};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(segment_size))> control{};
  net::SocketAddress target = target_;
  msghdr message{};
  message.msg_name = &target.generic;
  message.msg_namelen = target.size;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN(sizeof(segment_size));
  std::memcpy(CMSG_DATA(header), &segment_size, sizeof(segment_size));
  return ::sendmsg(socket_.descriptor(), &message, 0) == static_cast<ssize_t>(payload.size());
}

}  // namespace ringpeer::test
