#ifndef RINGPEER_BACKEND_URING_BUFFERS_H_
#define RINGPEER_BACKEND_URING_BUFFERS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ringpeer/backend/uring_abi.h"
#include "ringpeer/packet/packet_buffer.h"

namespace ringpeer::backend {

// The memory that the kernel receives into: a provided buffer ring and the buffers
// it is fed with. Where the kernel can (Linux 6.12 with min_left) one buffer takes
// many datagrams one after another; elsewhere each takes one.
//
// Only some of the buffers are with the kernel at a time; the rest wait on a stack,
// the last to come back on top, so that the memory in use stays warm in the cache.
//
// Threads: the ring's worker.
class UringBuffers {
 public:
  // largest: bytes of the largest completion (headers and payload).
  UringBuffers(std::size_t largest, packet::BufferReturn* home);
  ~UringBuffers();
  UringBuffers(const UringBuffers&) = delete;
  UringBuffers& operator=(const UringBuffers&) = delete;

  // Registers with the ring as group kGroup. 0 or errno.
  int register_with(int ring, bool try_incremental);

  static constexpr std::uint16_t kGroup = 0;

  bool is_incremental() const { return incremental_; }

  // The bytes of one completion: `size` at `memory`, in `buffer` with one reference
  // for the caller. memory is null when the kernel named a buffer it does not hold.
  struct Filled {
    const std::uint8_t* memory;
    packet::PacketBuffer* buffer;
  };
  Filled take(std::uint32_t completion_flags, std::uint32_t size);

  // A buffer that is nobody's any more.
  void recycle(packet::PacketBuffer* buffer) { spare_.push_back(buffer); }

  // Gives the kernel as many buffers as it should have.
  void feed();

  bool kernel_has_buffers() const { return with_kernel_ > 0; }
  bool has_buffers_to_lend() const { return (with_kernel_ + spare_.size()) * 2 > buffer_count_; }

 private:
  void allocate(std::size_t count, std::size_t size, std::size_t stride);
  int try_register(int ring, std::size_t entries, std::uint16_t flags, std::uint32_t min_left);

  const std::size_t largest_;
  packet::BufferReturn* const home_;
  bool incremental_ = false;
  std::size_t feed_target_ = 0;

  std::uint8_t* memory_ = nullptr;
  std::size_t memory_size_ = 0;
  std::unique_ptr<packet::PacketBuffer[]> buffers_;
  std::size_t buffer_count_ = 0;
  std::vector<packet::PacketBuffer*> spare_;

  io_uring_buf_ring* ring_ = nullptr;
  std::size_t ring_size_ = 0;
  unsigned ring_entries_ = 0;
  std::size_t with_kernel_ = 0;
};

}  // namespace ringpeer::backend

#endif  // RINGPEER_BACKEND_URING_BUFFERS_H_
