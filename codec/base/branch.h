#ifndef RINGPEER_CODEC_BASE_BRANCH_H_
#define RINGPEER_CODEC_BASE_BRANCH_H_

// Marks a branch that tests must reach: a program that is linked with such marks knows the names of
// all of them, and how often each was passed (tests/simulation prints both). They cost nothing in
// builds without assertions.
//
//   RINGPEER_BRANCH("delivery: the budget is used up");
//
// In functions of .cc files that are no templates, once each. Threads: any.
#ifdef NDEBUG

#define RINGPEER_BRANCH(name) static_cast<void>(0)

#else

#include <atomic>
#include <cstdint>

namespace ringpeer::base {

struct Branch {
  const char* name;
  std::atomic<std::uint64_t> passed{0};
};

}  // namespace ringpeer::base

// The linker puts the addresses of all marks one behind another, between __start_ringpeer_branches
// and __stop_ringpeer_branches.
#define RINGPEER_BRANCH(name)                                               \
  do {                                                                      \
    static constinit ::ringpeer::base::Branch branch{name};                 \
    [[gnu::section("ringpeer_branches"),                                    \
      gnu::used]] static ::ringpeer::base::Branch* const address = &branch; \
    static_cast<void>(address);                                             \
    branch.passed.fetch_add(1, std::memory_order_relaxed);                  \
  } while (false)

#endif  // NDEBUG

#endif  // RINGPEER_CODEC_BASE_BRANCH_H_
