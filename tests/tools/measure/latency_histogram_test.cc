#include "ringpeer/tools/measure/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace ringpeer::tools {
namespace {

using std::chrono::nanoseconds;

TEST(LatencyHistogramTest, IsZeroWhenEmpty) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentile(0.99), nanoseconds(0));
  EXPECT_EQ(histogram.min(), nanoseconds(0));
  EXPECT_EQ(histogram.max(), nanoseconds(0));
  EXPECT_EQ(histogram.mean(), nanoseconds(0));
}

TEST(LatencyHistogramTest, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (int value = 1; value <= 100; ++value) histogram.record(nanoseconds(value));
  EXPECT_EQ(histogram.percentile(0.0), nanoseconds(1));
  EXPECT_EQ(histogram.percentile(0.5), nanoseconds(50));
  EXPECT_EQ(histogram.percentile(0.99), nanoseconds(99));
  EXPECT_EQ(histogram.percentile(1.0), nanoseconds(100));
  EXPECT_EQ(histogram.mean(), nanoseconds(50));
}

// Against sorting, over seven orders of magnitude.
TEST(LatencyHistogramTest, PercentilesAreWithinOneBucketOfSorting) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> exponent(2, 9);
  std::vector<std::int64_t> values(20'000);
  LatencyHistogram histogram;
  for (std::int64_t& value : values) {
    value = static_cast<std::int64_t>(std::pow(10.0, exponent(random)));
    histogram.record(nanoseconds(value));
  }
  std::sort(values.begin(), values.end());
  for (const double fraction : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(values.size())));
    const auto exact = static_cast<double>(values[rank - 1]);
    const auto measured = static_cast<double>(histogram.percentile(fraction).count());
    EXPECT_GE(measured, exact) << fraction;
    EXPECT_LE(measured, exact * (1 + 1.0 / 128)) << fraction;
  }
  EXPECT_EQ(histogram.min().count(), values.front());
  EXPECT_EQ(histogram.max().count(), values.back());
}

TEST(LatencyHistogramTest, EveryPowerOfTwoAndItsNeighboursFindTheirBucket) {
  for (int bits = 0; bits < LatencyHistogram::kMaxValueBits; ++bits) {
    for (const std::int64_t offset : {-1, 0, 1}) {
      const std::int64_t value = std::max<std::int64_t>(0, (std::int64_t{1} << bits) + offset);
      LatencyHistogram histogram;
      histogram.record(nanoseconds(value));
      EXPECT_EQ(histogram.percentile(0.5).count(), value);
    }
  }
}

TEST(LatencyHistogramTest, ValuesOutOfRangeAreCountedAtTheEnds) {
  LatencyHistogram histogram;
  histogram.record(nanoseconds(-5));
  histogram.record(std::chrono::hours(24 * 365));
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_EQ(histogram.percentile(0.5), nanoseconds(0));
  EXPECT_EQ(histogram.max(), std::chrono::hours(24 * 365));
}

TEST(LatencyHistogramTest, MergingIsTheSameAsRecordingTogether) {
  LatencyHistogram first, second, together;
  for (int value = 1; value <= 5000; ++value) {
    (value % 3 == 0 ? first : second).record(nanoseconds(value * 1000));
    together.record(nanoseconds(value * 1000));
  }
  first.merge(second);
  EXPECT_EQ(first.count(), together.count());
  EXPECT_EQ(first.min(), together.min());
  EXPECT_EQ(first.max(), together.max());
  EXPECT_EQ(first.mean(), together.mean());
  for (const double fraction : {0.01, 0.5, 0.99}) {
    EXPECT_EQ(first.percentile(fraction), together.percentile(fraction));
  }
}

}  // namespace
}  // namespace ringpeer::tools
