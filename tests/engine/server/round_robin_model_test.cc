// Random sequences of every call of a server's round robin, beside a list of those that are there.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "ringpeer/engine/remotes/remote.h"
#include "ringpeer/engine/server/round_robin.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::internal {
namespace {

using test::Draws;
using worker::Remote;

class RoundRobinModel final : public test::Model {
 public:
  enum Kind { kJoin, kLeave, kNext, kNextAll };

  RoundRobinModel() {
    for (std::uint16_t i = 0; i < kRemotes; ++i) {
      remotes_.push_back(std::make_unique<Remote>(test::loopback_ipv4(i), std::uint16_t{0}));
    }
  }

  void step(std::size_t kind, Draws& draws) override {
    Remote& remote = *remotes_[draws.below(kRemotes)];
    const auto there = std::find(circle_.begin(), circle_.end(), &remote);
    switch (kind) {
      case kJoin:
        rotation_.join(remote);
        if (there == circle_.end()) circle_.push_back(&remote);
        break;
      case kLeave:
        rotation_.leave(remote);
        if (there != circle_.end()) circle_.erase(there);
        break;
      case kNext:
        take_next();
        break;
      default:
        for (std::size_t i = circle_.size(); i > 0; --i) take_next();
    }
  }
  void end() override {
    while (!circle_.empty()) {
      rotation_.leave(*circle_.back());
      circle_.pop_back();
    }
    take_next();
  }

 private:
  static constexpr std::size_t kRemotes = 6;

  void take_next() {
    Remote* const next = rotation_.next();
    ASSERT_EQ(next, circle_.empty() ? nullptr : circle_.front());
    if (next == nullptr) return;
    circle_.pop_front();
    circle_.push_back(next);
  }

  std::vector<std::unique_ptr<Remote>> remotes_;
  RoundRobin rotation_;
  std::deque<Remote*> circle_;  // the next one first
};

TEST(RoundRobinModelTest, GivesEachInTurn) {
  test::ModelPlan plan;
  plan.kinds = {{"join", 4}, {"leave", 2}, {"next", 4}, {"next_all", 1}};
  plan.make = [](Draws&) { return std::make_unique<RoundRobinModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::internal
