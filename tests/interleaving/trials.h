#ifndef RINGPEER_TESTS_INTERLEAVING_TRIALS_H_
#define RINGPEER_TESTS_INTERLEAVING_TRIALS_H_

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "ringpeer/tests/interleaving/explorer.h"

namespace ringpeer::interleaving {

// A use of a structure by a few threads, which must go well in every execution.
struct Trial {
  const char* name;
  std::function<void(Scenario&)> body;
  int spurious_failures = 0;
};
using Trials = std::vector<Trial>;

// Every execution of every trial is right. Prints how many there are.
void expect_proven(const Trials& trials);

// A use that is stronger than the model asks for. Says why beside it, in the code.
struct Kept {
  const char* file;
  Operation operation;
  std::memory_order order;

  bool operator==(const Kept&) const = default;
};

// Every order of an atomic operation or fence in these files is as strong as it must be: with
// the next weaker ones in its place, some trial fails. Prints which. A trial is looked at only as
// far as its first failure, so the cheap and telling ones come first. Those of `kept` are the
// only ones that no trial needs.
void expect_no_order_too_strong(const Trials& trials, const std::vector<std::string>& files,
                                std::vector<Kept> kept = {});

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_TRIALS_H_
