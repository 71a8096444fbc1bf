#include "ringpeer/engine/net/socket.h"

#include <ifaddrs.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ringpeer/engine/net/kernel_calls.h"
#include "ringpeer/engine/net/source_control.h"
#include "ringpeer/engine/net/used_descriptors.h"

#ifndef UDP_GRO
#define UDP_GRO 104  // linux/udp.h, since Linux 5.0
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103  // linux/udp.h, since Linux 4.18
#endif
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62  // asm-generic/socket.h, since Linux 5.0
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55  // asm-generic/socket.h, since Linux 4.12
#endif

namespace ringpeer::net {
namespace {

int set_option(int descriptor, int level, int name, int value) {
  return kernel::set_option(descriptor, level, name, &value, sizeof(value));
}

int get_option(int descriptor, int level, int name) {
  int value = 0;
  return kernel::get_option(descriptor, level, name, &value, sizeof(value)) == 0 ? value : 0;
}

int attach_program(int descriptor, int name, const FilterProgram& program) {
  // It is only read.
  const sock_fprog steps{static_cast<unsigned short>(program.size()),
                         const_cast<sock_filter*>(program.data())};
  return kernel::set_option(descriptor, SOL_SOCKET, name, &steps, sizeof(steps));
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
    : descriptor_(std::exchange(other.descriptor_, -1)),
      family_(other.family_),
      interface_(other.interface_),
      borrowed_(other.borrowed_) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    family_ = other.family_;
    interface_ = other.interface_;
    borrowed_ = other.borrowed_;
  }
  return *this;
}

int Socket::open(SocketFamily family) {
  close();
  interface_ = 0;
  family_ = family == SocketFamily::kIpv4 ? AF_INET : AF_INET6;
  descriptor_ = kernel::open_udp(family_);
  if (descriptor_ == -EAFNOSUPPORT && family == SocketFamily::kDualStack) {
    family_ = AF_INET;
    descriptor_ = kernel::open_udp(family_);
  }
  if (descriptor_ < 0) return -std::exchange(descriptor_, -1);
  UsedDescriptors::of_process().add(descriptor_);
  if (family_ == AF_INET6) {
    const int only = family == SocketFamily::kIpv6 ? 1 : 0;
    if (const int error = set_option(descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, only); error != 0) {
      close();
      return error;
    }
  }
  return 0;
}

int Socket::adopt(int descriptor) {
  const int domain = get_option(descriptor, SOL_SOCKET, SO_DOMAIN);
  if (get_option(descriptor, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_UDP ||
      (domain != AF_INET && domain != AF_INET6)) {
    return EPROTOTYPE;
  }
  SocketAddress address;
  if (const int error = kernel::local_address(descriptor, &address); error != 0) return error;
  if (endpoint_from_socket_address(&address.generic).port == 0) return EINVAL;
  close();
  if (!UsedDescriptors::of_process().add(descriptor)) return EEXIST;
  descriptor_ = descriptor;
  family_ = domain;
  interface_ = static_cast<std::uint32_t>(get_option(descriptor, SOL_SOCKET, SO_BINDTOIFINDEX));
  borrowed_ = true;
  return 0;
}

// Whether it blocks is left as it is, for others may hold the same socket: each call here says
// for itself that it must not.
void Socket::keep() {
  if (std::exchange(borrowed_, false)) kernel::set_close_on_exec(descriptor_);
}

void Socket::close() {
  if (descriptor_ < 0) return;
  UsedDescriptors::of_process().remove(descriptor_);
  const int descriptor = std::exchange(descriptor_, -1);
  if (!std::exchange(borrowed_, false)) kernel::close(descriptor);
}

int Socket::bind(const Endpoint& endpoint) {
  // The kernel would change the interface.
  if (!may_send_to_scope(endpoint.scope_id)) return EADDRNOTAVAIL;
  const SocketAddress address = to_socket_address(endpoint, family_);
  if (address.size == 0) return EAFNOSUPPORT;
  return kernel::bind(descriptor_, address);
}

int Socket::connect(const Endpoint& endpoint) {
  if (!may_send_to_scope(endpoint.scope_id)) return ENETUNREACH;
  const SocketAddress address = to_socket_address(endpoint, family_);
  if (address.size == 0) return EAFNOSUPPORT;
  return kernel::connect(descriptor_, address);
}

std::optional<Endpoint> Socket::local_endpoint() const {
  SocketAddress address;
  if (kernel::local_address(descriptor_, &address) != 0) return std::nullopt;
  return endpoint_from_socket_address(&address.generic);
}

int Socket::set_reuse_port(bool enabled) {
  return set_option(descriptor_, SOL_SOCKET, SO_REUSEPORT, enabled ? 1 : 0);
}

int Socket::set_reuse_port_choice(const FilterProgram& program) {
  return attach_program(descriptor_, SO_ATTACH_REUSEPORT_CBPF, program);
}

int Socket::set_filter(const FilterProgram& program) {
  return attach_program(descriptor_, SO_ATTACH_FILTER, program);
}

int Socket::set_drop_all(bool enabled) {
  if (!enabled) return set_option(descriptor_, SOL_SOCKET, SO_DETACH_FILTER, 0);
  return set_filter({BPF_STMT(BPF_RET | BPF_K, 0)});
}

int Socket::set_broadcast(bool enabled) {
  return set_option(descriptor_, SOL_SOCKET, SO_BROADCAST, enabled ? 1 : 0);
}

int receive_buffer_of(int descriptor) { return get_option(descriptor, SOL_SOCKET, SO_RCVBUF); }

int Socket::request_receive_buffer(int bytes) {
  return request_buffer(descriptor_, SO_RCVBUF, SO_RCVBUFFORCE, bytes);
}

int Socket::request_send_buffer(int bytes) {
  return request_buffer(descriptor_, SO_SNDBUF, SO_SNDBUFFORCE, bytes);
}

int Socket::receive_buffer() const { return receive_buffer_of(descriptor_); }
int Socket::send_buffer() const { return get_option(descriptor_, SOL_SOCKET, SO_SNDBUF); }

// An IPv6 socket that speaks IPv4 too has both families' options.
int Socket::set_for_families(int ipv4_name, int ipv4_value, int ipv6_name, int ipv6_value) const {
  if (family_ == AF_INET) return set_option(descriptor_, IPPROTO_IP, ipv4_name, ipv4_value);
  const int error = set_option(descriptor_, IPPROTO_IPV6, ipv6_name, ipv6_value);
  if (error == 0 && get_option(descriptor_, IPPROTO_IPV6, IPV6_V6ONLY) == 0) {
    return set_option(descriptor_, IPPROTO_IP, ipv4_name, ipv4_value);
  }
  return error;
}

int Socket::set_dscp(int code_point) {
  const int traffic_class = code_point << 2;  // the lower two bits are congestion marks
  return set_for_families(IP_TOS, traffic_class, IPV6_TCLASS, traffic_class);
}

int Socket::set_path_mtu_discovery(PathMtuDiscovery discovery) {
  switch (discovery) {
    case PathMtuDiscovery::kSystemDefault:
      return 0;
    case PathMtuDiscovery::kFragment:
      return set_for_families(IP_MTU_DISCOVER, IP_PMTUDISC_DONT, IPV6_MTU_DISCOVER,
                              IPV6_PMTUDISC_DONT);
    case PathMtuDiscovery::kDontFragment:
      return set_for_families(IP_MTU_DISCOVER, IP_PMTUDISC_DO, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
    case PathMtuDiscovery::kProbe:
      return set_for_families(IP_MTU_DISCOVER, IP_PMTUDISC_PROBE, IPV6_MTU_DISCOVER,
                              IPV6_PMTUDISC_PROBE);
  }
  return EINVAL;
}

int Socket::bind_to_interface(const std::string& name) {
  const int error =
      kernel::set_option(descriptor_, SOL_SOCKET, SO_BINDTODEVICE, name.data(), name.size());
  if (error != 0) return error;
  interface_ = ::if_nametoindex(name.c_str());
  return 0;
}

int Socket::report_local_addresses(bool enabled) {
  // An IPv6 socket says IPv4 addresses in its own message too, but there a broadcast is one.
  const int value = enabled ? 1 : 0;
  return set_for_families(IP_PKTINFO, value, IPV6_RECVPKTINFO, value);
}

int Socket::report_timestamps(bool enabled) {
  return set_option(descriptor_, SOL_SOCKET, SO_TIMESTAMPNS, enabled ? 1 : 0);
}

int Socket::set_error_queue(bool enabled) const {
  const int value = enabled ? 1 : 0;
  return set_for_families(IP_RECVERR, value, IPV6_RECVERR, value);
}

std::optional<std::uint32_t> Socket::kernel_drops() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  const int error =
      kernel::get_option(descriptor_, SOL_SOCKET, SO_MEMINFO, info.data(), sizeof(info));
  if (error != 0) return std::nullopt;
  return info[SK_MEMINFO_DROPS];
}

int Socket::set_receive_offload(bool enabled) {
  return set_option(descriptor_, IPPROTO_UDP, UDP_GRO, enabled ? 1 : 0);
}

void Socket::forget_ways_of_udp() {
  for (const int name : {UDP_CORK, UDP_SEGMENT, UDP_ENCAP}) {
    set_option(descriptor_, IPPROTO_UDP, name, 0);
  }
}

WaitingDatagram Socket::discard() const {
  std::uint8_t byte = 0;
  iovec part{&byte, sizeof(byte)};
  // Whatever the socket was asked for comes along.
  alignas(cmsghdr) std::uint8_t control[256];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const std::ptrdiff_t size = kernel::receive_one(descriptor_, &message);
  if (size < 0) return {.error = static_cast<int>(-size)};
  WaitingDatagram datagram{.size = static_cast<std::size_t>(size)};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != IPPROTO_UDP || header->cmsg_type != UDP_GRO) continue;
    int segment_size = 0;
    std::memcpy(&segment_size, CMSG_DATA(header), sizeof(segment_size));
    if (segment_size > 0) datagram.segment_size = static_cast<std::size_t>(segment_size);
  }
  return datagram;
}

int Socket::change_group(const IpAddress& group, const std::string& interface_name, bool join) {
  if (group.is_ipv4()) {
    ip_mreq request{};
    request.imr_multiaddr.s_addr = group.ipv4_network_order();
    request.imr_interface.s_addr = interface_ipv4(interface_name);
    if (request.imr_interface.s_addr == 0) return ENODEV;
    // An IPv6 socket takes IPv4 memberships too when it is dual-stack.
    const int name = join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP;
    return kernel::set_option(descriptor_, IPPROTO_IP, name, &request, sizeof(request));
  }
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, group.bytes().data(), group.bytes().size());
  // As in Godot, an unknown name is 0 here: the kernel chooses the interface.
  request.ipv6mr_interface = if_nametoindex(interface_name.c_str());
  const int name = join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP;
  return kernel::set_option(descriptor_, IPPROTO_IPV6, name, &request, sizeof(request));
}

int Socket::join_group(const IpAddress& group, const std::string& interface_name) {
  return change_group(group, interface_name, true);
}

int Socket::leave_group(const IpAddress& group, const std::string& interface_name) {
  return change_group(group, interface_name, false);
}

int Socket::send(std::span<const std::uint8_t> payload) const {
  return kernel::send_one(descriptor_, payload, nullptr);
}

int Socket::send_to(std::span<const std::uint8_t> payload, const SocketAddress& destination) const {
  return kernel::send_one(descriptor_, payload, &destination);
}

int Socket::send_from(std::span<const std::uint8_t> payload, const SocketAddress& destination,
                      const LocalAddress& source) const {
  SocketAddress address = destination;
  // sendmsg only reads it.
  iovec part{const_cast<std::uint8_t*>(payload.data()), payload.size()};
  alignas(cmsghdr) std::uint8_t control[kSourceControlSize];
  msghdr message{};
  message.msg_name = &address.generic;
  message.msg_namelen = address.size;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = write_source_control(control, source, family_);
  return kernel::send_message(descriptor_, message);
}

// The kernel answers for a connected socket only.
int path_mtu_to(const Endpoint& destination) {
  Socket probe;
  const bool ipv4 = destination.address.is_ipv4();
  if (probe.open(ipv4 ? SocketFamily::kIpv4 : SocketFamily::kIpv6) != 0) return 0;
  if (probe.connect(destination) != 0) return 0;
  return ipv4 ? get_option(probe.descriptor(), IPPROTO_IP, IP_MTU)
              : get_option(probe.descriptor(), IPPROTO_IPV6, IPV6_MTU);
}

}  // namespace ringpeer::net
