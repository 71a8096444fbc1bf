#include "ringpeer/engine/stream/byte_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace ringpeer {
namespace {

using Bytes = std::vector<std::uint8_t>;

// A ring beside what it stands for.
class RingModel {
 public:
  explicit RingModel(unsigned seed) : random_(seed) {}

  void step() {
    switch (up_to(6)) {
      case 0:
        return reserve();
      case 1:
        return append(some_bytes(up_to(ring_.room())));
      case 2:
        return write_run();
      case 3:
        ring_.drop_back(take(up_to(std::min<std::size_t>(model_.size(), 8)), &model_, false));
        return;
      case 4:
        if (up_to(50) == 0) {
          ring_.clear();
          model_.clear();
        }
        return;
      default:
        ring_.drop_front(take(up_to(model_.size()), &model_, true));
    }
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
  // 0 to `most`.
  std::size_t up_to(std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(random_);
  }

  Bytes some_bytes(std::size_t count) {
    Bytes bytes(count);
    for (std::uint8_t& byte : bytes) byte = next_byte_++;
    return bytes;
  }

  void reserve() {
    const std::size_t wanted = std::size_t{1} << up_to(7);
    ASSERT_TRUE(ring_.reserve(wanted));
    if (model_.empty() || wanted > capacity_) capacity_ = wanted;
  }

  void append(const Bytes& bytes) {
    ring_.append(bytes);
    model_.insert(model_.end(), bytes.begin(), bytes.end());
  }

  void write_run() {
    const auto run = ring_.free_run();
    ASSERT_EQ(ring_.room() == 0, run.empty());
    const Bytes bytes = some_bytes(up_to(run.size()));
    std::copy(bytes.begin(), bytes.end(), run.begin());
    ring_.push(bytes.size());
    model_.insert(model_.end(), bytes.begin(), bytes.end());
  }

  static std::size_t take(std::size_t count, std::deque<std::uint8_t>* model, bool front) {
    for (std::size_t i = 0; i < count; ++i) front ? model->pop_front() : model->pop_back();
    return count;
  }

  std::mt19937 random_;
  ByteRing ring_;
  std::deque<std::uint8_t> model_;
  std::size_t capacity_ = 0;
  std::uint8_t next_byte_ = 0;
};

TEST(ByteRingTest, IsAQueueWhateverIsDoneInWhateverOrder) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RingModel model(seed);
    for (int i = 0; i < 1000; ++i) {
      model.step();
      model.expect_equal();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
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
