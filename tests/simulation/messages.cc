#include "ringpeer/tests/simulation/messages.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <time.h>

#include <algorithm>
#include <cstring>

namespace ringpeer::simulation {
namespace {

// Puts control messages one behind another, as cmsg(3) says.
class ControlWriter {
 public:
  ControlWriter(void* space, std::size_t room)
      : space_(static_cast<std::uint8_t*>(space)), room_(room) {}

  template <typename Value>
  void add(int level, int type, const Value& value) {
    if (room_ - used_ < CMSG_LEN(sizeof(value))) {
      is_cut_ = true;
      return;
    }
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(sizeof(value));
    std::memcpy(space_ + used_, &header, sizeof(header));
    std::memcpy(space_ + used_ + CMSG_LEN(0), &value, sizeof(value));
    used_ += std::min(CMSG_SPACE(sizeof(value)), room_ - used_);
  }
  std::size_t used() const { return used_; }
  bool is_cut() const { return is_cut_; }

 private:
  std::uint8_t* space_;
  std::size_t room_;
  std::size_t used_ = 0;
  bool is_cut_ = false;
};

void add_local_address(const UdpSocket& socket, const net::IpAddress& address,
                       ControlWriter* writer) {
  const bool ipv4 = address.is_ipv4();
  if (ipv4 && socket.option(IPPROTO_IP, IP_PKTINFO) != 0) {
    in_pktinfo information{};
    information.ipi_ifindex = 1;
    information.ipi_spec_dst.s_addr = address.ipv4_network_order();
    information.ipi_addr = information.ipi_spec_dst;
    writer->add(IPPROTO_IP, IP_PKTINFO, information);
  }
  if (socket.family == AF_INET6 && socket.option(IPPROTO_IPV6, IPV6_RECVPKTINFO) != 0) {
    in6_pktinfo information{};
    information.ipi6_ifindex = 1;
    std::memcpy(&information.ipi6_addr, address.bytes().data(), address.bytes().size());
    writer->add(IPPROTO_IPV6, IPV6_PKTINFO, information);
  }
}

void read_control(const cmsghdr& header, const std::uint8_t* data, SendRequest* request) {
  if (header.cmsg_level == IPPROTO_UDP && header.cmsg_type == UDP_SEGMENT) {
    std::uint16_t size = 0;
    std::memcpy(&size, data, sizeof(size));
    request->segment_size = size;
  } else if (header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_PKTINFO) {
    in_pktinfo information;
    std::memcpy(&information, data, sizeof(information));
    request->source = net::IpAddress::from_ipv4(information.ipi_spec_dst.s_addr);
  } else if (header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo information;
    std::memcpy(&information, data, sizeof(information));
    net::IpAddress::Bytes bytes;
    std::memcpy(bytes.data(), &information.ipi6_addr, bytes.size());
    request->source = net::IpAddress(bytes);
  }
}

}  // namespace

std::size_t write_address(const net::Endpoint& endpoint, int family, void* space,
                          std::size_t room) {
  const net::SocketAddress address = net::to_socket_address(endpoint, family);
  std::memcpy(space, &address.generic, std::min<std::size_t>(room, address.size));
  return address.size;
}

std::size_t write_control(const UdpSocket& socket, const SimulatedDatagram& datagram, void* space,
                          std::size_t room, bool* is_cut) {
  ControlWriter writer(space, room);
  if (socket.option(SOL_SOCKET, SO_TIMESTAMPNS) != 0) {
    timespec time{};
    time.tv_sec = datagram.wall_clock_ns / kSecond;
    time.tv_nsec = datagram.wall_clock_ns % kSecond;
    writer.add(SOL_SOCKET, SCM_TIMESTAMPNS, time);
  }
  if (datagram.segment_size > 0) {
    writer.add(IPPROTO_UDP, UDP_GRO, static_cast<int>(datagram.segment_size));
  }
  add_local_address(socket, datagram.destination.address, &writer);
  *is_cut = writer.is_cut();
  return writer.used();
}

std::size_t scatter(std::span<const std::uint8_t> payload, const msghdr& message) {
  std::size_t written = 0;
  for (std::size_t i = 0; i < message.msg_iovlen && written < payload.size(); ++i) {
    const iovec& part = message.msg_iov[i];
    const std::size_t size = std::min(part.iov_len, payload.size() - written);
    if (size > 0) std::memcpy(part.iov_base, payload.data() + written, size);
    written += size;
  }
  return written;
}

SendRequest read_request(const msghdr& message) {
  SendRequest request;
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
    const auto* const bytes = static_cast<const std::uint8_t*>(message.msg_iov[i].iov_base);
    request.payload.insert(request.payload.end(), bytes, bytes + message.msg_iov[i].iov_len);
  }
  if (message.msg_name != nullptr) {
    request.destination = net::endpoint_from_socket_address(message.msg_name);
  }
  const auto* const control = static_cast<const std::uint8_t*>(message.msg_control);
  std::size_t at = 0;
  while (control != nullptr && message.msg_controllen - at >= sizeof(cmsghdr)) {
    cmsghdr header;
    std::memcpy(&header, control + at, sizeof(header));
    if (header.cmsg_len < sizeof(header)) break;
    read_control(header, control + at + CMSG_LEN(0), &request);
    at += CMSG_ALIGN(header.cmsg_len);
    if (at > message.msg_controllen) break;
  }
  return request;
}

}  // namespace ringpeer::simulation
