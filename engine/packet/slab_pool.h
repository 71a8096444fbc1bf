#ifndef RINGPEER_PACKET_SLAB_POOL_H_
#define RINGPEER_PACKET_SLAB_POOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringpeer/packet/packet_buffer.h"

namespace ringpeer::packet {

// Memory for packets that are copied out of the kernel's buffers, so that a consumer
// that stops reading cannot starve the others of them. Pages are cut into blocks of
// one size class; a page that is all free serves any class again.
//
// Threads: the owning worker. Blocks come home through the worker's BufferReturn and
// are handed to free() by it.
class SlabPool {
 public:
  // Blocks of 256 bytes (a small game packet and its header) to 128 KiB (the
  // largest datagram and its header), doubling.
  static constexpr std::size_t kSmallestBlock = 256;
  static constexpr std::size_t kClassCount = 10;
  static constexpr std::size_t kLargestBlock = kSmallestBlock << (kClassCount - 1);
  // Twice the largest block: fewer, larger pages would strand more memory in a class.
  static constexpr std::size_t kPageSize = kSmallestBlock << kClassCount;

  // budget: bytes of pages at the most; with less than kPageSize there is no block at
  // all. Nothing is allocated before it is needed.
  SlabPool(std::size_t budget, BufferReturn* home);
  ~SlabPool();
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  // A block with at least `size` usable bytes and one reference, or null when the
  // budget is used up.
  PacketBuffer* allocate(std::size_t size);
  void free(PacketBuffer* block);

  std::size_t pages_in_use() const { return pages_.size() - empty_pages_.size(); }

 private:
  struct Page;

  Page* page_with_room(std::size_t size_class);
  void unlink(Page* page);
  void set_free(Page* page);
  void free_kept_pages();

  const std::size_t max_pages_;
  BufferReturn* const home_;
  std::vector<Page*> pages_;
  std::vector<Page*> empty_pages_;
  std::array<Page*, kClassCount> with_room_{};  // doubly linked, per class
};

}  // namespace ringpeer::packet

#endif  // RINGPEER_PACKET_SLAB_POOL_H_
