// Random sequences of every call of a server's send errors, beside a map; and the latch of one.

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>

#include "ringpeer/engine/send/error_latch.h"
#include "ringpeer/engine/send/send_errors.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer::worker {
namespace {

using test::Draws;

// So few that no set of the table is ever full.
constexpr std::size_t kDestinations = 20;
constexpr std::array<int, 5> kErrors{EPERM, ECONNREFUSED, EMSGSIZE, ENOBUFS, UINT16_MAX};

net::Endpoint destination_of(std::size_t index) {
  net::Endpoint destination = test::loopback_ipv4(static_cast<std::uint16_t>(1 + index / 2));
  destination.scope_id = index % 2;
  return destination;
}

class ErrorsModel final : public test::Model {
 public:
  enum Kind { kSet, kSetWithoutMemory, kTake, kTakeAll, kSetLatch, kTakeLatch };

  void step(std::size_t kind, Draws& draws) override {
    const std::size_t which = draws.below(kDestinations);
    switch (kind) {
      case kSet:
        set(which, draws.one_of(kErrors), false);
        break;
      case kSetWithoutMemory:
        set(which, draws.one_of(kErrors), true);
        break;
      case kTake:
        take(which);
        break;
      case kTakeAll:
        for (std::size_t i = 0; i < kDestinations; ++i) take(i);
        break;
      case kSetLatch: {
        const std::uint32_t changes = ErrorLatch::changes();
        latched_ = draws.one_of(kErrors);
        latch_.set(latched_);
        ASSERT_NE(ErrorLatch::changes(), changes);
        break;
      }
      default:
        ASSERT_EQ(latch_.take(), latched_);
        latched_ = 0;
    }
  }
  void end() override {
    for (std::size_t i = 0; i < kDestinations; ++i) take(i);
  }

 private:
  // Without memory for the table the first is forgotten.
  void set(std::size_t which, int error, bool without_memory) {
    const std::uint32_t changes = ErrorLatch::changes();
    bool was_refused = false;
    {
      const test::RefusedMemory refused(without_memory);
      errors_.set(destination_of(which), error);
      was_refused = refused.has_refused();
    }
    ASSERT_EQ(was_refused, without_memory && !has_table_);
    if (was_refused) return;
    ASSERT_NE(ErrorLatch::changes(), changes) << "nobody would look for it";
    has_table_ = true;
    model_[which] = error;
  }
  void take(std::size_t which) {
    const auto expected = model_.find(which);
    ASSERT_EQ(errors_.take(destination_of(which)), expected == model_.end() ? 0 : expected->second);
    model_.erase(which);
  }

  SendErrors errors_;
  ErrorLatch latch_;
  bool has_table_ = false;
  std::map<std::size_t, int> model_;
  int latched_ = 0;
};

TEST(SendErrorsModelTest, IsAMapOfTheLatest) {
  test::ModelPlan plan;
  plan.kinds = {{"set", 4},      {"set_without_memory", 1}, {"take", 3},
                {"take_all", 1}, {"set_latch", 1},          {"take_latch", 1}};
  plan.sequences = 5000;
  plan.make = [](Draws&) { return std::make_unique<ErrorsModel>(); };
  run_model(plan);
}

// More than it holds at a time: some are forgotten, and none comes to another destination.
TEST(SendErrorsTest, ForgetsRatherThanMixesUp) {
  SendErrors errors;
  const auto destination = [](std::uint32_t index) {
    net::Endpoint endpoint = test::loopback_ipv4(static_cast<std::uint16_t>(index));
    endpoint.scope_id = index;
    return endpoint;
  };
  constexpr std::uint32_t kCount = 4 * SendErrors::kEntries;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    errors.set(destination(i), static_cast<int>(1 + i % 1000));
  }
  std::size_t kept = 0;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const int error = errors.take(destination(i));
    EXPECT_TRUE(error == 0 || error == static_cast<int>(1 + i % 1000)) << error;
    kept += error != 0 ? 1 : 0;
    EXPECT_EQ(errors.take(destination(i)), 0) << "it was told";
  }
  EXPECT_GT(kept, SendErrors::kEntries * 9 / 10);
  EXPECT_LE(kept, SendErrors::kEntries);
}

}  // namespace
}  // namespace ringpeer::worker
