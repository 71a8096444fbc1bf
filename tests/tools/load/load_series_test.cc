#include "ringpeer/tools/load/load_series.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "ringpeer/tools/measure/latency_histogram.h"

namespace ringpeer::tools {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const LoadSeries::Clock::time_point kStart{std::chrono::hours(2)};

// What was counted, by interval, the obvious way: times in lists.
struct Interval {
  std::uint64_t sent = 0, received = 0, missed = 0;
  std::vector<nanoseconds> times;
};

// Threads count for themselves and are put together; the sum is that of one list.
TEST(LoadSeriesTest, IsTheSumOfWhatItsThreadsCounted) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    std::map<std::size_t, Interval> model;
    std::vector<LoadSeries> threads(3, LoadSeries(kStart, milliseconds(100)));
    for (int i = 0; i < 3000; ++i) {
      LoadSeries& thread = threads[random() % threads.size()];
      const auto offset = nanoseconds(random() % nanoseconds(seconds(2)).count());
      Interval& interval = model[static_cast<std::size_t>(offset / milliseconds(100))];
      switch (random() % 4) {
        case 0:
          thread.sent(kStart + offset);
          ++interval.sent;
          break;
        case 1:
          thread.received(kStart + offset);
          ++interval.received;
          break;
        case 2:
          thread.missed(kStart + offset, 3);
          interval.missed += 3;
          break;
        default: {
          const auto time = nanoseconds(random() % 50'000'000);
          thread.answered(kStart + offset, time);
          interval.times.push_back(time);
        }
      }
    }
    LoadSeries sum;
    for (const LoadSeries& thread : threads) sum.merge(thread);
    ASSERT_EQ(sum.points().size(), model.rbegin()->first + 1);
    for (std::size_t i = 0; i < sum.points().size(); ++i) {
      const LoadSeries::Point& point = sum.points()[i];
      Interval& expected = model[i];
      EXPECT_EQ(point.sent, expected.sent);
      EXPECT_EQ(point.received, expected.received);
      EXPECT_EQ(point.send_missed, expected.missed);
      EXPECT_EQ(point.answered, expected.times.size());
      if (expected.times.empty()) continue;
      std::sort(expected.times.begin(), expected.times.end());
      const nanoseconds median = expected.times[(expected.times.size() - 1) / 2];
      EXPECT_EQ(point.round_trip.max(), expected.times.back());
      EXPECT_GE(point.round_trip.percentile(0.5), median);
      EXPECT_LE(point.round_trip.percentile(0.5).count(), median.count() * 1.008 + 1);
    }
  }
}

TEST(LoadSeriesTest, ClientsStandUntilTheyChange) {
  LoadSeries series(kStart, seconds(1));
  series.set_clients(kStart, 5);
  series.sent(kStart + milliseconds(3500));
  series.set_clients(kStart + milliseconds(3600), 7);
  std::vector<std::uint32_t> clients;
  for (const auto& point : series.points()) clients.push_back(point.clients);
  EXPECT_EQ(clients, (std::vector<std::uint32_t>{5, 5, 5, 7}));
}

// That it is waited for answers makes no points: the series ends with the packets.
TEST(LoadSeriesTest, ClientsAloneMakeNoPoint) {
  LoadSeries series(kStart, seconds(1));
  series.set_clients(kStart, 5);
  EXPECT_TRUE(series.points().empty());
  series.sent(kStart + milliseconds(100));
  series.set_clients(kStart + milliseconds(2500), 7);
  series.set_clients(kStart + milliseconds(9500), 0);
  ASSERT_EQ(series.points().size(), 1U);
  EXPECT_EQ(series.points()[0].clients, 5U);
  // What comes late finds who was there.
  series.received(kStart + milliseconds(3500));
  std::vector<std::uint32_t> clients;
  for (const auto& point : series.points()) clients.push_back(point.clients);
  EXPECT_EQ(clients, (std::vector<std::uint32_t>{5, 5, 7, 7}));
}

// One of whose clients nothing came any more has them still.
TEST(LoadSeriesTest, TheClientsOfAShorterSeriesStandToTheEnd) {
  LoadSeries shorter(kStart, seconds(1));
  shorter.set_clients(kStart, 3);
  shorter.sent(kStart);
  LoadSeries longer(kStart, seconds(1));
  longer.set_clients(kStart, 4);
  longer.set_clients(kStart + milliseconds(1500), 6);
  longer.sent(kStart + milliseconds(2500));
  for (const bool short_first : {true, false}) {
    LoadSeries sum;
    sum.merge(short_first ? shorter : longer);
    sum.merge(short_first ? longer : shorter);
    std::vector<std::uint32_t> clients;
    for (const auto& point : sum.points()) clients.push_back(point.clients);
    EXPECT_EQ(clients, (std::vector<std::uint32_t>{7, 9, 9}));
  }
}

TEST(LoadSeriesTest, ALongRunHasLongIntervals) {
  using Duration = std::chrono::duration<double>;
  EXPECT_EQ(series_interval(Duration(0.1)), seconds(1));
  EXPECT_EQ(series_interval(Duration(3600)), seconds(1));
  EXPECT_EQ(series_interval(Duration(3601)), seconds(2));
  LoadSeries series(kStart, seconds(1));
  series.sent(kStart + std::chrono::hours(24));  // what is planned wrongly is not lost
  EXPECT_EQ(series.points().size(), LoadSeries::kMaxPoints);
  EXPECT_EQ(series.points().back().sent, 1U);
}

// The same buckets, and so the same percentiles, in less memory; and written down and read back.
TEST(SparseHistogramTest, AgreesWithTheWholeOne) {
  std::mt19937_64 random(7);
  LatencyHistogram whole;
  SparseHistogram sparse;
  for (int i = 0; i < 5000; ++i) {
    const auto time = nanoseconds(random() >> (24 + random() % 40));
    whole.record(time);
    sparse.record(time);
  }
  SparseHistogram read;
  ASSERT_TRUE(read.merge(sparse.buckets(), sparse.max()));
  LatencyHistogram whole_read;
  ASSERT_TRUE(whole_read.merge(whole.buckets(), whole.min(), whole.max(),
                               static_cast<double>(whole.mean().count())));
  EXPECT_EQ(sparse.buckets(), whole.buckets());
  EXPECT_EQ(whole_read.buckets(), whole.buckets());
  EXPECT_EQ(whole_read.min(), whole.min());
  EXPECT_EQ(whole_read.max(), whole.max());
  for (const double fraction : {0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    EXPECT_EQ(sparse.percentile(fraction), whole.percentile(fraction)) << fraction;
    EXPECT_EQ(read.percentile(fraction), whole.percentile(fraction)) << fraction;
  }
  EXPECT_FALSE(read.merge({{.upper_edge = 1000, .count = 1}}, nanoseconds(1000)));
  EXPECT_FALSE(whole_read.merge({{.upper_edge = 1000, .count = 1}}, nanoseconds(0),
                                nanoseconds(1000), 1000));
}

}  // namespace
}  // namespace ringpeer::tools
