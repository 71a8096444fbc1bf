#ifndef RINGPEER_PEER_HELD_PACKET_H_
#define RINGPEER_PEER_HELD_PACKET_H_

#include <cstdint>
#include <span>

#include "ringpeer/packet/packet_descriptor.h"
#include "ringpeer/packet/packet_release.h"

namespace ringpeer::internal {

// The descriptor that a consumer is reading: one packet, or a train that is taken
// apart packet by packet. Keeps the buffer until the next one is held, so that the
// application's view stays valid, and gives buffers back in runs.
//
// Threads: one consumer.
class HeldPacket {
 public:
  HeldPacket() = default;
  ~HeldPacket() { release(); }
  HeldPacket(const HeldPacket&) = delete;
  HeldPacket& operator=(const HeldPacket&) = delete;

  // Packets of the held train that were not taken yet.
  std::uint32_t waiting() const { return rest_.size == 0 ? 0 : rest_.packet_count(); }

  // Takes over the descriptor's reference and gives back the previous one's. Returns
  // the first packet; the others of a train follow with next().
  std::span<const std::uint8_t> hold(const packet::PacketDescriptor& descriptor) {
    if (has_buffer_) release_.add(buffer_);
    buffer_ = descriptor.buffer;
    has_buffer_ = true;
    source_ = descriptor.source;
    rest_ = descriptor;
    return next();
  }

  // The next packet of the train; only while waiting() > 0 or right after hold().
  std::span<const std::uint8_t> next() { return rest_.take_packet(); }

  const void* source() const { return source_; }
  std::uint32_t received_at_us() const { return rest_.received_at_us; }

  // The buffer of a packet or train that was taken to its end: the caller releases it.
  // Null while packets of it wait.
  packet::PacketBuffer* hand_over() {
    if (waiting() > 0 || !has_buffer_) return nullptr;
    has_buffer_ = false;
    return buffer_;
  }

  // Gives everything back: the view is invalid.
  void release() {
    if (has_buffer_) release_.add(buffer_);
    has_buffer_ = false;
    buffer_ = nullptr;
    rest_ = {};
    release_.flush();
  }

 private:
  packet::PacketDescriptor rest_{};
  packet::PacketBuffer* buffer_ = nullptr;
  const void* source_ = nullptr;
  bool has_buffer_ = false;
  packet::PacketRelease release_;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_PEER_HELD_PACKET_H_
