#ifndef RINGPEER_ENGINE_BACKEND_URING_DATAGRAMS_H_
#define RINGPEER_ENGINE_BACKEND_URING_DATAGRAMS_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/backend/control_messages.h"
#include "ringpeer/engine/backend/datagram.h"
#include "ringpeer/engine/backend/uring_abi.h"
#include "ringpeer/engine/backend/uring_buffers.h"
#include "ringpeer/engine/backend/uring_request.h"
#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::backend {

// Reads the completions of multishot receives: each becomes a datagram, which lies in one of the
// buffers where the kernel has written it.
//
// Threads: the ring's worker.
// Lifetime: a datagram's pointers live as long as its reference to the buffer.
// Failure: what the kernel says is not trusted: a completion that contradicts itself is none, or a
// datagram with a fault.
class UringDatagrams {
 public:
  UringDatagrams(const BackendOptions& options, packet::BufferReturn* home)
      : max_datagram_(options.max_datagram),
        gro_(options.gro),
        largest_ordinary_(static_cast<std::uint32_t>(options.max_datagram) + kOverhead),
        buffers_(kOverhead + kFullControlSize + options.max_datagram, home) {}

  UringBuffers& buffers() { return buffers_; }
  const UringBuffers& buffers() const { return buffers_; }

  // A datagram like nearly all are: without control messages, not cut, not its multishot's
  // last. False, and nothing has changed, when it is anything else.
  bool take_ordinary(const io_uring_cqe& completion, Datagram* datagram,
                     std::uint32_t* payload_size);
  // Any datagram, of a socket whose completions have so many bytes for control messages. False
  // when the completion names no buffer that there is.
  bool take_any(const io_uring_cqe& completion, std::uint16_t control_size, Datagram* datagram);
  // Whether it has no payload.
  static bool is_empty(const io_uring_cqe& completion, std::uint16_t control_size) {
    return completion.res == static_cast<int>(kOverhead + control_size);
  }

 private:
  static constexpr std::size_t kHeaderSize = sizeof(io_uring_recvmsg_out);
  // What a completion without control messages holds before the payload.
  static constexpr std::uint32_t kOverhead = kHeaderSize + net::kSocketAddressSize;

  // Two fields that lie one behind the other as one word, the second of which is zero.
  static constexpr std::uint64_t first_of_two(std::uint32_t first) {
    return std::endian::native == std::endian::little ? first : std::uint64_t{first} << 32;
  }
  static_assert(offsetof(io_uring_recvmsg_out, flags) ==
                offsetof(io_uring_recvmsg_out, payloadlen) + sizeof(std::uint32_t));

  DatagramFault parse(const std::uint8_t* memory, std::uint32_t size, std::uint16_t control_size,
                      Datagram* datagram) const;
  void parse_control(const io_uring_recvmsg_out& header, const std::uint8_t* control,
                     std::uint16_t control_size, Datagram* datagram) const;

  const std::size_t max_datagram_;
  const bool gro_;
  // Bytes of the largest completion without control messages.
  const std::uint32_t largest_ordinary_;
  UringBuffers buffers_;
};

inline bool UringDatagrams::take_ordinary(const io_uring_cqe& completion, Datagram* datagram,
                                          std::uint32_t* payload_size) {
  constexpr unsigned kOneOfMany = IORING_CQE_F_MORE | IORING_CQE_F_BUFFER;
  const std::uint64_t id = completion.user_data;
  const std::uint32_t flags = completion.flags;
  const auto size = static_cast<std::uint32_t>(completion.res);  // an error is too large
  if (!is_plain_receive(id) || (flags & kOneOfMany) != kOneOfMany || size > largest_ordinary_)
      [[unlikely]] {
    return false;
  }
  UringBuffers::Filled filled;
  if (!buffers_.find(flags, size, &filled)) [[unlikely]]
    return false;
  // An incremental buffer aligns nothing.
  std::uint64_t payload_size_and_flags = 0;
  std::memcpy(&payload_size_and_flags, filled.memory + offsetof(io_uring_recvmsg_out, payloadlen),
              sizeof(payload_size_and_flags));
  *payload_size = size - kOverhead;
  if (payload_size_and_flags != first_of_two(*payload_size)) [[unlikely]]
    return false;
  buffers_.take(filled.buffer, flags, size);
  datagram->packet.payload = filled.memory + kOverhead;
  datagram->packet.buffer = filled.buffer;
  datagram->packet.source = filled.memory + kHeaderSize;
  datagram->packet.size = static_cast<std::uint16_t>(*payload_size);
  datagram->packet.segment_size = 0;
  datagram->slot = slot_of(id);
  datagram->fault = DatagramFault::kNone;
  datagram->control_size = 0;
  datagram->tail_size = 0;
  return true;
}

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_URING_DATAGRAMS_H_
