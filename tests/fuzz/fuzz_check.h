#ifndef RINGPEER_TESTS_FUZZ_FUZZ_CHECK_H_
#define RINGPEER_TESTS_FUZZ_FUZZ_CHECK_H_

#include <cstdio>
#include <cstdlib>

// A property that every input must have; the fuzzer keeps the input that lacks it.
#define FUZZ_CHECK(condition)                                                        \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                  \
    }                                                                                \
  } while (false)

#endif  // RINGPEER_TESTS_FUZZ_FUZZ_CHECK_H_
