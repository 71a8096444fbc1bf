#ifndef RINGPEER_ENGINE_PEER_HELD_VIEW_H_
#define RINGPEER_ENGINE_PEER_HELD_VIEW_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/engine/packet/packet_release.h"

namespace ringpeer::internal {

// What keeps the packet valid that a peer or a server has shown last: references to the
// buffer that it lies in, or a copy. It belongs to whoever shows the packet, not to what that
// talks through, so that closing ends no view.
//
// Threads: the consumer. Lifetime: its owner's, which keeps the engine as long.
class HeldView {
 public:
  // The packet shown lies in this buffer; one reference goes with it. What was shown before
  // from the same buffer is given back with it.
  void hold(packet::PacketBuffer* buffer) { references_.add(buffer); }
  // The same for one that counts in a ViewLimit.
  void hold_counted(packet::PacketBuffer* buffer) {
    hold(buffer);
    counted_ = buffer;
  }
  // Shows a copy of the packet instead. False when there is no memory for it. Memory of the
  // largest packet copied so far is kept.
  bool copy(std::span<const std::uint8_t>* packet);

  void let_go() { references_.flush(); }
  void let_go_to(packet::PacketRelease* release) { references_.move_to(release); }

  // The buffer that counts in a ViewLimit, or null; it does so no more.
  packet::PacketBuffer* take_counted() {
    packet::PacketBuffer* const buffer = counted_;
    counted_ = nullptr;
    return buffer;
  }

 private:
  packet::PacketRelease references_;
  packet::PacketBuffer* counted_ = nullptr;
  std::unique_ptr<std::uint8_t[]> copy_;
  std::size_t room_ = 0;
};

// Bounds what the views of a server's peers keep from being received into. Each peer may keep
// its packet for as long as it likes, thousands of peers may, and each packet may lie in another
// buffer: what is not admitted is copied into memory of the peer's.
//
// Threads: the server's consumer.
class ViewLimit {
 public:
  // most_bytes: of slabs.
  explicit ViewLimit(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  // Whether a view may hold the buffer; then to be let go.
  bool admit(const packet::PacketBuffer* buffer);
  void let_go(const packet::PacketBuffer* buffer);

 private:
  // Buffers of the kernel's, each held by any number of views: a quarter of either backend's,
  // so half of those that may be lent. One takes a thousand small packets, and the peers that
  // are written to once a tick need two or three.
  static constexpr std::size_t kMaxBuffers = 16;
  struct Held {
    const packet::PacketBuffer* buffer;
    std::size_t views;
  };

  std::array<Held, kMaxBuffers> held_;
  std::size_t held_count_ = 0;
  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_HELD_VIEW_H_
