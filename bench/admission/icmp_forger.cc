#include "ringpeer/bench/admission/icmp_forger.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace ringpeer::bench {
namespace {

constexpr std::uint8_t kTimeToLive = 64;

// RFC 1071, of an even number of bytes.
std::uint16_t internet_checksum(const std::vector<std::uint8_t>& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, &bytes[i], sizeof(word));
    sum += word;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

IcmpForger::IcmpForger(int server_port, std::uint16_t player_port, std::size_t quoted_bytes) {
  socket_ = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
  icmphdr icmp{};
  icmp.type = ICMP_DEST_UNREACH;
  icmp.code = ICMP_PORT_UNREACH;
  iphdr ip{};
  ip.version = IPVERSION;
  ip.ihl = sizeof(ip) / 4;
  ip.ttl = kTimeToLive;
  ip.protocol = IPPROTO_UDP;
  ip.saddr = ip.daddr = htonl(INADDR_LOOPBACK);
  const std::size_t quoted = (quoted_bytes + 1) / 2 * 2;
  udphdr udp{};
  udp.source = htons(static_cast<std::uint16_t>(server_port));
  udp.dest = htons(player_port);
  udp.len = htons(static_cast<std::uint16_t>(sizeof(udp) + quoted));
  ip.tot_len = htons(static_cast<std::uint16_t>(sizeof(ip) + sizeof(udp) + quoted));
  packet_.resize(sizeof(icmp) + sizeof(ip) + sizeof(udp) + quoted);
  std::memcpy(packet_.data() + sizeof(icmp), &ip, sizeof(ip));
  std::memcpy(packet_.data() + sizeof(icmp) + sizeof(ip), &udp, sizeof(udp));
  std::memcpy(packet_.data(), &icmp, sizeof(icmp));
  icmp.checksum = internet_checksum(packet_);
  std::memcpy(packet_.data(), &icmp, sizeof(icmp));
}

IcmpForger::~IcmpForger() {
  if (socket_ >= 0) ::close(socket_);
}

std::size_t IcmpForger::send(std::size_t count) {
  sockaddr_in destination{};
  destination.sin_family = AF_INET;
  destination.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  iovec part{packet_.data(), packet_.size()};
  std::array<mmsghdr, kMaxBatch> messages{};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_name = &destination;
    message.msg_hdr.msg_namelen = sizeof(destination);
    message.msg_hdr.msg_iov = &part;
    message.msg_hdr.msg_iovlen = 1;
  }
  const auto most = static_cast<unsigned>(std::min(count, kMaxBatch));
  const int sent = ::sendmmsg(socket_, messages.data(), most, 0);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

}  // namespace ringpeer::bench
