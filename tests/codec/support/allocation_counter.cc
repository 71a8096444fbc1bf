#include "ringpeer/tests/codec/support/allocation_counter.h"

#include <malloc.h>

#include <cerrno>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RINGPEER_SANITIZED_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RINGPEER_SANITIZED_HEAP 1
#endif
#endif

namespace ringpeer {
namespace {

thread_local HeapUse use;

#ifndef RINGPEER_SANITIZED_HEAP
void* taken(void* block) {
  if (block == nullptr) return block;
  ++use.allocations;
  use.bytes += malloc_usable_size(block);
  if (use.bytes > use.most_bytes) use.most_bytes = use.bytes;
  return block;
}

void given_back(void* block) {
  if (block != nullptr) use.bytes -= malloc_usable_size(block);
}
#endif

}  // namespace

bool heap_use_is_counted() {
#ifdef RINGPEER_SANITIZED_HEAP
  return false;
#else
  return true;
#endif
}

HeapUse heap_use() { return use; }

void reset_most_bytes() { use.most_bytes = use.bytes; }

}  // namespace ringpeer

#ifndef RINGPEER_SANITIZED_HEAP

// glibc's own entry points stay reachable under these names when a program defines
// malloc itself, which glibc's manual allows ("Replacing malloc").
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);

void* malloc(std::size_t size) { return ringpeer::taken(__libc_malloc(size)); }

void* calloc(std::size_t count, std::size_t size) {
  return ringpeer::taken(__libc_calloc(count, size));
}

void* realloc(void* block, std::size_t size) {
  ringpeer::given_back(block);
  return ringpeer::taken(__libc_realloc(block, size));
}

void* memalign(std::size_t alignment, std::size_t size) {
  return ringpeer::taken(__libc_memalign(alignment, size));
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  *block = memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}

void free(void* block) {
  ringpeer::given_back(block);
  __libc_free(block);
}

}  // extern "C"

#endif  // RINGPEER_SANITIZED_HEAP
