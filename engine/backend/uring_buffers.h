#ifndef RINGPEER_ENGINE_BACKEND_URING_BUFFERS_H_
#define RINGPEER_ENGINE_BACKEND_URING_BUFFERS_H_

#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/backend/uring_abi.h"
#include "ringpeer/engine/packet/buffer_stock.h"
#include "ringpeer/engine/packet/mapped_memory.h"
#include "ringpeer/engine/packet/packet_buffer.h"

namespace ringpeer::backend {

// The memory that the kernel receives into: a provided buffer ring and the buffers
// it is fed with. Where the kernel can (Linux 6.12 with min_left) one buffer takes
// many datagrams one after another; elsewhere each takes one.
//
// Only some of the buffers are with the kernel at a time; the rest are spare.
//
// Threads: the ring's worker.
class UringBuffers {
 public:
  // largest: bytes of the largest completion (headers and payload).
  UringBuffers(std::size_t largest, packet::BufferReturn* home);
  UringBuffers(const UringBuffers&) = delete;
  UringBuffers& operator=(const UringBuffers&) = delete;

  // Registers with the ring as group kGroup. 0 or errno, and which step had it.
  int register_with(int ring, bool try_incremental, const char** step);

  static constexpr std::uint16_t kGroup = 0;

  bool is_incremental() const { return incremental_; }

  // Where the next completion of a buffer lies, `size` bytes of it, without taking them.
  struct Filled {
    packet::PacketBuffer* buffer = nullptr;  // null: there is no such buffer
    const std::uint8_t* memory = nullptr;    // null: it does not hold so many bytes
  };
  // False when the kernel named something that it does not hold.
  bool find(std::uint32_t completion_flags, std::uint32_t size, Filled* filled) const {
    const std::uint32_t index = completion_flags >> IORING_CQE_BUFFER_SHIFT;
    if (index >= stock_.count()) [[unlikely]]
      return false;
    filled->buffer = stock_.at(index);
    if (size > filled->buffer->capacity - filled->buffer->consumed) [[unlikely]]
      return false;
    filled->memory = filled->buffer->memory + filled->buffer->consumed;
    return true;
  }
  // Takes them, with one reference to the buffer for the caller.
  void take(packet::PacketBuffer* buffer, std::uint32_t completion_flags, std::uint32_t size) {
    ++buffer->issued;
    if ((completion_flags & buffer_more_) != 0) [[likely]] {
      buffer->consumed += size;
    } else {
      end_of(buffer);
    }
  }

  // A buffer that is nobody's any more.
  void recycle(packet::PacketBuffer* buffer) { stock_.give_back(buffer); }

  // Gives the kernel as many buffers as it should have.
  void feed();

  bool kernel_has_buffers() const { return with_kernel_ > 0; }
  bool owns(const packet::PacketBuffer* buffer) const { return stock_.owns(buffer); }
  bool has_buffers_to_lend() const {
    return (with_kernel_ + stock_.spare_count()) * 2 > stock_.count();
  }
  std::size_t lent_buffers() const { return stock_.count() - stock_.spare_count() - with_kernel_; }

 private:
  void end_of(packet::PacketBuffer* buffer);
  int try_register(int ring, std::size_t entries, std::uint16_t flags, std::uint32_t min_left);

  const std::size_t largest_;
  packet::BufferReturn* const home_;
  bool incremental_ = false;
  // The completion flag that says that its buffer takes more; 0 where there is none.
  std::uint32_t buffer_more_ = 0;
  std::size_t feed_target_ = 0;

  packet::BufferStock stock_;

  packet::MappedMemory ring_memory_;
  io_uring_buf_ring* ring_ = nullptr;
  unsigned ring_entries_ = 0;
  std::size_t with_kernel_ = 0;
};

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_URING_BUFFERS_H_
