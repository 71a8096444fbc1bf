#ifndef RINGPEER_CODEC_WIRE_ARENA_H_
#define RINGPEER_CODEC_WIRE_ARENA_H_

#include <cstddef>
#include <cstdint>

#include "ringpeer/codec/base/memory.h"

namespace ringpeer {

// Monotonic memory: allocate() moves a pointer, release() does nothing, reset() takes
// everything back at once and keeps the chunks, so that a steady load allocates
// nothing from the heap. One thread at a time.
// Lifetime: memory is valid until reset() or the end. Failure: std::bad_alloc.
class Arena {
 public:
  static constexpr std::size_t kDefaultChunkSize = std::size_t{64} << 10;

  // The chunk size is that of the first chunk; later ones are as large, or a part of what is
  // held, or what a request needs. Nothing is allocated before the first request.
  explicit Arena(std::size_t chunk_size = kDefaultChunkSize) : chunk_size_(chunk_size) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  void* allocate(std::size_t bytes) {
    bytes = (bytes + kMemoryAlignment - 1) & ~(kMemoryAlignment - 1);
    if (bytes > static_cast<std::size_t>(end_ - position_)) return allocate_slow(bytes);
    std::uint8_t* block = position_;
    position_ += bytes;
    return block;
  }
  void release(void*) noexcept {}

  // Everything that was allocated is gone.
  void reset() noexcept;

  // Heap bytes held, used or not.
  std::size_t capacity() const { return capacity_; }

 private:
  // A new chunk is this part of what is held: as little is held in vain.
  static constexpr std::size_t kGrowth = 8;

  struct Chunk {
    Chunk* next;
    std::size_t size;  // of what follows
    std::uint8_t* begin() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  };

  void* allocate_slow(std::size_t bytes);
  void use(Chunk* chunk);

  std::uint8_t* position_ = nullptr;
  std::uint8_t* end_ = nullptr;
  Chunk* first_ = nullptr;
  Chunk* current_ = nullptr;
  std::size_t chunk_size_;
  std::size_t capacity_ = 0;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_ARENA_H_
