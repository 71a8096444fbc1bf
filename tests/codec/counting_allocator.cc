#include "tests/codec/counting_allocator.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

// glibc's own entry points, which the replacements below stand before.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void __libc_free(void* block);
}

namespace {

std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> live_bytes{0};
std::atomic<std::size_t> peak_bytes{0};

void* counted(void* block) {
  if (block == nullptr) return block;
  allocations.fetch_add(1, std::memory_order_relaxed);
  const std::size_t live =
      live_bytes.fetch_add(malloc_usable_size(block)) + malloc_usable_size(block);
  peak_bytes.store(std::max(peak_bytes.load(), live));
  return block;
}

void forget(void* block) {
  if (block != nullptr) live_bytes.fetch_sub(malloc_usable_size(block));
}

}  // namespace

// operator new calls malloc, so counting here counts both.
extern "C" void* malloc(std::size_t size) { return counted(__libc_malloc(size)); }
extern "C" void* calloc(std::size_t count, std::size_t size) {
  return counted(__libc_calloc(count, size));
}
extern "C" void* realloc(void* block, std::size_t size) {
  forget(block);
  return counted(__libc_realloc(block, size));
}
extern "C" void free(void* block) {
  forget(block);
  __libc_free(block);
}

namespace ringpeer::testing {

void reset_heap_count() {
  allocations = 0;
  live_bytes = 0;
  peak_bytes = 0;
}

HeapCount heap_count() { return {allocations.load(), live_bytes.load(), peak_bytes.load()}; }

}  // namespace ringpeer::testing
