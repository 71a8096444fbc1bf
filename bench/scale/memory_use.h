#ifndef RINGPEER_BENCH_SCALE_MEMORY_USE_H_
#define RINGPEER_BENCH_SCALE_MEMORY_USE_H_

#include <cstddef>

namespace ringpeer::bench {

// What this process holds, in bytes.
// Threads: any. Failure: 0 for what cannot be read.
struct MemoryUse {
  std::size_t resident = 0;   // pages of memory, /proc/self/statm
  std::size_t allocated = 0;  // handed out by malloc, its own overhead included

  MemoryUse operator-(const MemoryUse& before) const {
    return {resident - before.resident, allocated - before.allocated};
  }
};

MemoryUse memory_use();

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_SCALE_MEMORY_USE_H_
