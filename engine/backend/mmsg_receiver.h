#ifndef RINGPEER_BACKEND_MMSG_RECEIVER_H_
#define RINGPEER_BACKEND_MMSG_RECEIVER_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ringpeer/backend/backend.h"
#include "ringpeer/backend/datagram.h"
#include "ringpeer/packet/packet_buffer.h"

namespace ringpeer::backend {

// Takes datagrams from a socket with recvmmsg, into buffers that a consumer can hold
// without a copy.
//
// Threads: one worker.
class MmsgReceiver {
 public:
  // As many buffers as the io_uring backend has where each takes one datagram.
  static constexpr std::size_t kBufferCount = 512;

  MmsgReceiver(const BackendOptions& options, packet::BufferReturn* home);
  ~MmsgReceiver();
  MmsgReceiver(const MmsgReceiver&) = delete;
  MmsgReceiver& operator=(const MmsgReceiver&) = delete;

  bool is_valid() const { return memory_ != nullptr; }

  enum class Outcome {
    kMore,     // there may be more
    kDrained,  // the socket is empty
    kStarved,  // no buffer is free
    kError,    // the socket reported an error: batch[0] says which
  };
  struct Result {
    std::size_t count = 0;
    Outcome outcome = Outcome::kDrained;
  };
  // Up to batch.size() datagrams, with one system call; with_control: and their control
  // messages, if the socket was asked for any.
  Result receive(int descriptor, SocketSlot slot, std::span<Datagram> batch,
                 bool with_control = false);

  // Whether the buffer is one of these; recycle() takes it back.
  bool owns(const packet::PacketBuffer* buffer) const {
    return buffer >= buffers_.data() && buffer < buffers_.data() + buffers_.size();
  }
  void recycle(packet::PacketBuffer* buffer) { spare_.push_back(buffer); }
  bool has_buffers_to_lend() const { return spare_.size() * 2 > kBufferCount; }

 private:
  void allocate(packet::BufferReturn* home);
  std::size_t prepare(std::size_t wanted, bool with_control);
  void describe(std::size_t i, SocketSlot slot, Datagram* datagram) const;

  const bool gro_;
  const std::size_t head_size_;
  const std::size_t tail_size_;

  std::uint8_t* memory_ = nullptr;
  std::size_t memory_size_ = 0;
  std::uint8_t* tails_ = nullptr;  // kBatchSize of tail_size_; touched only when used
  std::vector<packet::PacketBuffer> buffers_{kBufferCount};
  std::vector<packet::PacketBuffer*> spare_;

  // The batch's messages; the first `loaded_` have a buffer in them.
  std::array<mmsghdr, kBatchSize> messages_{};
  std::array<std::array<iovec, 2>, kBatchSize> parts_{};
  std::array<packet::PacketBuffer*, kBatchSize> loaded_buffers_{};
  std::size_t loaded_ = 0;
};

}  // namespace ringpeer::backend

#endif  // RINGPEER_BACKEND_MMSG_RECEIVER_H_
