// Random sequences of every call of the packets that wait with a socket, beside a queue: their
// order, the memory that they hold, and which marks they hold up.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "ringpeer/engine/send/waiting_items.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::worker {
namespace {

using test::Draws;

constexpr std::size_t kMemories = 4;

class ItemsModel final : public test::Model {
 public:
  // What a batch did not get rid of comes back before anything else happens.
  enum Kind { kPushBack, kPopFront, kPushBackWhatWasPopped, kCover, kSettle };

  ItemsModel() {
    for (std::size_t i = 0; i < kMemories; ++i) {
      memories_.push_back(std::make_unique<SendMemory>(false, std::size_t{1} << (4 * i)));
    }
  }

  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case kPushBack:
        for (std::size_t left = 1 + draws.below(4); left > 0; --left) push_back(draws);
        break;
      case kPopFront:
        for (std::size_t left = 1 + draws.below(4); left > 0; --left) pop_front();
        break;
      case kPushBackWhatWasPopped:
        push_front(1 + draws.below(6));
        break;
      case kCover:
        cover();
        break;
      default:
        popped_.clear();
        items_.settle();
    }
    check();
  }
  // Once all has left, nothing is held up any more.
  void end() override {
    while (!model_.empty()) pop_front();
    check();
    for (int i = 0; i < 3; ++i) items_.settle();
    ASSERT_TRUE(items_.is_settled(mark_));
  }

 private:
  void push_back(Draws& draws) {
    if (model_.empty()) items_.begin(mark_);
    has_begun_ = true;
    SendMemory* const memory = memories_[draws.below(kMemories)].get();
    made_.push_back(std::make_unique<SendItem>(memory, 0, 0, SendTarget{}));
    items_.push_back(made_.back().get());
    model_.push_back(made_.back().get());
    popped_.clear();
  }
  void pop_front() {
    SendItem* const item = items_.pop_front();
    ASSERT_EQ(item, model_.empty() ? nullptr : model_.front());
    if (item == nullptr) return;
    model_.pop_front();
    popped_.push_back(item);
  }
  // The kernel has taken only some of a batch: what it has not taken comes back in order.
  void push_front(std::size_t count) {
    for (; count > 0 && !popped_.empty(); --count) {
      items_.push_front(popped_.back());
      model_.push_front(popped_.back());
      popped_.pop_back();
    }
    popped_.clear();
  }
  void cover() {
    if (!has_begun_) return;
    popped_.clear();
    items_.cover(++mark_);
    covered_.push_back({mark_, {model_.begin(), model_.end()}});
  }

  // A mark that is settled holds nothing that waited when it passed.
  void check() {
    ASSERT_EQ(items_.is_empty(), model_.empty());
    std::size_t held = 0;
    for (std::size_t i = 0; i < model_.size(); ++i) {
      if (i == 0 || model_[i]->memory != model_[i - 1]->memory) held += model_[i]->memory->size;
    }
    ASSERT_EQ(items_.held_bytes(), held);
    const std::set<const SendItem*> waiting(model_.begin(), model_.end());
    for (const auto& [mark, items] : covered_) {
      bool is_left = true;
      for (const SendItem* item : items) is_left = is_left && !waiting.contains(item);
      if (items_.is_settled(mark)) {
        ASSERT_TRUE(is_left) << "mark " << mark;
      }
    }
  }

  WaitingItems items_;
  std::vector<std::unique_ptr<SendMemory>> memories_;
  std::vector<std::unique_ptr<SendItem>> made_;
  std::deque<SendItem*> model_;
  std::vector<SendItem*> popped_;  // since the last push_back
  bool has_begun_ = false;
  std::uint64_t mark_ = 0;
  std::vector<std::pair<std::uint64_t, std::vector<SendItem*>>> covered_;
};

TEST(WaitingItemsModelTest, IsAQueueThatHoldsMarksUp) {
  test::ModelPlan plan;
  plan.kinds = {{"push_back", 4}, {"pop_front", 4}, {"push_front", 2}, {"cover", 1}, {"settle", 2}};
  plan.sequences = 2000;
  plan.make = [](Draws&) { return std::make_unique<ItemsModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::worker
