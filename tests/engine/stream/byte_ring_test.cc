#include "ringpeer/engine/stream/byte_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer {
namespace {

using Bytes = std::vector<std::uint8_t>;

// A ring beside what it stands for.
class RingModel final : public test::Model {
 public:
  enum Kind { kReserve, kReserveWithoutMemory, kAppend, kWriteRun, kDropBack, kClear, kDropFront };

  void step(std::size_t kind, test::Draws& draws) override {
    switch (kind) {
      case kReserve:
        reserve(std::size_t{1} << draws.below(8), false);
        break;
      case kReserveWithoutMemory:
        reserve(std::size_t{1} << draws.below(8), true);
        break;
      case kAppend:
        append(some_bytes(draws.up_to(ring_.room())));
        break;
      case kWriteRun:
        write_run(draws);
        break;
      case kDropBack:
        ring_.drop_back(take(draws.up_to(std::min<std::size_t>(model_.size(), 8)), &model_, false));
        break;
      case kClear:
        if (!draws.one_in(4)) break;
        ring_.clear();
        model_.clear();
        break;
      default:
        ring_.drop_front(take(draws.up_to(model_.size()), &model_, true));
    }
    expect_equal();
  }

  void expect_equal() const {
    ASSERT_EQ(model_.size(), ring_.size());
    ASSERT_EQ(model_.empty(), ring_.empty());
    ASSERT_EQ(capacity_ - model_.size(), ring_.room());
    const Bytes expected(model_.begin(), model_.end());
    Bytes all(ring_.size());
    ring_.copy(0, all);
    ASSERT_EQ(expected, all);
    const auto run = ring_.front_run();
    ASSERT_EQ(run.empty(), expected.empty());
    ASSERT_TRUE(std::equal(run.begin(), run.end(), expected.begin()));
    if (expected.size() > 2) {
      Bytes inner(expected.size() - 2);
      ring_.copy(1, inner);
      ASSERT_TRUE(std::equal(inner.begin(), inner.end(), expected.begin() + 1));
    }
  }

 private:
  Bytes some_bytes(std::size_t count) {
    Bytes bytes(count);
    for (std::uint8_t& byte : bytes) byte = next_byte_++;
    return bytes;
  }

  // One that holds something never shrinks; one as large already needs no memory.
  void reserve(std::size_t wanted, bool without_memory) {
    const bool changes = wanted != capacity_ && (model_.empty() || wanted > capacity_);
    bool was_reserved = false;
    {
      const test::RefusedMemory refused(without_memory);
      was_reserved = ring_.reserve(wanted);
    }
    ASSERT_EQ(was_reserved, !without_memory || !changes);
    if (was_reserved && changes) capacity_ = wanted;
  }

  void append(const Bytes& bytes) {
    ring_.append(bytes);
    model_.insert(model_.end(), bytes.begin(), bytes.end());
  }

  void write_run(test::Draws& draws) {
    const auto run = ring_.free_run();
    ASSERT_EQ(ring_.room() == 0, run.empty());
    const Bytes bytes = some_bytes(draws.up_to(run.size()));
    std::copy(bytes.begin(), bytes.end(), run.begin());
    ring_.push(bytes.size());
    model_.insert(model_.end(), bytes.begin(), bytes.end());
  }

  static std::size_t take(std::size_t count, std::deque<std::uint8_t>* model, bool front) {
    for (std::size_t i = 0; i < count; ++i) front ? model->pop_front() : model->pop_back();
    return count;
  }

  ByteRing ring_;
  std::deque<std::uint8_t> model_;
  std::size_t capacity_ = 0;
  std::uint8_t next_byte_ = 0;
};

TEST(ByteRingTest, IsAQueueWhateverIsDoneInWhateverOrder) {
  test::ModelPlan plan;
  plan.kinds = {{"reserve", 2},   {"reserve_without_memory", 1},
                {"append", 3},    {"write_run", 3},
                {"drop_back", 1}, {"clear", 1},
                {"drop_front", 3}};
  plan.sequences = 5000;
  plan.make = [](test::Draws&) { return std::make_unique<RingModel>(); };
  run_model(plan);
}

TEST(ByteRingTest, KeepsWhatItHasWhenThereIsNoMemory) {
  ByteRing ring;
  ASSERT_TRUE(ring.reserve(8));
  ring.append(Bytes{1, 2, 3});
  EXPECT_FALSE(ring.reserve(std::size_t{1} << 62));
  Bytes bytes(3);
  ring.copy(0, bytes);
  EXPECT_EQ((Bytes{1, 2, 3}), bytes);
  EXPECT_EQ(5u, ring.room());
}

}  // namespace
}  // namespace ringpeer
