#include "ringpeer/bench/peers/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ringpeer::bench {

std::size_t LatencyHistogram::bucket_of(std::uint64_t value) {
  if (value < kBucketsPerOctave) return static_cast<std::size_t>(value);
  const unsigned octave = static_cast<unsigned>(std::bit_width(value)) - 1;
  if (octave > kLargestOctave) return kBuckets - 1;
  const unsigned shift = octave - kBucketBits;
  const std::uint64_t within = (value >> shift) - kBucketsPerOctave;
  return static_cast<std::size_t>((shift + 1) * kBucketsPerOctave + within);
}

std::uint64_t LatencyHistogram::upper_end(std::size_t bucket) {
  if (bucket < kBucketsPerOctave) return bucket;
  const std::uint64_t shift = bucket / kBucketsPerOctave - 1;
  const std::uint64_t within = bucket % kBucketsPerOctave + kBucketsPerOctave;
  return ((within + 1) << shift) - 1;
}

void LatencyHistogram::record(std::uint64_t nanoseconds) {
  ++buckets_[bucket_of(nanoseconds)];
  ++count_;
}

void LatencyHistogram::clear() {
  buckets_.fill(0);
  count_ = 0;
}

std::uint64_t LatencyHistogram::percentile(double share) const {
  if (count_ == 0) return 0;
  const double exact = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const std::uint64_t rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(exact));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return upper_end(bucket);
  }
  return upper_end(kBuckets - 1);
}

}  // namespace ringpeer::bench
