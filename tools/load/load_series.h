#ifndef RINGPEER_TOOLS_LOAD_LOAD_SERIES_H_
#define RINGPEER_TOOLS_LOAD_LOAD_SERIES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringpeer/tools/measure/sparse_histogram.h"

namespace ringpeer::tools {

// A run over time: what was sent, what came and how long it took, for each interval of the same
// length. What is of a packet stands where the packet was due, whenever its answer came. It goes as
// far as packets do: who is connected later is not in it.
//
// Threads: one. Merge the series of several threads at the end.
class LoadSeries {
 public:
  using Clock = std::chrono::steady_clock;

  // Intervals: an hour of seconds. Whoever runs longer chooses longer ones.
  static constexpr std::size_t kMaxPoints = 3600;

  struct Point {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;  // in the interval, of any kind and whenever it was sent
    std::uint64_t answered = 0;
    std::uint64_t send_missed = 0;
    std::uint32_t clients = 0;   // connected when it ended
    SparseHistogram round_trip;  // corrected
  };

  LoadSeries() = default;
  // Later than kMaxPoints intervals all is counted in the last one.
  LoadSeries(Clock::time_point start, std::chrono::nanoseconds interval)
      : start_(start), interval_(interval) {}

  void sent(Clock::time_point due) { ++at(due).sent; }
  void missed(Clock::time_point due, std::uint64_t packets) { at(due).send_missed += packets; }
  void received(Clock::time_point now) { ++at(now).received; }
  void answered(Clock::time_point due, std::chrono::nanoseconds round_trip);
  // Stands until it is called again.
  void set_clients(Clock::time_point now, std::uint32_t clients);

  // Of the same start and interval. Its clients stand to the end, too.
  void merge(const LoadSeries& other);
  void set_interval(std::chrono::nanoseconds interval) { interval_ = interval; }

  std::chrono::nanoseconds interval() const { return interval_; }
  const std::vector<Point>& points() const { return points_; }

 private:
  std::size_t index_of(Clock::time_point when) const;
  Point& at(Clock::time_point when) { return at_index(index_of(when)); }
  Point& at_index(std::size_t index);
  // Those of an interval, whether there is a point of it or not.
  std::uint32_t clients_at(std::size_t index) const;

  Clock::time_point start_;
  std::chrono::nanoseconds interval_ = std::chrono::seconds(1);
  std::vector<Point> points_;
  // By interval; the last number stands for all later ones.
  std::vector<std::uint32_t> clients_ = {0};
};

// How long the intervals of a run of that length are: a second, or as many as it takes.
std::chrono::nanoseconds series_interval(std::chrono::duration<double> run);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_SERIES_H_
