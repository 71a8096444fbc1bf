#ifndef RINGPEER_TESTS_FUZZ_WORK_BOUND_H_
#define RINGPEER_TESTS_FUZZ_WORK_BOUND_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "ringpeer/tests/support/processor_time/processor_time.h"

namespace ringpeer::fuzz {

// Processor time for what comes with any input, and for each of its bytes: some hundred times what
// instrumented code takes, so that only work that grows faster than the input goes beyond it.
inline constexpr std::chrono::milliseconds kBase{20};
inline constexpr std::chrono::microseconds kPerByte{10};
// A machine with other work may take a moment of it for itself, but not each time.
inline constexpr int kAttempts = 4;

// Does it, again when it took too long, and ends the fuzzer when it always does.
template <typename Work>
void check_work(const char* what, std::size_t bytes, Work work) {
  const std::chrono::nanoseconds most = kBase + bytes * kPerByte;
  std::chrono::nanoseconds least = std::chrono::nanoseconds::max();
  for (int attempt = 0; attempt < kAttempts && least > most; ++attempt) {
    const auto begun = test::processor_time();
    work();
    least = std::min(least, test::processor_time() - begun);
  }
  if (least <= most) return;
  std::fprintf(stderr, "%s of %zu bytes takes %lld us\n", what, bytes,
               static_cast<long long>(least.count() / 1000));
  std::abort();
}

}  // namespace ringpeer::fuzz

#endif  // RINGPEER_TESTS_FUZZ_WORK_BOUND_H_
