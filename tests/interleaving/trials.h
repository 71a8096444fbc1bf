#ifndef RINGPEER_TESTS_INTERLEAVING_TRIALS_H_
#define RINGPEER_TESTS_INTERLEAVING_TRIALS_H_

#include <functional>
#include <set>
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

// Every execution of every trial is right. And every order of an atomic operation or fence in these
// files is as strong as it must be, and no stronger: with the next weaker ones in its place, some
// trial fails. Prints what was found. A trial is looked at with a weaker order only as far as its
// first failure, so the cheap and telling ones come first.
void expect_right_and_tight(const Trials& trials, const std::set<std::string>& files);

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_TRIALS_H_
