#ifndef RINGPEER_ENGINE_BACKEND_MMSG_RECEIVER_H_
#define RINGPEER_ENGINE_BACKEND_MMSG_RECEIVER_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/backend/datagram.h"
#include "ringpeer/engine/packet/buffer_stock.h"
#include "ringpeer/engine/packet/mapped_memory.h"
#include "ringpeer/engine/packet/packet_buffer.h"

namespace ringpeer::backend {

// Takes datagrams from a socket with recvmmsg, into buffers that a consumer can hold
// without a copy. A buffer takes many datagrams one after another, as the incremental
// ones of the io_uring backend do, so that a consumer gives back few of them.
//
// Threads: one worker.
class MmsgReceiver {
 public:
  // As many as the io_uring backend has incremental ones: 4,096 datagrams, half a 60 Hz
  // frame of a small-packet flood; what comes beyond is copied.
  static constexpr std::size_t kBufferCount = 64;
  static constexpr std::size_t kDatagramsPerBuffer = 64;

  MmsgReceiver(const BackendOptions& options, packet::BufferReturn* home);
  MmsgReceiver(const MmsgReceiver&) = delete;
  MmsgReceiver& operator=(const MmsgReceiver&) = delete;

  bool is_valid() const { return is_valid_; }

  enum class Outcome {
    kMore,     // there may be more
    kDrained,  // the socket is empty
    kStarved,  // no buffer is free
    kError,    // the socket has reported nothing but errors: there may be more
    kRefused,  // the process may not make the call: refusal says why
  };
  struct Result {
    Received received{};
    Outcome outcome = Outcome::kDrained;
    int refusal = 0;  // errno
    int errors = 0;   // that the socket has reported: the batch begins with them

    bool is_to_go_on() const { return outcome == Outcome::kMore || outcome == Outcome::kError; }
  };
  // Up to batch.size() datagrams, with one system call, or with another after an error;
  // with_control: and their control messages, if the socket was asked for any.
  Result receive(int descriptor, SocketSlot slot, std::span<Datagram> batch,
                 bool with_control = false);
  // Whether the process may make the call at all. 0 or errno.
  static int try_out();

  // Whether the buffer is one of these; recycle() takes it back.
  bool owns(const packet::PacketBuffer* buffer) const { return stock_.owns(buffer); }
  void recycle(packet::PacketBuffer* buffer) { stock_.give_back(buffer); }
  bool has_buffers_to_lend() const { return stock_.spare_count() * 2 > stock_.count(); }
  // But for those that are still written into.
  std::size_t lent_buffers() const {
    const std::size_t in_use = (open_ != nullptr ? 1 : 0) + (ahead_ != nullptr ? 1 : 0);
    return stock_.count() - stock_.spare_count() - in_use;
  }

 private:
  void allocate(packet::BufferReturn* home);
  bool open_buffer(packet::PacketBuffer** place);
  std::size_t room_in(const packet::PacketBuffer& buffer) const {
    return (buffer.capacity - buffer.consumed) / stride_;
  }
  [[gnu::always_inline]] Result call(int descriptor, SocketSlot slot, std::span<Datagram> batch,
                                     bool with_control);
  [[gnu::noinline]] Result receive_behind_error(int descriptor, SocketSlot slot,
                                                std::span<Datagram> batch, bool with_control);
  std::size_t prepare(std::size_t wanted, bool with_control);
  void load(std::size_t first, std::size_t count, const packet::PacketBuffer& buffer);
  Received describe_all(std::size_t count, SocketSlot slot, std::span<Datagram> batch) const;
  bool describe(std::size_t i, packet::PacketBuffer* buffer, SocketSlot slot,
                Datagram* datagram) const;
  void take(std::size_t count);

  const bool gro_;
  const std::size_t head_size_;
  const std::size_t tail_size_;
  const std::size_t stride_;  // bytes of a buffer that a datagram has to itself

  bool is_valid_ = false;
  packet::BufferStock stock_;
  packet::MappedMemory tails_;  // kBatchSize of tail_size_

  // The buffer that takes the next datagrams, and the one after it, once a batch has
  // reached that far.
  packet::PacketBuffer* open_ = nullptr;
  packet::PacketBuffer* ahead_ = nullptr;
  // The batch's messages, the first of which lie in open_, the others in ahead_.
  std::array<mmsghdr, kBatchSize> messages_{};
  std::array<std::array<iovec, 2>, kBatchSize> parts_{};
  std::size_t in_open_ = 0;
  bool with_control_ = false;
};

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_MMSG_RECEIVER_H_
