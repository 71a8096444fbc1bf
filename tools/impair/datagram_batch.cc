#include "ringpeer/tools/impair/datagram_batch.h"

#include <cerrno>

namespace ringpeer::tools {

DatagramBatch::DatagramBatch() : memory_(kSlotSize * kMaxDatagrams) {
  for (std::size_t i = 0; i < kMaxDatagrams; ++i) {
    vectors_[i] = {.iov_base = memory_.data() + i * kSlotSize, .iov_len = kSlotSize};
    messages_[i].msg_hdr.msg_iov = &vectors_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    messages_[i].msg_hdr.msg_name = &senders_[i].generic;
    messages_[i].msg_hdr.msg_control = controls_[i].bytes.data();
  }
}

std::size_t DatagramBatch::receive(int descriptor, int* error) {
  *error = 0;
  for (mmsghdr& message : messages_) {  // the kernel wrote what it used of both
    message.msg_hdr.msg_namelen = net::kSocketAddressSize;
    message.msg_hdr.msg_controllen = backend::kFullControlSize;
  }
  const int count = recvmmsg(descriptor, messages_.data(), kMaxDatagrams, MSG_DONTWAIT, nullptr);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno != EAGAIN && errno != EINTR) *error = errno;
  return 0;
}

std::span<const std::uint8_t> DatagramBatch::payload(std::size_t index) const {
  return {memory_.data() + index * kSlotSize, messages_[index].msg_len};
}

net::Endpoint DatagramBatch::sender(std::size_t index) const {
  return net::endpoint_from_socket_address(&senders_[index].generic);
}

net::LocalAddress DatagramBatch::local_address(std::size_t index) const {
  return backend::local_address_of(controls_[index].bytes.data(),
                                   messages_[index].msg_hdr.msg_controllen);
}

}  // namespace ringpeer::tools
