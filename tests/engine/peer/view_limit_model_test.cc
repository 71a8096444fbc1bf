// Random views of a server's peers beside a count of each buffer: no more buffers, and no more
// bytes of copies, than the limit; and what is let go makes room.

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <vector>

#include "ringpeer/engine/packet/slab_pool.h"
#include "ringpeer/engine/peer/held_view.h"
#include "ringpeer/engine/peer/send_or_queue.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::internal {
namespace {

using test::Draws;

constexpr std::size_t kBuffers = 24;
constexpr std::size_t kSlabs = 12;
constexpr std::size_t kMaxBuffers = 16;
constexpr std::size_t kMaxBytes = 3000;

class LimitModel final : public test::Model {
 public:
  LimitModel() : limit_(kMaxBytes) {
    for (std::size_t i = 0; i < kBuffers + kSlabs; ++i) {
      buffers_.push_back(std::make_unique<packet::PacketBuffer>());
      if (i < kBuffers) continue;
      buffers_.back()->kind = packet::BufferKind::kSlab;
      buffers_.back()->capacity = i % 2 == 0 ? 64 : 960;
    }
  }

  void step(std::size_t kind, Draws& draws) override {
    const packet::PacketBuffer* const buffer = buffers_[draws.below(buffers_.size())].get();
    if (kind == 0) {
      admit(buffer);
    } else if (kind == 1) {
      let_go(buffer);
    } else {
      while (!views_.empty()) let_go(views_.begin()->first);
    }
  }

 private:
  static bool is_slab(const packet::PacketBuffer* buffer) {
    return buffer->kind == packet::BufferKind::kSlab;
  }
  void admit(const packet::PacketBuffer* buffer) {
    std::size_t bytes = 0;
    std::size_t kernels = 0;
    for (const auto& [held, views] : views_) {
      if (is_slab(held)) {
        bytes += views * packet::SlabPool::block_size(held->capacity);
      } else {
        ++kernels;
      }
    }
    const bool fits = is_slab(buffer)
                          ? bytes + packet::SlabPool::block_size(buffer->capacity) <= kMaxBytes
                          : views_.contains(buffer) || kernels < kMaxBuffers;
    ASSERT_EQ(limit_.admit(buffer), fits);
    if (fits) ++views_[buffer];
  }
  void let_go(const packet::PacketBuffer* buffer) {
    const auto found = views_.find(buffer);
    if (found == views_.end()) return;
    limit_.let_go(buffer);
    if (--found->second == 0) views_.erase(found);
  }

  ViewLimit limit_;
  std::vector<std::unique_ptr<packet::PacketBuffer>> buffers_;
  std::map<const packet::PacketBuffer*, std::size_t> views_;
};

TEST(ViewLimitModelTest, HoldsSoManyBuffersAndBytesAtMost) {
  test::ModelPlan plan;
  plan.kinds = {{"admit", 5}, {"let_go", 4}, {"let_all_go", 1}};
  plan.sequences = 3000;
  plan.make = [](Draws&) { return std::make_unique<LimitModel>(); };
  run_model(plan);
}

TEST(SendResultTest, SaysWhatAPutAnswers) {
  EXPECT_EQ(send_result(0), Error::OK);
  EXPECT_EQ(send_result(EDESTADDRREQ), Error::ERR_UNCONFIGURED);
  EXPECT_EQ(send_result(ENOMEM), Error::ERR_OUT_OF_MEMORY);
  for (const int error : {EAGAIN, EWOULDBLOCK, ENOBUFS}) {
    EXPECT_EQ(send_result(error), Error::ERR_BUSY) << error;
  }
  for (const int error : {EACCES, EMSGSIZE, EINVAL, ECONNREFUSED, ENETUNREACH, ESHUTDOWN}) {
    EXPECT_EQ(send_result(error), Error::FAILED) << error;
  }
}

}  // namespace
}  // namespace ringpeer::internal
