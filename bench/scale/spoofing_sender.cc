#include "ringpeer/bench/scale/spoofing_sender.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace ringpeer::bench {
namespace {

// 127.block.x.y: this many senders before the block's number goes up.
constexpr std::uint32_t kSendersPerBlock = 65536;

}  // namespace

SpoofingSender::SpoofingSender(int port, std::uint8_t first_block) : first_block_(first_block) {
  socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  destination_.sin_family = AF_INET;
  destination_.sin_port = htons(static_cast<std::uint16_t>(port));
  destination_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

SpoofingSender::~SpoofingSender() {
  if (socket_ >= 0) ::close(socket_);
}

std::size_t SpoofingSender::send(std::uint32_t first_sender, std::size_t count,
                                 std::span<const std::uint8_t> payload) {
  std::size_t sent = 0;
  for (std::size_t done = 0; done < count; done += kBatch) {
    sent += send_batch(first_sender + static_cast<std::uint32_t>(done),
                       std::min(kBatch, count - done), payload);
  }
  return sent;
}

std::size_t SpoofingSender::send_batch(std::uint32_t first_sender, std::size_t count,
                                       std::span<const std::uint8_t> payload) {
  struct alignas(cmsghdr) Control {
    std::uint8_t bytes[CMSG_SPACE(sizeof(in_pktinfo))];
  };
  std::array<mmsghdr, kBatch> messages{};
  std::array<Control, kBatch> controls{};
  iovec part{const_cast<std::uint8_t*>(payload.data()), payload.size()};
  for (std::size_t i = 0; i < count; ++i) {
    const auto sender = first_sender + static_cast<std::uint32_t>(i);
    msghdr& header = messages[i].msg_hdr;
    header.msg_name = &destination_;
    header.msg_namelen = sizeof(destination_);
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = controls[i].bytes;
    header.msg_controllen = sizeof(controls[i].bytes);
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo source{};
    const std::uint32_t block = first_block_ + sender / kSendersPerBlock;
    source.ipi_spec_dst.s_addr = htonl(127u << 24 | block << 16 | sender % kSendersPerBlock);
    std::memcpy(CMSG_DATA(control), &source, sizeof(source));
  }
  const int sent = ::sendmmsg(socket_, messages.data(), static_cast<unsigned>(count), 0);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

}  // namespace ringpeer::bench
