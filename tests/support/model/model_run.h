#ifndef RINGPEER_TESTS_SUPPORT_MODEL_MODEL_RUN_H_
#define RINGPEER_TESTS_SUPPORT_MODEL_MODEL_RUN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringpeer::test {

// Something to be done with the thing under test, as plain data: which of the model's kinds, and
// what its arguments are drawn from.
struct Operation {
  static constexpr std::size_t kValues = 6;

  std::size_t kind = 0;
  std::array<std::uint32_t, kValues> values{};
};

// An operation's arguments, one after another. They depend on nothing but its values and what
// was asked for, so a sequence is the same each time. Zero is the simplest argument: what is
// shrunk ends there.
class Draws {
 public:
  // `drawn`: gets the arguments that were given; may be null.
  explicit Draws(const Operation& operation, struct DrawnArguments* drawn = nullptr)
      : values_(operation.values), drawn_(drawn) {}

  // 0 to count - 1.
  std::size_t below(std::size_t count);
  // 0 to most.
  std::size_t up_to(std::size_t most) { return below(most + 1); }
  // No is the simplest.
  bool one_in(std::size_t count) { return below(count) + 1 == count; }
  template <typename Choices>
  const auto& one_of(const Choices& choices) {
    return choices[below(choices.size())];
  }

 private:
  std::uint32_t next_value();

  const std::array<std::uint32_t, Operation::kValues> values_;
  struct DrawnArguments* const drawn_;
  std::size_t next_ = 0;
};

struct DrawnArguments {
  std::array<std::uint32_t, Operation::kValues> values{};
  std::uint32_t count = 0;  // as many were asked for; the first kValues are kept
};

// The thing under test beside what it is to be like.
class Model {
 public:
  Model() = default;
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Does it to both, and compares them with EXPECT_ and ASSERT_.
  virtual void step(std::size_t kind, Draws& draws) = 0;
  // After the last step.
  virtual void end() {}
};

struct OperationKind {
  const char* name;
  unsigned weight;  // how often, beside the others
};

struct ModelPlan {
  std::vector<OperationKind> kinds;
  // What a sequence begins with; the draws are of its own sizes and limits.
  std::function<std::unique_ptr<Model>(Draws&)> make;
  std::size_t sequences = 2000;
  std::size_t max_operations = 100;  // of a sequence
};

// Runs random sequences of operations, each on a model of its own, and fails the test by the first
// that does not hold: shrunk, as lines to read, with its seed. Sequences that crash, or never
// end, are found again by their seed, and shrunk too: every attempt at that is a child process.
//
// RINGPEER_SEED=n runs the sequence of that seed alone; RINGPEER_SEQUENCES=n runs so many, from
// that seed on, or from the first. RINGPEER_SHRINK=0 leaves a failure as it came.
void run_model(const ModelPlan& plan);

// What run_model() says of the plan, for tests of itself; nothing when all sequences hold.
std::optional<std::string> model_failure(const ModelPlan& plan);

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_SUPPORT_MODEL_MODEL_RUN_H_
