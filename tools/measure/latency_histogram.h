#ifndef RINGPEER_TOOLS_MEASURE_LATENCY_HISTOGRAM_H_
#define RINGPEER_TOOLS_MEASURE_LATENCY_HISTOGRAM_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringpeer::tools {

// Counts durations in log-linear buckets: 128 equal buckets in every power of two,
// so that any percentile is at most 1/128 (0.8 %) above the true value, in fixed memory
// and without an allocation for a value.
//
// Threads: one. Merge the histograms of several threads at the end.
class LatencyHistogram {
 public:
  // Values that were counted together: none is above the edge, in nanoseconds.
  struct Bucket {
    std::uint64_t upper_edge = 0;
    std::uint64_t count = 0;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  // Longer durations are counted in the last bucket: 2^40 ns is 18 minutes.
  static constexpr int kMaxValueBits = 40;

  void record(std::chrono::nanoseconds latency);
  void merge(const LatencyHistogram& other);
  // The same of one that was written down: what it recorded, its smallest and largest value and
  // their mean. False, with nothing changed, when the edges are not those of buckets.
  bool merge(const std::vector<Bucket>& buckets, std::chrono::nanoseconds min,
             std::chrono::nanoseconds max, double mean_ns);

  std::uint64_t count() const { return count_; }
  // All of these are 0 as long as nothing was recorded.
  std::chrono::nanoseconds min() const;
  std::chrono::nanoseconds max() const { return std::chrono::nanoseconds(max_); }
  std::chrono::nanoseconds mean() const;
  // The smallest bucket edge that at least `fraction` (0 to 1) of the values do not exceed.
  std::chrono::nanoseconds percentile(double fraction) const;
  // Those that hold anything, from the lowest up.
  std::vector<Bucket> buckets() const;

  // Which bucket a value is counted in, by number, and where one ends: for histograms of fewer
  // values, which keep the buckets in use alone.
  static std::size_t bucket_of(std::chrono::nanoseconds latency);
  static std::uint64_t upper_edge(std::size_t bucket);

 private:
  static constexpr int kSubBucketBits = 7;
  static constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBucketBits;
  // Values below kSubBuckets have a bucket each; every further power of two has kSubBuckets.
  static constexpr std::size_t kBuckets =
      static_cast<std::size_t>(kMaxValueBits - kSubBucketBits + 1) * kSubBuckets;

  static std::size_t bucket_of_value(std::uint64_t nanoseconds);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_LATENCY_HISTOGRAM_H_
