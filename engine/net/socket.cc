#include "ringpeer/net/socket.h"

#include <ifaddrs.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#ifndef UDP_GRO
#define UDP_GRO 104  // linux/udp.h, since Linux 5.0
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55  // asm-generic/socket.h, since Linux 4.12
#endif

namespace ringpeer::net {
namespace {

int set_option(int descriptor, int level, int name, int value) {
  return ::setsockopt(descriptor, level, name, &value, sizeof(value)) == 0 ? 0 : errno;
}

int get_option(int descriptor, int level, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  return ::getsockopt(descriptor, level, name, &value, &size) == 0 ? value : 0;
}

// The kernel clamps the plain option at rmem_max or wmem_max without a word; the
// forced one needs CAP_NET_ADMIN.
int request_buffer(int descriptor, int plain, int forced, int bytes) {
  set_option(descriptor, SOL_SOCKET, plain, bytes);
  if (get_option(descriptor, SOL_SOCKET, plain) < 2 * static_cast<std::int64_t>(bytes)) {
    set_option(descriptor, SOL_SOCKET, forced, bytes);
  }
  return get_option(descriptor, SOL_SOCKET, plain);
}

// The IPv4 address of an interface, which IP_ADD_MEMBERSHIP wants; 0 if it has none.
in_addr_t interface_ipv4(const std::string& name) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return 0;
  in_addr_t found = 0;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    if (name != entry->ifa_name) continue;
    found = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr.s_addr;
    break;
  }
  freeifaddrs(list);
  return found;
}

}  // namespace

Socket::Socket(Socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), family_(other.family_) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    family_ = other.family_;
  }
  return *this;
}

int Socket::open(SocketFamily family) {
  close();
  family_ = family == SocketFamily::kIpv4 ? AF_INET : AF_INET6;
  constexpr int kType = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  descriptor_ = ::socket(family_, kType, IPPROTO_UDP);
  if (descriptor_ < 0 && family == SocketFamily::kDualStack && errno == EAFNOSUPPORT) {
    family_ = AF_INET;
    descriptor_ = ::socket(family_, kType, IPPROTO_UDP);
  }
  if (descriptor_ < 0) return errno;
  if (family_ == AF_INET6) {
    const int only = family == SocketFamily::kIpv6 ? 1 : 0;
    if (const int error = set_option(descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, only); error != 0) {
      close();
      return error;
    }
  }
  return 0;
}

void Socket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

int Socket::bind(const Endpoint& endpoint) {
  const SocketAddress address = to_socket_address(endpoint, family_);
  if (address.size == 0) return EAFNOSUPPORT;
  return ::bind(descriptor_, &address.generic, address.size) == 0 ? 0 : errno;
}

int Socket::connect(const Endpoint& endpoint) {
  const SocketAddress address = to_socket_address(endpoint, family_);
  if (address.size == 0) return EAFNOSUPPORT;
  return ::connect(descriptor_, &address.generic, address.size) == 0 ? 0 : errno;
}

std::optional<Endpoint> Socket::local_endpoint() const {
  SocketAddress address;
  socklen_t size = kSocketAddressSize;
  if (::getsockname(descriptor_, &address.generic, &size) != 0) return std::nullopt;
  return endpoint_from_socket_address(&address.generic);
}

int Socket::set_reuse_port(bool enabled) {
  return set_option(descriptor_, SOL_SOCKET, SO_REUSEPORT, enabled ? 1 : 0);
}

int Socket::set_broadcast(bool enabled) {
  return set_option(descriptor_, SOL_SOCKET, SO_BROADCAST, enabled ? 1 : 0);
}

int Socket::request_receive_buffer(int bytes) {
  return request_buffer(descriptor_, SO_RCVBUF, SO_RCVBUFFORCE, bytes);
}

int Socket::request_send_buffer(int bytes) {
  return request_buffer(descriptor_, SO_SNDBUF, SO_SNDBUFFORCE, bytes);
}

int Socket::receive_buffer() const { return get_option(descriptor_, SOL_SOCKET, SO_RCVBUF); }
int Socket::send_buffer() const { return get_option(descriptor_, SOL_SOCKET, SO_SNDBUF); }

std::uint64_t Socket::kernel_drops() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) return 0;
  return info[SK_MEMINFO_DROPS];
}

int Socket::set_receive_offload(bool enabled) {
  return set_option(descriptor_, IPPROTO_UDP, UDP_GRO, enabled ? 1 : 0);
}

int Socket::change_group(const IpAddress& group, const std::string& interface_name, bool join) {
  if (group.is_ipv4()) {
    ip_mreq request{};
    request.imr_multiaddr.s_addr = group.ipv4_network_order();
    request.imr_interface.s_addr = interface_ipv4(interface_name);
    if (request.imr_interface.s_addr == 0) return ENODEV;
    // An IPv6 socket takes IPv4 memberships too when it is dual-stack.
    const int name = join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP;
    return ::setsockopt(descriptor_, IPPROTO_IP, name, &request, sizeof(request)) == 0 ? 0 : errno;
  }
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, group.bytes().data(), group.bytes().size());
  // As in Godot, an unknown name is 0 here: the kernel chooses the interface.
  request.ipv6mr_interface = if_nametoindex(interface_name.c_str());
  const int name = join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP;
  return ::setsockopt(descriptor_, IPPROTO_IPV6, name, &request, sizeof(request)) == 0 ? 0 : errno;
}

int Socket::join_group(const IpAddress& group, const std::string& interface_name) {
  return change_group(group, interface_name, true);
}

int Socket::leave_group(const IpAddress& group, const std::string& interface_name) {
  return change_group(group, interface_name, false);
}

int Socket::send(std::span<const std::uint8_t> payload) const {
  return ::send(descriptor_, payload.data(), payload.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0
             ? 0
             : errno;
}

int Socket::send_to(std::span<const std::uint8_t> payload, const SocketAddress& destination) const {
  return ::sendto(descriptor_, payload.data(), payload.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                  &destination.generic, destination.size) >= 0
             ? 0
             : errno;
}

}  // namespace ringpeer::net
