#include "ringpeer/bench/admission/raw_sender.h"

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace ringpeer::bench {

RawSender::RawSender(const std::string& address, int port)
    : port_(static_cast<std::uint16_t>(port)) {
  sockaddr_in own{};
  own.sin_family = AF_INET;
  destination_.sin_family = AF_INET;
  destination_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socket_ = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
  // It gets a copy of what the server sends to the address, and nobody reads it.
  const int smallest = 0;
  if (::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof(smallest)) == 0 &&
      ::inet_pton(AF_INET, address.c_str(), &own.sin_addr) == 1 &&
      ::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof(own)) == 0) {
    return;
  }
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

RawSender::~RawSender() {
  if (socket_ >= 0) ::close(socket_);
}

std::size_t RawSender::send(std::uint16_t first_port, std::uint16_t step, std::size_t count,
                            std::span<const std::uint8_t> payload) {
  std::array<mmsghdr, kMaxBatch> messages{};
  std::array<udphdr, kMaxBatch> headers{};
  std::array<std::array<iovec, 2>, kMaxBatch> parts{};
  count = std::min(count, kMaxBatch);
  for (std::size_t i = 0; i < count; ++i) {
    headers[i].source = htons(static_cast<std::uint16_t>(first_port + i * step));
    headers[i].dest = htons(port_);
    headers[i].len = htons(static_cast<std::uint16_t>(sizeof(udphdr) + payload.size()));
    // A checksum of 0 is none, as RFC 768 has it.
    parts[i][0] = {&headers[i], sizeof(udphdr)};
    parts[i][1] = {const_cast<std::uint8_t*>(payload.data()), payload.size()};
    messages[i].msg_hdr.msg_name = &destination_;
    messages[i].msg_hdr.msg_namelen = sizeof(destination_);
    messages[i].msg_hdr.msg_iov = parts[i].data();
    messages[i].msg_hdr.msg_iovlen = parts[i].size();
  }
  const int sent = ::sendmmsg(socket_, messages.data(), static_cast<unsigned>(count), 0);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

}  // namespace ringpeer::bench
