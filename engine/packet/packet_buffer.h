#ifndef RINGPEER_ENGINE_PACKET_PACKET_BUFFER_H_
#define RINGPEER_ENGINE_PACKET_PACKET_BUFFER_H_

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "ringpeer/codec/base/atomics.h"

namespace ringpeer::packet {

class BufferReturn;

// Who made a buffer, and so who takes it back.
enum class BufferKind : std::uint8_t {
  kKernel,  // the backend's: the kernel writes datagrams into it
  kSlab,    // the slab pool's: holds a copied datagram
};

// The header of a piece of packet memory. One buffer may hold many datagrams (the
// kernel packs them one after another into an incremental buffer); each packet handed on is
// one reference, also each of those that came together as a train: whoever takes one, from
// wherever, holds it for as long as it likes. The last release sends the buffer home.
//
// Threads: release() and add_references() from any thread; everything else from the owning
// worker.
struct PacketBuffer {
  // Held by the worker while the kernel may still write datagrams into the buffer;
  // more than any number of datagrams that fit.
  static constexpr std::int64_t kOpenReferences = std::int64_t{1} << 40;

  Atomic<std::int64_t> references{0};
  BufferReturn* home = nullptr;
  PacketBuffer* next = nullptr;  // link in a BufferReturn or in an owner's free list
  std::uint8_t* memory = nullptr;
  std::uint32_t capacity = 0;
  std::uint32_t issued = 0;    // datagrams handed on since the buffer was opened
  std::uint32_t consumed = 0;  // bytes the kernel has written since then
  std::uint16_t index = 0;     // in its owner's table
  BufferKind kind = BufferKind::kKernel;
  bool is_strangers = false;  // a slab that counts in the share of SlabPool::Use::kStranger

  // The kernel gets the buffer.
  void open() {
    issued = 0;
    consumed = 0;
    references.store(kOpenReferences, std::memory_order_relaxed);
  }

  // The kernel is done with the buffer: from here on the datagrams alone hold it.
  void retire();

  // Gives back n references.
  void release(std::int64_t n = 1);
  // More of them, for somebody who holds one.
  void add_references(std::int64_t n) {
    assert(n >= 0 && references.load(std::memory_order_relaxed) > 0);
    references.fetch_add(n, std::memory_order_relaxed);
  }
};

// The way home for buffers: a stack that any thread pushes on and one worker takes
// whole. Lock-free; taking all at once leaves no room for the ABA problem. It needs
// no memory of its own, so giving a buffer back can never fail.
class BufferReturn {
 public:
  BufferReturn() = default;
  BufferReturn(const BufferReturn&) = delete;
  BufferReturn& operator=(const BufferReturn&) = delete;

  void push(PacketBuffer* buffer) {
    PacketBuffer* head = head_.load(std::memory_order_relaxed);
    do {
      assert(head != buffer);  // it is on its way home already
      buffer->next = head;
    } while (!head_.compare_exchange_weak(head, buffer, std::memory_order_release,
                                          std::memory_order_relaxed));
  }

  // The buffers that came back, linked by next, the latest first. Owner only.
  PacketBuffer* take_all() {
    // A plain look first: most of the time nothing came back.
    if (head_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    return head_.exchange(nullptr, std::memory_order_acquire);
  }

 private:
  Atomic<PacketBuffer*> head_{nullptr};
};

inline void PacketBuffer::release(std::int64_t n) {
  assert(n > 0);
  // The sole holder needs no read-modify-write: nobody else can add or drop one.
  if (references.load(std::memory_order_acquire) != n) {
    const std::int64_t before = references.fetch_sub(n, std::memory_order_acq_rel);
    assert(before >= n);  // nobody gives back more than there is
    if (before != n) return;
  }
  home->push(this);
}

inline void PacketBuffer::retire() {
  const std::int64_t surplus = kOpenReferences - static_cast<std::int64_t>(issued);
  assert(surplus > 0);
  // Releases nothing: what the worker did to the buffer since it handed a datagram on, whoever
  // gives the last one back does not look at.
  if (references.fetch_sub(surplus, std::memory_order_acquire) == surplus) home->push(this);
}

}  // namespace ringpeer::packet

#endif  // RINGPEER_ENGINE_PACKET_PACKET_BUFFER_H_
