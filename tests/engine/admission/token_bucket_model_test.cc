// Random streams of one source, beside the same buckets in integers that never wrap and know no
// silence: each answer, and what is owed after it, is the same.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>

#include "ringpeer/engine/admission/token_bucket.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::admission {
namespace {

__extension__ using Wide = __int128;
using test::Draws;

constexpr std::uint64_t kSecond = 1'000'000;

class BucketModel final : public test::Model {
 public:
  enum Kind { kOne, kLarge, kTrain, kBurst, kSoon, kLater, kWraps, kHours, kRate };

  explicit BucketModel(Draws& draws) : now_us_(draws.below(1u << 31)) { choose_rate(draws); }

  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case kOne:
        take_one(static_cast<std::uint32_t>(draws.below(1400)), 1);
        break;
      case kLarge:
        take_one(static_cast<std::uint32_t>(draws.below(65508)), 1);
        break;
      case kTrain:
        take_one(static_cast<std::uint32_t>(draws.below(65508)),
                 static_cast<std::uint32_t>(1 + draws.below(128)));
        break;
      case kBurst: {
        const auto size = static_cast<std::uint32_t>(draws.below(200));
        for (std::size_t i = draws.below(300); i > 0; --i) take_one(size, 1);
        break;
      }
      case kSoon:
        now_us_ += draws.below(3000);
        break;
      case kLater:
        now_us_ += draws.below(60 * kSecond);
        break;
      case kWraps:
        now_us_ += draws.below(9) * kSilentUs + draws.below(70 * kSecond);
        break;
      case kHours:
        now_us_ += draws.below(100'000) * kSecond;
        break;
      default:
        choose_rate(draws);
    }
    const auto owed = owed_ticks(bucket_, now_us_, heard_us_);
    ASSERT_EQ(owed, static_cast<std::uint32_t>(std::max(packets_owed(), bytes_owed())));
  }

 private:
  void choose_rate(Draws& draws) {
    constexpr std::array kPackets = {0.0, 1.0 / 60, 7.0, 1000.0, 8000.0, 1e6};
    constexpr std::array kBytes = {0.0, 1200.0, 30'000.0, 12e6, 1e9};
    constexpr std::array kBursts = {1.0, 0.0, 0.003, 10.0, 60.0};
    rate_ = BucketRate({draws.one_of(kPackets), draws.one_of(kBytes), draws.one_of(kBursts)});
  }

  void take_one(std::uint32_t bytes, std::uint32_t packets) {
    const bool expected = take_from_model(bytes, packets);
    ASSERT_EQ(take(bucket_, rate_, now_us_, heard_us_, bytes, packets), expected)
        << bytes << " bytes, " << packets << " packets";
    if (expected) {
      ASSERT_EQ(static_cast<std::uint32_t>(bucket_.full_at),
                static_cast<std::uint32_t>(packets_full_at_));
      ASSERT_EQ(bucket_.full_at >> 32, static_cast<std::uint32_t>(bytes_full_at_));
    }
    heard_us_ = now_us_;
  }

  bool take_from_model(std::uint32_t bytes, std::uint32_t packets) {
    const Wide packets_after = packets_owed() + Wide{packets} * rate_.ticks_per_packet();
    const Wide bytes_after = bytes_owed() + Wide{rate_.fine_ticks_of(1)} * bytes / (Wide{1} << 32);
    if (packets_owed() > 0 && packets_after > rate_.packet_burst()) return false;
    if (bytes_owed() > 0 && bytes_after > rate_.byte_burst()) return false;
    packets_full_at_ = now() + std::min(packets_after, Wide{BucketRate::kMaxOwed});
    bytes_full_at_ = now() + std::min(bytes_after, Wide{BucketRate::kMaxOwed});
    return true;
  }

  Wide now() const { return Wide{now_us_} << kTicksPerMicrosecondLog2; }
  Wide packets_owed() const { return std::max(Wide{0}, packets_full_at_ - now()); }
  Wide bytes_owed() const { return std::max(Wide{0}, bytes_full_at_ - now()); }

  std::uint64_t now_us_;
  std::uint64_t heard_us_ = 0;
  BucketRate rate_;
  Bucket bucket_;
  Wide packets_full_at_ = 0;
  Wide bytes_full_at_ = 0;
};

TEST(TokenBucketModelTest, AnswersAsBucketsThatNeverWrap) {
  test::ModelPlan plan;
  plan.kinds = {{"one", 8},   {"large", 2}, {"train", 2}, {"burst", 3}, {"soon", 8},
                {"later", 3}, {"wraps", 2}, {"hours", 1}, {"rate", 1}};
  plan.sequences = 20'000;
  plan.max_operations = 60;
  plan.make = [](Draws& draws) { return std::make_unique<BucketModel>(draws); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::admission
