#include "ringpeer/tests/support/heap/heap.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include "ringpeer/tests/support/sanitizer/sanitizer.h"

namespace ringpeer::test {
namespace {

#if RINGPEER_ADDRESS_SANITIZER
// It finds who looks at freed memory, and lets nobody write where it keeps an array's count.
constexpr bool kScribbles = false;
#else
constexpr bool kScribbles = true;
#endif
constexpr int kScribble = 0xdd;
// The objects of a program, and of its large blocks the beginning.
constexpr std::size_t kMaxScribbled = 256;

constinit std::atomic<bool (*)()> refusal{nullptr};
thread_local constinit long live = 0;

}  // namespace

void set_refusal(bool (*refuses)()) { refusal.store(refuses); }

long live_blocks() { return live; }

namespace {

void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) noexcept {
  bool (*const refuses)() = refusal.load(std::memory_order_relaxed);
  if (refuses != nullptr && refuses()) return nullptr;
  // aligned_alloc() wants whole multiples, and nothing is not to be null.
  void* const memory =
      alignment <= alignof(std::max_align_t)
          ? std::malloc(size == 0 ? 1 : size)
          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory != nullptr) ++live;
  return memory;
}

void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  --live;
  // Whoever still looks at it does not find what was there.
  if (kScribbles)
    std::memset(memory, kScribble, std::min(::malloc_usable_size(memory), kMaxScribbled));
  std::free(memory);
}

}  // namespace
}  // namespace ringpeer::test

using ringpeer::test::allocate;
using ringpeer::test::give_back;
using ringpeer::test::or_throw;

void* operator new(std::size_t size) { return or_throw(allocate(size)); }
void* operator new[](std::size_t size) { return or_throw(allocate(size)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return or_throw(allocate(size, static_cast<std::size_t>(alignment)));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return or_throw(allocate(size, static_cast<std::size_t>(alignment)));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { give_back(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  give_back(memory);
}
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  give_back(memory);
}
