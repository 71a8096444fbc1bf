#ifndef RINGPEER_TESTS_FUZZ_WORK_BOUND_H_
#define RINGPEER_TESTS_FUZZ_WORK_BOUND_H_

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace ringpeer::fuzz {

// Processor time for what comes with any input, and for each of its bytes: some hundred times what
// instrumented code takes, so that only work that grows faster than the input goes beyond it.
inline constexpr std::uint64_t kBaseNs = 20'000'000;
inline constexpr std::uint64_t kNsPerByte = 10'000;
// A machine with other work may take a moment of it for itself, but not each time.
inline constexpr int kAttempts = 4;

inline std::uint64_t processor_time_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// Does it, again when it took too long, and ends the fuzzer when it always does.
template <typename Work>
void check_work(const char* what, std::size_t bytes, Work work) {
  const std::uint64_t most = kBaseNs + kNsPerByte * bytes;
  std::uint64_t least = UINT64_MAX;
  for (int attempt = 0; attempt < kAttempts && least > most; ++attempt) {
    const std::uint64_t begun = processor_time_ns();
    work();
    least = std::min(least, processor_time_ns() - begun);
  }
  if (least <= most) return;
  std::fprintf(stderr, "%s of %zu bytes takes %llu us\n", what, bytes,
               static_cast<unsigned long long>(least / 1000));
  std::abort();
}

}  // namespace ringpeer::fuzz

#endif  // RINGPEER_TESTS_FUZZ_WORK_BOUND_H_
