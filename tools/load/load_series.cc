#include "ringpeer/tools/load/load_series.h"

#include <algorithm>
#include <cmath>

namespace ringpeer::tools {

LoadSeries::Point& LoadSeries::at(Clock::time_point when) {
  const std::int64_t index = when <= start_ ? 0 : (when - start_) / interval_;
  return at_index(std::min(static_cast<std::size_t>(index), kMaxPoints - 1));
}

LoadSeries::Point& LoadSeries::at_index(std::size_t index) {
  while (points_.size() <= index) points_.emplace_back().clients = clients_;
  return points_[index];
}

void LoadSeries::answered(Clock::time_point due, std::chrono::nanoseconds round_trip) {
  Point& point = at(due);
  ++point.answered;
  point.round_trip.record(round_trip);
}

void LoadSeries::set_clients(Clock::time_point now, std::uint32_t clients) {
  Point& point = at(now);  // those that were skipped had the clients of before
  clients_ = clients;
  point.clients = clients;
}

void LoadSeries::merge(const LoadSeries& other) {
  for (std::size_t i = 0; i < other.points_.size(); ++i) merge_point(i, other.points_[i]);
}

void LoadSeries::merge_point(std::size_t index, const Point& point) {
  Point& sum = at_index(std::min(index, kMaxPoints - 1));
  sum.sent += point.sent;
  sum.received += point.received;
  sum.answered += point.answered;
  sum.send_missed += point.send_missed;
  sum.clients += point.clients;
  sum.round_trip.merge(point.round_trip);
}

std::chrono::nanoseconds series_interval(std::chrono::duration<double> run) {
  const double seconds = std::ceil(run.count() / static_cast<double>(LoadSeries::kMaxPoints));
  return std::chrono::seconds(static_cast<std::int64_t>(std::max(1.0, seconds)));
}

}  // namespace ringpeer::tools
