// Who takes the engine of the process, stops it and lets go of it, in any order, beside what is
// known of each: who asks gets the one that others have, or a new one; never one that has ended.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "ringpeer/engine/core/engine.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer {
namespace {

using test::Draws;

class SharedEngineModel final : public test::Model {
 public:
  void step(std::size_t kind, Draws& draws) override {
    if (kind == 0) return take();
    if (held_.empty()) return;
    const std::size_t index = draws.below(held_.size());
    if (kind == 1) {
      held_[index]->stop();
      if (held_[index].get() == current_) current_ = nullptr;
    } else {
      std::swap(held_[index], held_.back());
      const std::shared_ptr<Engine> engine = std::move(held_.back());
      held_.pop_back();
      if (engine.get() == current_ && !is_held(*engine)) current_ = nullptr;
    }
  }

 private:
  bool is_held(const Engine& engine) const {
    return std::any_of(held_.begin(), held_.end(),
                       [&engine](const auto& other) { return other.get() == &engine; });
  }
  void take() {
    std::shared_ptr<Engine> engine = Engine::shared();
    ASSERT_NE(engine, nullptr);
    ASSERT_TRUE(engine->is_running());
    if (current_ != nullptr) {
      ASSERT_EQ(engine.get(), current_);
    } else {
      ASSERT_FALSE(is_held(*engine));
    }
    current_ = engine.get();
    held_.push_back(std::move(engine));
  }

  std::vector<std::shared_ptr<Engine>> held_;
  const Engine* current_ = nullptr;  // which runs, and somebody has it
};

TEST(SharedEngineModelTest, WhoAsksGetsTheOneThatRuns) {
  test::ModelPlan plan;
  plan.kinds = {{"take", 4}, {"stop", 1}, {"let_go", 3}};
  plan.sequences = 40;
  plan.max_operations = 30;
  plan.make = [](Draws&) { return std::make_unique<SharedEngineModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
