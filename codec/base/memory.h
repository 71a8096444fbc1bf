#ifndef RINGPEER_CODEC_BASE_MEMORY_H_
#define RINGPEER_CODEC_BASE_MEMORY_H_

#include <cstddef>
#include <new>

namespace ringpeer {

// Where the parts of a Variant live. Everything that builds values is a template on
// one of these two kinds of memory, so that the owning decode and the decode into an
// arena are one piece of code:
//   HeapMemory  blocks belong to the value that points to them (its destructor
//               releases them);
//   Arena       blocks belong to the arena; release() does nothing.
// Both give blocks aligned for every type here (kMemoryAlignment).
// Threads: HeapMemory any, an Arena one. Failure: std::bad_alloc from allocate().
inline constexpr std::size_t kMemoryAlignment = 8;

struct HeapMemory {
  static void* allocate(std::size_t bytes) { return ::operator new(bytes); }
  static void release(void* block) noexcept { ::operator delete(block); }
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_BASE_MEMORY_H_
