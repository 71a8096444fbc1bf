#ifndef RINGPEER_ENGINE_PACKET_SLAB_POOL_H_
#define RINGPEER_ENGINE_PACKET_SLAB_POOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringpeer/engine/packet/packet_buffer.h"

namespace ringpeer::packet {

// Memory for packets that are copied out of the kernel's buffers, so that a consumer
// that stops reading cannot starve the others of them. A page is cut in halves until a block
// fits, and free halves become one again: what is free serves any size, and a small packet that
// stays takes no more from the large ones than the block it lies in.
//
// Threads: the owning worker. Blocks come home through the worker's BufferReturn and
// are handed to free() by it.
class SlabPool {
 public:
  // Blocks of 128 bytes (a tiny game packet, its sender's address and the header) to 128 KiB
  // (the largest datagram with those), doubling.
  static constexpr std::size_t kSmallestBlock = 128;
  static constexpr std::size_t kMaxBlock = std::size_t{128} << 10;
  static constexpr std::size_t kPageSize = 2 * kMaxBlock;

  // budget: bytes of pages at the most; with less than kPageSize there is no block at
  // all. Nothing is allocated before it is needed.
  SlabPool(std::size_t budget, BufferReturn* home);
  ~SlabPool();
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  // What a block of `size` usable bytes takes of the budget.
  static std::size_t block_size(std::size_t size);

  enum class Use {
    kAny,
    // A packet of somebody whom the application does not know: all of these together hold a
    // share of the budget at most, but for a single one of any size.
    kStranger,
  };
  // Of the budget. The other three quarters are kept for those whom it has accepted.
  static constexpr std::size_t kStrangersShare = 4;

  // A block with at least `size` usable bytes and one reference, or null when the
  // budget, or the share of that use, is used up, or the machine has no memory for it.
  PacketBuffer* allocate(std::size_t size, Use use = Use::kAny);
  void free(PacketBuffer* block);

  // Which of these the last null was for.
  bool lacks_memory() const { return lacks_memory_; }

  std::size_t budget() const { return max_pages_ * kPageSize; }
  std::size_t pages_in_use() const { return pages_.size() - free_pages_; }
  bool is_half_in_use() const { return pages_in_use() > max_pages_ / 2; }
  // Whether every block has come back.
  bool is_whole();

 private:
  struct Page;
  // What a free block begins with.
  struct FreeBlock {
    Page* page;
    FreeBlock* previous;
    FreeBlock* next;
  };

  static constexpr std::size_t kLevels = 12;  // level 0: the smallest; the last: a whole page
  static_assert(kSmallestBlock << (kLevels - 1) == kPageSize);

  FreeBlock* take(std::size_t level);
  FreeBlock* cut(FreeBlock* block, std::size_t from, std::size_t level);
  bool add_page();
  bool release_kept();
  void give_back(FreeBlock* block, std::size_t level);
  void link(FreeBlock* block, std::size_t level);
  void unlink(FreeBlock* block, std::size_t level);

  const std::size_t max_pages_;
  const std::size_t most_of_strangers_;
  std::size_t strangers_bytes_ = 0;
  bool lacks_memory_ = false;
  BufferReturn* const home_;
  std::vector<Page*> pages_;
  std::size_t free_pages_ = 0;
  std::array<FreeBlock*, kLevels> free_{};  // doubly linked
  // Blocks that were freed last and are likely to be asked for next: a packet to and fro cuts
  // nothing. Singly linked, and free to nobody else until they are released.
  std::array<FreeBlock*, kLevels> kept_{};
  std::array<std::uint32_t, kLevels> kept_count_{};
};

}  // namespace ringpeer::packet

#endif  // RINGPEER_ENGINE_PACKET_SLAB_POOL_H_
