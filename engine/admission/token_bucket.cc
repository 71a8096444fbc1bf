#include "ringpeer/engine/admission/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace ringpeer::admission {
namespace {

constexpr double kTicksPerSecond = 1e6 * (1 << kTicksPerMicrosecondLog2);
constexpr double kFineTicks = 4294967296;  // of a tick
constexpr std::int64_t kMaxOwed = BucketRate::kMaxOwed;

// The largest cost and the longest burst are short beside the wrap, whatever the rate.
static_assert(kTicksPerSecond / BucketRate::kMinPacketsPerSecond < kMaxOwed);
static_assert(kTicksPerSecond / BucketRate::kMinBytesPerSecond * BucketRate::kMaxBytes < kMaxOwed);
static_assert(kTicksPerSecond * BucketRate::kMaxBurstSeconds < kMaxOwed);
static_assert(kMaxOwed == static_cast<std::int64_t>(kSilentUs << kTicksPerMicrosecondLog2));

bool is_valid_rate(double rate, double least) {
  return rate == 0 || (rate >= least && std::isfinite(rate));  // no NaN is either
}

// The largest whole number of ticks that, times `rate`, is no more than `ticks`: a quotient that
// was rounded up would refuse somebody who keeps within the rate.
std::uint64_t cost_at(double rate, double ticks) {
  const double cost = std::floor(ticks / rate);
  return static_cast<std::uint64_t>(std::fma(cost, rate, -ticks) > 0 ? cost - 1 : cost);
}

std::uint32_t ticks_at(std::uint64_t now_us) {
  return static_cast<std::uint32_t>(now_us << kTicksPerMicrosecondLog2);
}

std::uint64_t pack(std::uint32_t packets, std::uint32_t bytes) {
  return std::uint64_t{bytes} << 32 | packets;
}

// In ticks.
struct Owed {
  std::int64_t packets = 0;
  std::int64_t bytes = 0;
};

Owed owed(const Bucket& bucket, std::uint64_t now_us, std::uint64_t heard_us) {
  // Signed: what was heard of may be later than a look at the clock.
  const auto silent_us = static_cast<std::int64_t>(now_us - heard_us);
  if (silent_us >= static_cast<std::int64_t>(kSilentUs)) return {};
  const auto ahead = [now = ticks_at(now_us)](std::uint64_t full_at) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(full_at) - now);
  };
  return {std::max(ahead(bucket.full_at), 0), std::max(ahead(bucket.full_at >> 32), 0)};
}

}  // namespace

bool BucketRate::is_valid(const RateLimit& limit) {
  return is_valid_rate(limit.packets_per_second, kMinPacketsPerSecond) &&
         is_valid_rate(limit.bytes_per_second, kMinBytesPerSecond) && limit.burst_seconds >= 0 &&
         limit.burst_seconds <= kMaxBurstSeconds;
}

// Costs are rounded down and bursts up, in the source's favour.
BucketRate::BucketRate(const RateLimit& limit) {
  assert(is_valid(limit));
  const auto burst = static_cast<std::int64_t>(std::ceil(limit.burst_seconds * kTicksPerSecond));
  if (limit.packets_per_second > 0) {
    ticks_per_packet_ = cost_at(limit.packets_per_second, kTicksPerSecond);
    packet_burst_ = burst;
  }
  if (limit.bytes_per_second > 0) {
    fine_ticks_per_byte_ = cost_at(limit.bytes_per_second, kTicksPerSecond * kFineTicks);
    byte_burst_ = burst;
  }
}

bool take_owing(Bucket& bucket, const BucketRate& rate, std::uint64_t now_us,
                std::uint64_t heard_us, std::uint32_t bytes, std::uint32_t packets) noexcept {
  const Owed before = owed(bucket, now_us, heard_us);
  const std::int64_t packets_after =
      before.packets + static_cast<std::int64_t>(packets * rate.ticks_per_packet());
  const std::int64_t bytes_after =
      before.bytes + static_cast<std::int64_t>(rate.fine_ticks_of(bytes) >> 32);
  if (before.packets > 0 && packets_after > rate.packet_burst()) return false;
  if (before.bytes > 0 && bytes_after > rate.byte_burst()) return false;
  // Only a train that is larger than its bucket comes to the most.
  const std::uint32_t now = ticks_at(now_us);
  bucket.full_at = pack(now + static_cast<std::uint32_t>(std::min(packets_after, kMaxOwed)),
                        now + static_cast<std::uint32_t>(std::min(bytes_after, kMaxOwed)));
  return true;
}

std::uint32_t owed_ticks(const Bucket& bucket, std::uint64_t now_us,
                         std::uint64_t heard_us) noexcept {
  const Owed both = owed(bucket, now_us, heard_us);
  return static_cast<std::uint32_t>(std::max(both.packets, both.bytes));
}

}  // namespace ringpeer::admission
