#include "ringpeer/tools/measure/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ringpeer::tools {
namespace {

constexpr std::uint64_t kMaxValue = (std::uint64_t{1} << LatencyHistogram::kMaxValueBits) - 1;

std::uint64_t value_of(std::chrono::nanoseconds latency) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
}

}  // namespace

std::size_t LatencyHistogram::bucket_of(std::chrono::nanoseconds latency) {
  return bucket_of_value(std::min(value_of(latency), kMaxValue));
}

std::size_t LatencyHistogram::bucket_of_value(std::uint64_t nanoseconds) {
  if (nanoseconds < kSubBuckets) return nanoseconds;
  const int shift = std::bit_width(nanoseconds) - (kSubBucketBits + 1);
  // The top kSubBucketBits + 1 bits, the first of which is always set.
  const std::uint64_t leading = nanoseconds >> shift;
  return static_cast<std::size_t>(shift) * kSubBuckets + leading;
}

std::uint64_t LatencyHistogram::upper_edge(std::size_t bucket) {
  if (bucket < kSubBuckets) return bucket;
  const std::size_t shift = bucket / kSubBuckets - 1;
  const std::uint64_t leading = bucket % kSubBuckets + kSubBuckets;
  return ((leading + 1) << shift) - 1;
}

void LatencyHistogram::record(std::chrono::nanoseconds latency) {
  const std::uint64_t value = value_of(latency);
  ++buckets_[bucket_of_value(std::min(value, kMaxValue))];
  ++count_;
  sum_ += value;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

bool LatencyHistogram::merge(const std::vector<Bucket>& buckets, std::chrono::nanoseconds min,
                             std::chrono::nanoseconds max, double mean_ns) {
  std::uint64_t count = 0;
  for (const Bucket& bucket : buckets) {
    if (bucket.upper_edge > kMaxValue) return false;
    if (upper_edge(bucket_of_value(bucket.upper_edge)) != bucket.upper_edge) return false;
    count += bucket.count;
  }
  if (count == 0) return true;
  for (const Bucket& bucket : buckets) {
    buckets_[bucket_of_value(bucket.upper_edge)] += bucket.count;
  }
  count_ += count;
  const double mean = std::clamp(mean_ns, 0.0, static_cast<double>(kMaxValue));
  sum_ += static_cast<std::uint64_t>(mean) * count;
  min_ = std::min(min_, value_of(min));
  max_ = std::max(max_, value_of(max));
  return true;
}

std::vector<LatencyHistogram::Bucket> LatencyHistogram::buckets() const {
  std::vector<Bucket> filled;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    if (buckets_[bucket] != 0) filled.push_back({upper_edge(bucket), buckets_[bucket]});
  }
  return filled;
}

std::chrono::nanoseconds LatencyHistogram::min() const {
  return std::chrono::nanoseconds(count_ == 0 ? 0 : min_);
}

std::chrono::nanoseconds LatencyHistogram::mean() const {
  return std::chrono::nanoseconds(count_ == 0 ? 0 : sum_ / count_);
}

std::chrono::nanoseconds LatencyHistogram::percentile(double fraction) const {
  if (count_ == 0) return std::chrono::nanoseconds(0);
  const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
  const std::uint64_t rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    // The edge of the last bucket in use may lie above every value that was recorded.
    if (seen >= rank) return std::chrono::nanoseconds(std::min(upper_edge(bucket), max_));
  }
  return max();
}

}  // namespace ringpeer::tools
