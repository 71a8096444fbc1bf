#ifndef RINGPEER_ENGINE_PACKET_BUFFER_STOCK_H_
#define RINGPEER_ENGINE_PACKET_BUFFER_STOCK_H_

#include <cassert>
#include <cstddef>
#include <memory>
#include <vector>

#include "ringpeer/engine/packet/mapped_memory.h"
#include "ringpeer/engine/packet/packet_buffer.h"

namespace ringpeer::packet {

// The buffers of a backend and their memory. Those that nobody has lie on a stack, the
// last to come back on top, so that the memory in use stays warm in the cache.
//
// Threads: one worker.
class BufferStock {
 public:
  BufferStock() = default;
  BufferStock(const BufferStock&) = delete;
  BufferStock& operator=(const BufferStock&) = delete;

  // `count` buffers of `size` bytes, each `stride` behind the one before. False when there
  // is no memory. Once only.
  bool make(std::size_t count, std::size_t size, std::size_t stride, MappedMemory::Pages pages,
            BufferReturn* home);

  std::size_t count() const { return count_; }
  PacketBuffer* at(std::size_t index) const {
    assert(index < count_);
    return &buffers_[index];
  }
  bool owns(const PacketBuffer* buffer) const {
    return buffer >= buffers_.get() && buffer < buffers_.get() + count_;
  }

  std::size_t spare_count() const { return spare_.size(); }
  // A spare one, opened, or null.
  PacketBuffer* take() {
    if (spare_.empty()) return nullptr;
    PacketBuffer* const buffer = spare_.back();
    spare_.pop_back();
    buffer->open();
    return buffer;
  }
  // A buffer that is nobody's any more.
  void give_back(PacketBuffer* buffer) {
    assert(owns(buffer) && spare_.size() < count_);
    spare_.push_back(buffer);
  }

 private:
  MappedMemory memory_;
  std::unique_ptr<PacketBuffer[]> buffers_;
  std::size_t count_ = 0;
  std::vector<PacketBuffer*> spare_;
};

}  // namespace ringpeer::packet

#endif  // RINGPEER_ENGINE_PACKET_BUFFER_STOCK_H_
