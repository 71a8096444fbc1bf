#ifndef RINGPEER_TOOLS_MEASURE_SPARSE_HISTOGRAM_H_
#define RINGPEER_TOOLS_MEASURE_SPARSE_HISTOGRAM_H_

#include <chrono>
#include <cstdint>
#include <vector>

#include "ringpeer/tools/measure/latency_histogram.h"

namespace ringpeer::tools {

// A LatencyHistogram that keeps the buckets in use alone: for one of thousands, such as of each
// second of a run, where the whole array would be memory for nothing.
//
// Threads: one. Failure: none.
class SparseHistogram {
 public:
  void record(std::chrono::nanoseconds latency);
  void merge(const SparseHistogram& other);
  // What was written down by buckets(). False, with nothing changed, when an edge is none of a
  // bucket.
  bool merge(const std::vector<LatencyHistogram::Bucket>& buckets, std::chrono::nanoseconds max);

  std::uint64_t count() const { return count_; }
  // Both are 0 as long as nothing was recorded.
  std::chrono::nanoseconds max() const { return max_; }
  // As LatencyHistogram's, from the same buckets.
  std::chrono::nanoseconds percentile(double fraction) const;
  std::vector<LatencyHistogram::Bucket> buckets() const;

 private:
  struct Filled {
    std::uint32_t bucket = 0;
    std::uint32_t count = 0;
  };

  void add(std::uint32_t bucket, std::uint64_t count);

  std::vector<Filled> filled_;  // by bucket
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds max_{0};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_SPARSE_HISTOGRAM_H_
