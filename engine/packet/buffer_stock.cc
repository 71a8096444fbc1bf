#include "ringpeer/engine/packet/buffer_stock.h"

#include <cassert>
#include <cstdint>

namespace ringpeer::packet {

bool BufferStock::make(std::size_t count, std::size_t size, std::size_t stride,
                       MappedMemory::Pages pages, BufferReturn* home) {
  assert(count_ == 0 && size <= stride && count <= std::size_t{UINT16_MAX} + 1);
  if (!memory_.map(count * stride, pages)) return false;
  buffers_ = std::make_unique<PacketBuffer[]>(count);
  spare_.reserve(count);
  count_ = count;
  for (std::size_t i = 0; i < count; ++i) {
    PacketBuffer& buffer = buffers_[i];
    buffer.home = home;
    buffer.memory = memory_.data() + i * stride;
    buffer.capacity = static_cast<std::uint32_t>(size);
    buffer.index = static_cast<std::uint16_t>(i);
    buffer.kind = BufferKind::kKernel;
    spare_.push_back(&buffer);
  }
  return true;
}

}  // namespace ringpeer::packet
