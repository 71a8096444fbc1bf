#ifndef RINGPEER_BENCH_PEERS_LATENCY_HISTOGRAM_H_
#define RINGPEER_BENCH_PEERS_LATENCY_HISTOGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringpeer::bench {

// Counts durations in buckets whose width grows with the value, so that every
// percentile is right within 1/64 of itself. One thread; recording does not allocate.
class LatencyHistogram {
 public:
  void record(std::uint64_t nanoseconds);
  void clear();
  std::uint64_t count() const { return count_; }

  // The smallest recorded value that at least `share` (0 to 1) of all values do not
  // exceed, rounded up to its bucket's upper end; 0 when nothing was recorded.
  std::uint64_t percentile(double share) const;

 private:
  // 64 buckets an octave: the error stays below 1.6 %, less than the noise of a run.
  static constexpr unsigned kBucketBits = 6;
  static constexpr std::uint64_t kBucketsPerOctave = std::uint64_t{1} << kBucketBits;
  // 2^40 ns are 18 minutes: longer than a whole run.
  static constexpr unsigned kLargestOctave = 40;
  static constexpr std::size_t kBuckets =
      static_cast<std::size_t>(kBucketsPerOctave) * (kLargestOctave - kBucketBits + 2);

  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t upper_end(std::size_t bucket);

  std::array<std::uint32_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_PEERS_LATENCY_HISTOGRAM_H_
