#ifndef RINGPEER_ENGINE_WORKER_MEMORY_ADVICE_H_
#define RINGPEER_ENGINE_WORKER_MEMORY_ADVICE_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace ringpeer::worker {

// What bounds the memory of this process, in bytes: a look at one moment, from any thread.
struct MemoryLimits {
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
  struct Bound {
    std::uint64_t most = kNone;
    std::uint64_t left = kNone;
  };

  Bound address_space;           // RLIMIT_AS
  Bound data;                    // RLIMIT_DATA
  Bound control_group;           // memory.max of its own
  std::uint64_t locked = kNone;  // RLIMIT_MEMLOCK, as far as it holds for this process

  // A file that cannot be read bounds nothing.
  static MemoryLimits of_process();
};

// What to do about a want of memory in this step of the start of so many workers.
std::string advice_on_memory(const MemoryLimits& limits, std::string_view step,
                             std::uint64_t workers);

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_MEMORY_ADVICE_H_
