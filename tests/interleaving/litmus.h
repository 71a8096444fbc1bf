#ifndef RINGPEER_TESTS_INTERLEAVING_LITMUS_H_
#define RINGPEER_TESTS_INTERLEAVING_LITMUS_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ringpeer/tests/interleaving/explorer.h"

namespace ringpeer::interleaving {

// Programs on atomic objects 0 to kLitmusObjects - 1, which begin as 0.
inline constexpr int kLitmusObjects = 3;

struct Instruction {
  enum class Kind : std::uint8_t { kLoad, kStore, kAdd, kCompareExchange, kFence };
  Kind kind = Kind::kFence;
  std::memory_order order = std::memory_order_relaxed;
  int object = 0;
  int value = 0;                                          // stored, added or desired
  int expected = 0;                                       // of a compare_exchange_strong
  std::memory_order failure = std::memory_order_relaxed;  // its order when it fails
  bool is_conditional = false;  // left out when what the thread read last is 0
};
using LitmusThread = std::vector<Instruction>;
using Program = std::vector<LitmusThread>;

inline Instruction load(int object, std::memory_order order) {
  return {.kind = Instruction::Kind::kLoad, .order = order, .object = object};
}
inline Instruction store(int object, int value, std::memory_order order) {
  return {.kind = Instruction::Kind::kStore, .order = order, .object = object, .value = value};
}
inline Instruction add(int object, int value, std::memory_order order) {
  return {.kind = Instruction::Kind::kAdd, .order = order, .object = object, .value = value};
}
inline Instruction compare_exchange(int object, int expected, int desired, std::memory_order order,
                                    std::memory_order failure) {
  return {.kind = Instruction::Kind::kCompareExchange,
          .order = order,
          .object = object,
          .value = desired,
          .expected = expected,
          .failure = failure};
}
inline Instruction fence(std::memory_order order) {
  return {.kind = Instruction::Kind::kFence, .order = order};
}

std::string describe(const Program& program);

// What each reading instruction has read, thread by thread, then the last value of each object
// in modification order: "10|110"; and in how many executions.
using Outcomes = std::map<std::string, std::uint64_t>;
std::string outcome_of(const std::vector<int>& read, const std::vector<int>& last);

// By the explorer.
Result explore(const Program& program);

// By trying out every way for reads to take their values and for writes to follow each other,
// and asking of each whether the sentences of the C++20 standard hold; and likewise, for the
// order of the seq_cst operations, the formula of the model RC11, which was the proposal for it.
struct Axioms {
  Outcomes standard;
  Outcomes rc11;
};
Axioms ask_axioms(const Program& program);

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_LITMUS_H_
