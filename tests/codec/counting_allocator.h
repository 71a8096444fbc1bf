#ifndef RINGPEER_TESTS_CODEC_COUNTING_ALLOCATOR_H_
#define RINGPEER_TESTS_CODEC_COUNTING_ALLOCATOR_H_

#include <cstddef>

namespace ringpeer::testing {

// What the heap gave since reset_heap_count(), operator new and malloc alike: linking
// counting_allocator.cc replaces both for the whole program.
struct HeapCount {
  std::size_t allocations;
  std::size_t live_bytes;
  std::size_t peak_bytes;
};

void reset_heap_count();
HeapCount heap_count();

}  // namespace ringpeer::testing

#endif  // RINGPEER_TESTS_CODEC_COUNTING_ALLOCATOR_H_
