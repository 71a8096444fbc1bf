#include "ringpeer/tests/codec/support/allocation_counter.h"

#include <malloc.h>

#include <cerrno>

#include "ringpeer/tests/support/sanitizer/sanitizer.h"

#define RINGPEER_SANITIZED_HEAP (RINGPEER_ADDRESS_SANITIZER || RINGPEER_THREAD_SANITIZER)

namespace ringpeer {
namespace {

thread_local HeapUse use;

#if !RINGPEER_SANITIZED_HEAP
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
#if RINGPEER_SANITIZED_HEAP
  return false;
#else
  return true;
#endif
}

HeapUse heap_use() { return use; }

void reset_most_bytes() { use.most_bytes = use.bytes; }

}  // namespace ringpeer

#if !RINGPEER_SANITIZED_HEAP

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
