#include "ringpeer/bench/scale/memory_use.h"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

namespace ringpeer::bench {

MemoryUse memory_use() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  const struct mallinfo2 info = ::mallinfo2();
  return {resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)),
          info.uordblks + info.hblkhd};
}

}  // namespace ringpeer::bench
