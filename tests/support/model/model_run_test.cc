// A plan whose thing under test is wrong on purpose is found, and shrunk to what it takes.

#include "ringpeer/tests/support/model/model_run.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace ringpeer::test {
namespace {

// A stack that is wrong in some way when it holds `limit_` values or more and the last is 5 or
// more.
enum class Fault { kNone, kWrong, kThrows, kCrashes };

class Stack final : public Model {
 public:
  Stack(std::size_t limit, Fault fault) : limit_(limit), fault_(fault) {}

  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case 0:
        real_.push_back(draws.below(100));
        model_.push_back(real_.back());
        if (real_.size() >= limit_ && real_.back() >= 5) misbehave();
        break;
      case 1:
        if (model_.empty()) return;
        real_.pop_back();
        model_.pop_back();
        break;
      default:
        break;  // nothing
    }
    EXPECT_EQ(real_, model_);
  }

 private:
  void misbehave() {
    if (fault_ == Fault::kWrong) real_.pop_back();
    if (fault_ == Fault::kThrows) throw std::runtime_error("too many");
    if (fault_ == Fault::kCrashes) std::abort();
  }

  const std::size_t limit_;
  const Fault fault_;
  std::vector<std::size_t> real_;
  std::vector<std::size_t> model_;
};

ModelPlan plan_with(Fault fault) {
  ModelPlan plan;
  plan.kinds = {{"push", 4}, {"pop", 2}, {"nothing", 4}};
  plan.make = [fault](Draws& draws) { return std::make_unique<Stack>(3 + draws.below(10), fault); };
  return plan;
}

class ModelRunTest : public testing::Test {
 protected:
  ModelRunTest() {
    ::unsetenv("RINGPEER_SEED");
    ::unsetenv("RINGPEER_SEQUENCES");
  }
};

TEST_F(ModelRunTest, FindsNothingWhereNothingIs) {
  EXPECT_EQ(std::nullopt, model_failure(plan_with(Fault::kNone)));
}

TEST_F(ModelRunTest, ShrinksAFailureToTheOperationsThatItTakes) {
  const auto failure = model_failure(plan_with(Fault::kWrong));
  ASSERT_TRUE(failure.has_value());
  EXPECT_NE(
      std::string::npos,
      failure->find("operations 3 are enough:\n  setup(0)\n  push(0)\n  push(0)\n  push(5)\n"))
      << *failure;
  EXPECT_NE(std::string::npos, failure->find("model_run_test.cc")) << *failure;
}

TEST_F(ModelRunTest, ASeedRepeatsItsSequence) {
  const auto failure = model_failure(plan_with(Fault::kWrong));
  ASSERT_TRUE(failure.has_value());
  const std::size_t begin = failure->find("RINGPEER_SEED=") + 14;
  ::setenv("RINGPEER_SEED", failure->substr(begin, failure->find(' ', begin) - begin).c_str(), 1);
  EXPECT_EQ(failure, model_failure(plan_with(Fault::kWrong)));
  EXPECT_EQ(std::nullopt, model_failure(plan_with(Fault::kNone)));
}

TEST_F(ModelRunTest, AnExceptionIsAFailure) {
  const auto failure = model_failure(plan_with(Fault::kThrows));
  ASSERT_TRUE(failure.has_value());
  EXPECT_NE(std::string::npos, failure->find("too many")) << *failure;
}

// A crash ends the run and says the seed; with the seed it is shrunk like any other failure.
TEST_F(ModelRunTest, ACrashSaysItsSeedAndIsShrunkByIt) {
  ::setenv("RINGPEER_SEQUENCES", "100", 1);
  EXPECT_DEATH((void)model_failure(plan_with(Fault::kCrashes)), "RINGPEER_SEED=[0-9]+");
  std::optional<std::string> failure;
  ::unsetenv("RINGPEER_SEQUENCES");
  for (int seed = 1; !failure && seed < 100; ++seed) {
    ::setenv("RINGPEER_SEED", std::to_string(seed).c_str(), 1);
    failure = model_failure(plan_with(Fault::kCrashes));
  }
  ASSERT_TRUE(failure.has_value());
  EXPECT_NE(std::string::npos, failure->find("push(0)\n  push(0)\n  push(5)\n")) << *failure;
}

TEST_F(ModelRunTest, MoreSequencesCanBeAskedFor) {
  std::size_t made = 0;
  ModelPlan plan = plan_with(Fault::kNone);
  plan.make = [&made](Draws&) {
    ++made;
    return std::make_unique<Stack>(0, Fault::kNone);
  };
  ::setenv("RINGPEER_SEQUENCES", "17", 1);
  EXPECT_EQ(std::nullopt, model_failure(plan));
  EXPECT_EQ(17u, made);
}

TEST(DrawsTest, AreTheSameEachTimeAndZeroOfZeros) {
  Operation operation;
  Draws zeros(operation);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(0u, zeros.below(1000));
    EXPECT_FALSE(zeros.one_in(2));
  }
  operation.values = {1, 2, 3, 4, 5, 6};
  Draws once(operation);
  Draws again(operation);
  std::vector<std::size_t> drawn;
  for (int i = 0; i < 20; ++i) {
    drawn.push_back(once.below(1000));
    EXPECT_EQ(drawn.back(), again.below(1000));
  }
  EXPECT_EQ(4u, drawn[3]);
  EXPECT_NE(drawn[10], drawn[11]);
}

}  // namespace
}  // namespace ringpeer::test
