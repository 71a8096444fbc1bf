#include "ringpeer/engine/backend/uring_datagrams.h"

#include <sys/socket.h>

#include <algorithm>

namespace ringpeer::backend {

bool UringDatagrams::take_any(const io_uring_cqe& completion, std::uint16_t control_size,
                              Datagram* datagram) {
  const auto size = static_cast<std::uint32_t>(completion.res);
  UringBuffers::Filled filled;
  if (!buffers_.find(completion.flags, size, &filled) && filled.buffer == nullptr) return false;
  buffers_.take(filled.buffer, completion.flags, size);
  datagram->packet.buffer = filled.buffer;
  datagram->slot = slot_of(completion.user_data);
  datagram->tail_size = 0;
  datagram->fault = parse(filled.memory, size, control_size, datagram);
  return true;
}

// The layout of a multishot recvmsg completion: header, then the space reserved for
// the address and for control messages (however much of it was used), then payload.
// liburing's own check overflows in the oldest version supported; this one trusts
// nothing but `size`.
DatagramFault UringDatagrams::parse(const std::uint8_t* memory, std::uint32_t size,
                                    std::uint16_t control_size, Datagram* datagram) const {
  const std::uint32_t overhead = kOverhead + control_size;
  if (memory == nullptr || size < overhead) return DatagramFault::kMalformed;
  io_uring_recvmsg_out header;  // an incremental buffer aligns nothing
  std::memcpy(&header, memory, sizeof(header));
  if (header.namelen > net::kSocketAddressSize || header.payloadlen > size - overhead) {
    return DatagramFault::kMalformed;
  }
  datagram->packet.payload = memory + overhead;
  datagram->packet.source = memory + kHeaderSize;
  datagram->packet.size = static_cast<std::uint16_t>(header.payloadlen);
  datagram->packet.segment_size = 0;
  datagram->control_size = 0;
  if (control_size != 0) parse_control(header, memory + kOverhead, control_size, datagram);
  // A buffer may have had room for more than max_datagram. And a train whose control
  // message did not fit would pass for one large datagram.
  const bool is_cut =
      (header.flags & MSG_TRUNC) != 0 || header.payloadlen > max_datagram_ ||
      (gro_ && (header.flags & MSG_CTRUNC) != 0 && datagram->packet.segment_size == 0);
  return is_cut ? DatagramFault::kTruncated : DatagramFault::kNone;
}

void UringDatagrams::parse_control(const io_uring_recvmsg_out& header, const std::uint8_t* control,
                                   std::uint16_t control_size, Datagram* datagram) const {
  datagram->control = control;
  datagram->control_size =
      static_cast<std::uint16_t>(std::min<std::uint32_t>(header.controllen, control_size));
  if (!gro_) return;
  const std::uint16_t segment_size = segment_size_of(control, datagram->control_size);
  datagram->packet.segment_size = segment_size < header.payloadlen ? segment_size : 0;
}

}  // namespace ringpeer::backend
