#ifndef RINGPEER_ENGINE_PACKET_PACKET_RELEASE_H_
#define RINGPEER_ENGINE_PACKET_PACKET_RELEASE_H_

#include <cstdint>

#include "ringpeer/engine/packet/packet_buffer.h"

namespace ringpeer::packet {

// Gives buffers back in runs: packets that came in one after another mostly lie in
// one buffer, and a run costs one atomic operation instead of one a packet. What was added
// last is never given back before something else is added: a consumer that adds a packet
// when it shows it to the application keeps it valid until it shows the next.
//
// Threads: one at a time. Whatever is held is given back by flush() or the destructor.
class PacketRelease {
 public:
  PacketRelease() = default;
  ~PacketRelease() { flush(); }
  PacketRelease(const PacketRelease&) = delete;
  PacketRelease& operator=(const PacketRelease&) = delete;

  void add(PacketBuffer* buffer, std::int64_t packets = 1) {
    if (buffer != buffer_) [[unlikely]] {
      flush();
      buffer_ = buffer;
    }
    count_ += packets;
  }

  // What is held goes to another, to be given back with what that holds.
  void move_to(PacketRelease* other) {
    if (buffer_ != nullptr) other->add(buffer_, count_);
    buffer_ = nullptr;
    count_ = 0;
  }

  void flush() {
    if (buffer_ != nullptr) buffer_->release(count_);
    buffer_ = nullptr;
    count_ = 0;
  }

 private:
  PacketBuffer* buffer_ = nullptr;
  std::int64_t count_ = 0;
};

}  // namespace ringpeer::packet

#endif  // RINGPEER_ENGINE_PACKET_PACKET_RELEASE_H_
