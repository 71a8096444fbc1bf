#include "ringpeer/tools/measure/sparse_histogram.h"

#include <algorithm>
#include <cmath>

namespace ringpeer::tools {

void SparseHistogram::record(std::chrono::nanoseconds latency) {
  add(static_cast<std::uint32_t>(LatencyHistogram::bucket_of(latency)), 1);
  max_ = std::max(max_, latency);
}

void SparseHistogram::add(std::uint32_t bucket, std::uint64_t count) {
  auto place =
      std::lower_bound(filled_.begin(), filled_.end(), bucket,
                       [](const Filled& filled, std::uint32_t b) { return filled.bucket < b; });
  if (place == filled_.end() || place->bucket != bucket) place = filled_.insert(place, {bucket, 0});
  place->count += static_cast<std::uint32_t>(count);
  count_ += count;
}

void SparseHistogram::merge(const SparseHistogram& other) {
  for (const Filled& filled : other.filled_) add(filled.bucket, filled.count);
  max_ = std::max(max_, other.max_);
}

bool SparseHistogram::merge(const std::vector<LatencyHistogram::Bucket>& buckets,
                            std::chrono::nanoseconds max) {
  for (const LatencyHistogram::Bucket& bucket : buckets) {
    const std::chrono::nanoseconds edge(static_cast<std::int64_t>(bucket.upper_edge));
    if (LatencyHistogram::upper_edge(LatencyHistogram::bucket_of(edge)) != bucket.upper_edge) {
      return false;
    }
  }
  for (const LatencyHistogram::Bucket& bucket : buckets) {
    const std::chrono::nanoseconds edge(static_cast<std::int64_t>(bucket.upper_edge));
    add(static_cast<std::uint32_t>(LatencyHistogram::bucket_of(edge)), bucket.count);
  }
  max_ = std::max(max_, max);
  return true;
}

std::chrono::nanoseconds SparseHistogram::percentile(double fraction) const {
  const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
  const std::uint64_t rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (const Filled& filled : filled_) {
    seen += filled.count;
    if (seen < rank) continue;
    const std::uint64_t edge = LatencyHistogram::upper_edge(filled.bucket);
    return std::min(std::chrono::nanoseconds(static_cast<std::int64_t>(edge)), max_);
  }
  return max_;
}

std::vector<LatencyHistogram::Bucket> SparseHistogram::buckets() const {
  std::vector<LatencyHistogram::Bucket> buckets;
  buckets.reserve(filled_.size());
  for (const Filled& filled : filled_) {
    buckets.push_back({LatencyHistogram::upper_edge(filled.bucket), filled.count});
  }
  return buckets;
}

}  // namespace ringpeer::tools
