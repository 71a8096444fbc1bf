#include "ringpeer/tests/support/model/refused_memory.h"

#include <cstdlib>
#include <new>

namespace ringpeer::test {
namespace {

thread_local constinit bool refuses_memory = false;
thread_local constinit bool was_refused = false;
thread_local constinit std::size_t blocks_left = 0;

void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) noexcept {
  if (refuses_memory && blocks_left == 0) {
    was_refused = true;
    return nullptr;
  }
  if (refuses_memory) --blocks_left;
  if (size == 0) size = 1;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

RefusedMemory::RefusedMemory(bool refuses, std::size_t granted) {
  refuses_memory = refuses;
  was_refused = false;
  blocks_left = granted;
}
RefusedMemory::~RefusedMemory() { refuses_memory = false; }

bool RefusedMemory::has_refused() const { return was_refused; }

}  // namespace ringpeer::test

using ringpeer::test::allocate;
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
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
