// What trials find in a structure: here a flag that passes a value on.

#include "ringpeer/tests/interleaving/trials.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <atomic>

#include "ringpeer/tests/interleaving/checked_atomics.h"
#include "ringpeer/tests/interleaving/explorer.h"

namespace ringpeer::interleaving {
namespace {

constexpr const char* kThisFile = "trials_test.cc";

Trials pass_a_value(std::memory_order store, std::memory_order load) {
  return {{"one value", [store, load](Scenario& test) {
             auto& is_there = test.make<Atomic<bool>>(false);
             auto& value = test.make<Plain<int>>(0);
             test.thread([&, store] {
               value = 1;
               is_there.store(true, store);
             });
             test.thread([&, load] {
               if (is_there.load(load)) expect(value == 1, "the value");
             });
           }}};
}

TEST(Trials, AcceptOrdersThatAreAllNeeded) {
  expect_right_and_tight(pass_a_value(std::memory_order_release, std::memory_order_acquire),
                         {kThisFile});
}

TEST(Trials, FindAnOrderThatIsTooStrong) {
  EXPECT_NONFATAL_FAILURE(
      expect_right_and_tight(pass_a_value(std::memory_order_seq_cst, std::memory_order_acquire),
                             {kThisFile}),
      "store seq_cst -> release: nobody notices");
  EXPECT_NONFATAL_FAILURE(
      expect_right_and_tight(pass_a_value(std::memory_order_release, std::memory_order_seq_cst),
                             {kThisFile}),
      "load seq_cst -> acquire: nobody notices");
}

TEST(Trials, FindAnOrderThatIsTooWeak) {
  EXPECT_NONFATAL_FAILURE(
      expect_right_and_tight(pass_a_value(std::memory_order_relaxed, std::memory_order_acquire),
                             {kThisFile}),
      "data race");
}

TEST(Trials, FindAFileThatNoneMeets) {
  EXPECT_NONFATAL_FAILURE(
      expect_right_and_tight(pass_a_value(std::memory_order_release, std::memory_order_acquire),
                             {kThisFile, "spsc_ring.h"}),
      "no trial meets");
}

}  // namespace
}  // namespace ringpeer::interleaving
