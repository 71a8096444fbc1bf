#include "ringpeer/tests/interleaving/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ringpeer::interleaving {
namespace {

// Only what is touched takes up memory.
void* reserve(std::size_t size) {
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("explorer: mmap");
    std::abort();
  }
  return memory;
}

}  // namespace

Memory::Memory()
    : begin_(reinterpret_cast<std::uintptr_t>(reserve(kThreadSize * kMaxThreads))),
      bytes_(static_cast<Byte*>(reserve(kThreadSize * kMaxThreads * sizeof(Byte)))),
      marks_(static_cast<std::uint8_t*>(reserve(kThreadSize * kMaxThreads))) {
  for (std::size_t thread = 0; thread < kMaxThreads; ++thread) {
    heaps_[thread].next = begin_ + thread * kThreadSize;
  }
}

Memory::~Memory() {
  ::munmap(marks_, kThreadSize * kMaxThreads);
  ::munmap(bytes_, kThreadSize * kMaxThreads * sizeof(Byte));
  ::munmap(reinterpret_cast<void*>(begin_), kThreadSize * kMaxThreads);
}

void Memory::clear() {
  ++run_;
  is_concurrent_ = false;
  for (std::size_t thread = 0; thread < kMaxThreads; ++thread) {
    Heap& heap = heaps_[thread];
    for (const Block& block : heap.blocks) {
      if (block.touched_end <= block.touched_begin) continue;
      std::memset(&marks_[block.touched_begin - begin_], 0,
                  block.touched_end - block.touched_begin);
    }
    heap.next = begin_ + thread * kThreadSize;
    heap.blocks.clear();
  }
  for (const std::uintptr_t address : marked_on_stacks_) marks_[address - begin_] = 0;
  marked_on_stacks_.clear();
}

std::span<std::byte> Memory::stack(std::size_t thread) {
  return {reinterpret_cast<std::byte*>(begin_ + thread * kThreadSize + kHeapSize), kStackSize};
}

void* Memory::allocate(std::size_t thread, std::size_t size, std::size_t alignment) {
  Heap& heap = heaps_[thread];
  // One byte at least between blocks, so that none is touched from its neighbour.
  const std::uintptr_t place = (heap.next + alignment - 1) / alignment * alignment;
  const std::uintptr_t end = place + std::max<std::size_t>(size, 1) + 1;
  if (end > begin_ + thread * kThreadSize + kHeapSize) return nullptr;
  heap.next = end;
  heap.blocks.push_back({place, size, false, place + size, place});
  return reinterpret_cast<void*>(place);
}

Memory::Byte& Memory::byte(std::uintptr_t address) {
  Byte& byte = bytes_[address - begin_];
  if (byte.run != run_) {
    byte = {};
    byte.run = run_;
  }
  return byte;
}

// The block that begins last at or before the address; null on a stack.
Memory::Block* Memory::block(std::uintptr_t address) {
  Heap& heap = heaps_[(address - begin_) / kThreadSize];
  const auto after =
      std::upper_bound(heap.blocks.begin(), heap.blocks.end(), address,
                       [](std::uintptr_t wanted, const Block& b) { return wanted < b.begin; });
  return after == heap.blocks.begin() ? nullptr : &*(after - 1);
}

const char* Memory::check_block(std::uintptr_t address, std::size_t size) {
  Block* const found = block(address);
  if (found == nullptr || address + size > found->begin + found->size) {
    return "access outside of allocated memory";
  }
  found->touched_begin = std::min(found->touched_begin, address);
  found->touched_end = std::max(found->touched_end, address + size);
  return found->is_freed ? "access to freed memory" : nullptr;
}

bool Memory::is_unordered(const Accessor& who, const std::array<Stamp, kMaxThreads>& stamps) {
  for (std::size_t thread = 0; thread < kMaxThreads; ++thread) {
    if (thread != who.thread && !who.clock.covers(thread, stamps[thread])) return true;
  }
  return false;
}

const char* Memory::find_race(const Accessor& who, Byte& byte, Access kind) {
  // Since its last event the thread has written here, or read and reads again: whatever others
  // have done meanwhile has been found to be a race.
  const bool is_atomic = kind == Access::kAtomicRead || kind == Access::kAtomicWrite;
  const bool has_written = byte.writer == who.thread && byte.write == who.stamp;
  const bool has_read = kind != Access::kWrite && byte.reads[who.thread] == who.stamp;
  if (!is_atomic && (has_written || has_read)) return nullptr;
  if (byte.writer != who.thread && !who.clock.covers(byte.writer, byte.write)) {
    return "data race: with a write";
  }
  if (!is_atomic && is_unordered(who, byte.atomic_writes)) {
    return "data race: with an atomic write";
  }
  if (kind == Access::kWrite && is_unordered(who, byte.atomic_reads)) {
    return "data race: of a write with an atomic read";
  }
  if ((kind == Access::kWrite || kind == Access::kAtomicWrite) && is_unordered(who, byte.reads)) {
    return "data race: of a write with a read";
  }
  switch (kind) {
    case Access::kRead:
    case Access::kCopy:
      byte.reads[who.thread] = who.stamp;
      break;
    case Access::kWrite:
      byte.writer = static_cast<std::uint8_t>(who.thread);
      byte.write = who.stamp;
      break;
    case Access::kAtomicRead:
      byte.atomic_reads[who.thread] = who.stamp;
      break;
    case Access::kAtomicWrite:
      byte.atomic_writes[who.thread] = who.stamp;
      break;
  }
  return nullptr;
}

const char* Memory::mark(std::uintptr_t address, std::size_t size, Access kind) {
  std::uint8_t* const marks = &marks_[address - begin_];
  if (kind == Access::kAtomicRead || kind == Access::kAtomicWrite) {
    for (std::size_t i = 0; i < size; ++i) {
      if (!is_heap(address + i)) marked_on_stacks_.push_back(address + i);
      marks[i] |= kAtomic;
    }
  }
  if (!is_heap(address)) return nullptr;
  if (const char* wrong = check_block(address, size); wrong != nullptr) return wrong;
  if (kind == Access::kWrite) {
    for (std::size_t i = 0; i < size; ++i) marks[i] |= kWritten;
  } else if (kind != Access::kCopy) {
    for (std::size_t i = 0; i < size; ++i) {
      if ((marks[i] & kWritten) == 0) return "read of unwritten memory";
    }
  }
  return nullptr;
}

const char* Memory::access(const Accessor& who, std::uintptr_t address, std::size_t size,
                           Access kind) {
  if (const char* wrong = mark(address, size, kind); wrong != nullptr) return wrong;
  if (!is_concurrent_) return nullptr;
  for (std::uintptr_t at = address; at < address + size; ++at) {
    if (const char* wrong = find_race(who, byte(at), kind); wrong != nullptr) return wrong;
  }
  return nullptr;
}

const char* Memory::free(const Accessor& who, std::uintptr_t address) {
  Block* const found = contains(address) ? block(address) : nullptr;
  if (found == nullptr || found->begin != address) return "free of what was not allocated";
  if (found->is_freed) return "free of freed memory";
  found->is_freed = true;
  if (!is_concurrent_) return nullptr;
  // Whatever was done to it must happen before this.
  for (std::uintptr_t at = found->touched_begin; at < found->touched_end; ++at) {
    if (bytes_[at - begin_].run != run_) continue;
    if (const char* wrong = find_race(who, byte(at), Access::kWrite); wrong != nullptr)
      return wrong;
  }
  return nullptr;
}

bool Memory::was_atomic(std::uintptr_t address, std::size_t size) const {
  const std::uint8_t* const marks = &marks_[address - begin_];
  return std::any_of(marks, marks + size, [](std::uint8_t mark) { return (mark & kAtomic) != 0; });
}

std::size_t Memory::allocated_blocks() const {
  std::size_t count = 0;
  for (const Heap& heap : heaps_) {
    for (const Block& block : heap.blocks) count += block.is_freed ? 0 : 1;
  }
  return count;
}

}  // namespace ringpeer::interleaving
