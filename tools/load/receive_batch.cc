#include "ringpeer/tools/load/receive_batch.h"

#include <cerrno>

namespace ringpeer::tools {

ReceiveBatch::ReceiveBatch(std::size_t largest_packet)
    : slot_size_(largest_packet + 1), memory_(slot_size_ * kMaxPackets) {
  for (std::size_t i = 0; i < kMaxPackets; ++i) {
    vectors_[i] = {.iov_base = memory_.data() + i * slot_size_, .iov_len = slot_size_};
    messages_[i].msg_hdr.msg_iov = &vectors_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

std::size_t ReceiveBatch::receive(int descriptor, int* error) {
  *error = 0;
  const int count = recvmmsg(descriptor, messages_.data(), kMaxPackets, MSG_DONTWAIT, nullptr);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno != EAGAIN && errno != EINTR) *error = errno;
  return 0;
}

std::span<const std::uint8_t> ReceiveBatch::packet(std::size_t index) const {
  return {memory_.data() + index * slot_size_, messages_[index].msg_len};
}

}  // namespace ringpeer::tools
