// Random packets of some sources, beside a map of all of them that forgets nobody and whose time
// does not wrap. So few sources never meet in one set of the table, and nobody owes as much as a
// bucket can hold: each answer is the same.

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>

#include "ringpeer/engine/admission/source_buckets.h"
#include "ringpeer/tests/engine/admission/seeded_secret.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::admission {
namespace {

__extension__ using Wide = __int128;
using test::Draws;

constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::size_t kSources = 48;

// Two thirds IPv4, the others IPv6 prefixes: neighbours.
net::IpAddress address_of(std::size_t source, std::uint32_t host) {
  const auto index = static_cast<std::uint32_t>(source);
  if (index % 3 != 0) return net::IpAddress::from_ipv4(htonl(0x0a000000 + index));
  net::IpAddress::Bytes bytes{0x20, 0x01, 0x0d, 0xb8};
  bytes[7] = static_cast<std::uint8_t>(index);
  std::memcpy(&bytes[12], &host, sizeof(host));
  return net::IpAddress(bytes);
}

// In ticks that are counted from the first microsecond.
struct ExactBucket {
  Wide packets_full_at = 0;
  Wide bytes_full_at = 0;

  bool take(const BucketRate& rate, std::uint64_t now_us, std::uint32_t bytes,
            std::uint32_t packets) {
    const Wide now = Wide{now_us} << kTicksPerMicrosecondLog2;
    const Wide packets_owed = std::max(Wide{0}, packets_full_at - now);
    const Wide bytes_owed = std::max(Wide{0}, bytes_full_at - now);
    const Wide packets_after = packets_owed + Wide{packets} * rate.ticks_per_packet();
    const Wide bytes_after = bytes_owed + (rate.fine_ticks_of(bytes) >> 32);
    if (packets_owed > 0 && packets_after > rate.packet_burst()) return false;
    if (bytes_owed > 0 && bytes_after > rate.byte_burst()) return false;
    packets_full_at = now + packets_after;
    bytes_full_at = now + bytes_after;
    return true;
  }
};

class SourcesModel final : public test::Model {
 public:
  enum Kind { kTake, kTakeMany, kAll, kSoon, kLater, kQuiet, kHours };

  explicit SourcesModel(const BucketRate& rate)
      : rate_(rate), buckets_(SourceBuckets::create(rate)) {}

  void step(std::size_t kind, Draws& draws) override {
    const std::size_t source = draws.below(kSources);
    switch (kind) {
      case kTake:
        take(source, draws);
        break;
      case kTakeMany:
        for (std::size_t i = draws.below(60); i > 0; --i) take(source, draws);
        break;
      case kAll:
        for (std::size_t i = 0; i < kSources; ++i) take(i, draws);
        break;
      case kSoon:
        now_us_ += draws.below(30'000);
        break;
      case kLater:
        now_us_ += draws.below(40 * kSecond);
        break;
      case kQuiet:
        now_us_ += kSilentUs + draws.below(3 * kSilentUs);
        break;
      default:
        now_us_ += draws.below(100'000) * kSecond;
    }
  }

  void end() override { ASSERT_EQ(buckets_->forgiven(), 0u); }

 private:
  void take(std::size_t source, Draws& draws) {
    const auto bytes = static_cast<std::uint32_t>(draws.below(1400));
    const auto packets = static_cast<std::uint32_t>(draws.one_in(5) ? 1 + draws.below(20) : 1);
    const auto host = static_cast<std::uint32_t>(draws.below(1000));
    ASSERT_EQ(buckets_->take(address_of(source, host), now_us_, bytes, packets),
              model_[source].take(rate_, now_us_, bytes, packets))
        << "source " << source << " at " << now_us_ << " us";
  }

  const BucketRate rate_;
  const std::unique_ptr<SourceBuckets> buckets_;
  std::map<std::size_t, ExactBucket> model_;
  std::uint64_t now_us_ = 0;
};

TEST(SourceBucketsModelTest, IsAMapThatForgetsNobody) {
  test::ModelPlan plan;
  plan.kinds = {{"take", 6},  {"take_many", 4}, {"all", 1},  {"soon", 5},
                {"later", 3}, {"quiet", 2},     {"hours", 1}};
  plan.sequences = 1000;
  plan.max_operations = 100;
  plan.make = [](Draws& draws) {
    const std::array limits = {RateLimit{10, 0, 1}, RateLimit{50, 20'000, 1},
                               RateLimit{0, 5'000, 2}, RateLimit{1, 0, 30}, RateLimit{0.35, 0, 0}};
    test::seed_secrets(draws.below(1 << 20));
    return std::make_unique<SourcesModel>(BucketRate(draws.one_of(limits)));
  };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::admission
