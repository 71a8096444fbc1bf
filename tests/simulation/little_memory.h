#ifndef RINGPEER_TESTS_SIMULATION_LITTLE_MEMORY_H_
#define RINGPEER_TESTS_SIMULATION_LITTLE_MEMORY_H_

#include <new>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/tests/simulation/failure.h"

namespace ringpeer::simulation {

// While there is one, what the application's thread asks for may be refused, as what workers ask
// for always may be, in runs that have the fault. One at a time.
class LittleMemory {
 public:
  LittleMemory() { is_there_ = true; }
  ~LittleMemory() { is_there_ = false; }
  LittleMemory(const LittleMemory&) = delete;
  LittleMemory& operator=(const LittleMemory&) = delete;

  static bool is_there() { return is_there_; }

 private:
  static inline bool is_there_ = false;
};

// What a call gives that may find no memory. No call lets that out but by what it gives.
template <typename Call>
auto with_little_memory(Call call) {
  const LittleMemory little;
  try {
    return call();
  } catch (const std::bad_alloc&) {
    fail("a call lets std::bad_alloc out");
  }
}

// The same; one that has found none, of which on_none() hears, goes well once there is some.
template <typename Call, typename OnNone>
Error until_there_is_memory(Call call, OnNone on_none) {
  const Error error = with_little_memory(call);
  if (error != Error::ERR_OUT_OF_MEMORY) return error;
  on_none();
  const Error again = call();
  check(again != Error::ERR_OUT_OF_MEMORY, "a call finds no memory where there is some");
  return again;
}

template <typename Call>
Error until_there_is_memory(Call call) {
  return until_there_is_memory(call, [] {});
}

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_LITTLE_MEMORY_H_
