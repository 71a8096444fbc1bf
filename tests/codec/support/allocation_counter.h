#ifndef RINGPEER_TESTS_CODEC_SUPPORT_ALLOCATION_COUNTER_H_
#define RINGPEER_TESTS_CODEC_SUPPORT_ALLOCATION_COUNTER_H_

#include <cstddef>
#include <cstdint>

namespace ringpeer {

// What this thread has taken from the heap, by malloc and its kin and so by operator
// new: linking this library puts a counter in front of them.
struct HeapUse {
  std::uint64_t allocations = 0;  // calls that returned a block, since the thread began
  std::size_t bytes = 0;          // held now, as usable sizes
  std::size_t most_bytes = 0;     // the largest `bytes` since the last reset_most_bytes()
};

// False in a build whose sanitizer brings a heap of its own: nothing is counted then.
bool heap_use_is_counted();

HeapUse heap_use();
void reset_most_bytes();

}  // namespace ringpeer

#endif  // RINGPEER_TESTS_CODEC_SUPPORT_ALLOCATION_COUNTER_H_
