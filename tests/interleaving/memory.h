#ifndef RINGPEER_TESTS_INTERLEAVING_MEMORY_H_
#define RINGPEER_TESTS_INTERLEAVING_MEMORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ringpeer/tests/interleaving/clock.h"

namespace ringpeer::interleaving {

// The memory of the threads of an explored test: a heap and a stack for each, and what is
// known of each byte. It is the same in every run: what a thread allocates lies where it lay
// before, as long as the thread does the same, so that an address names an object. Nothing that
// is freed is used again in the same run.
//
// Finds: data races, reads of heap memory that nobody has written, uses of memory that is freed
// or was never allocated, frees of what is not allocated, leaks.
class Memory {
 public:
  static constexpr std::size_t kHeapSize = std::size_t{4} << 20;
  static constexpr std::size_t kStackSize = std::size_t{256} << 10;

  // Who accesses: a thread, what happens before its next event, and that event's number.
  struct Accessor {
    std::size_t thread;
    const Clock& clock;
    Stamp stamp;
  };
  enum class Access : std::uint8_t { kRead, kWrite, kCopy, kAtomicRead, kAtomicWrite };

  Memory();
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // Another run: nothing is allocated, nothing written.
  void clear();
  // Accesses are ordered, in the set-up and at the end of a test, until this says otherwise.
  void set_concurrent(bool concurrent) { is_concurrent_ = concurrent; }

  bool contains(std::uintptr_t address) const {
    return address - begin_ < kThreadSize * kMaxThreads;
  }
  std::span<std::byte> stack(std::size_t thread);

  // Null when the thread's heap is used up.
  void* allocate(std::size_t thread, std::size_t size, std::size_t alignment);
  // These return what is wrong, or null.
  const char* free(const Accessor& who, std::uintptr_t address);
  const char* access(const Accessor& who, std::uintptr_t address, std::size_t size, Access kind);
  // Whether there has been an atomic operation on something here.
  bool was_atomic(std::uintptr_t address, std::size_t size) const;
  std::size_t allocated_blocks() const;

 private:
  // What several threads have done to a byte.
  struct Byte {
    std::uint32_t run;  // what follows is of this run; else nothing has happened yet
    std::uint8_t writer;
    Stamp write;
    std::array<Stamp, kMaxThreads> reads;
    std::array<Stamp, kMaxThreads> atomic_reads;
    std::array<Stamp, kMaxThreads> atomic_writes;
  };
  // What anybody has.
  static constexpr std::uint8_t kWritten = 1;
  static constexpr std::uint8_t kAtomic = 2;
  struct Block {
    std::uintptr_t begin;
    std::size_t size;
    bool is_freed;
    // Between these, anything has been done to it.
    std::uintptr_t touched_begin;
    std::uintptr_t touched_end;
  };
  struct Heap {
    std::uintptr_t next;
    std::vector<Block> blocks;  // by address
  };
  static constexpr std::size_t kThreadSize = kHeapSize + kStackSize;

  bool is_heap(std::uintptr_t address) const {
    return (address - begin_) % kThreadSize < kHeapSize;
  }
  Byte& byte(std::uintptr_t address);
  Block* block(std::uintptr_t address);
  const char* check_block(std::uintptr_t address, std::size_t size);
  static bool is_unordered(const Accessor& who, const std::array<Stamp, kMaxThreads>& stamps);
  static const char* find_race(const Accessor& who, Byte& byte, Access kind);
  const char* mark(std::uintptr_t address, std::size_t size, Access kind);

  std::uintptr_t begin_ = 0;
  Byte* bytes_ = nullptr;
  std::uint8_t* marks_ = nullptr;
  std::vector<std::uintptr_t> marked_on_stacks_;
  std::uint32_t run_ = 0;
  bool is_concurrent_ = false;
  std::array<Heap, kMaxThreads> heaps_;
};

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_MEMORY_H_
