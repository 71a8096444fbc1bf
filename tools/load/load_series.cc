#include "ringpeer/tools/load/load_series.h"

#include <algorithm>
#include <cmath>

namespace ringpeer::tools {

std::size_t LoadSeries::index_of(Clock::time_point when) const {
  const std::int64_t index = when <= start_ ? 0 : (when - start_) / interval_;
  return std::min(static_cast<std::size_t>(index), kMaxPoints - 1);
}

LoadSeries::Point& LoadSeries::at_index(std::size_t index) {
  while (points_.size() <= index) points_.emplace_back().clients = clients_at(points_.size());
  return points_[index];
}

std::uint32_t LoadSeries::clients_at(std::size_t index) const {
  return clients_[std::min(index, clients_.size() - 1)];
}

void LoadSeries::answered(Clock::time_point due, std::chrono::nanoseconds round_trip) {
  Point& point = at(due);
  ++point.answered;
  point.round_trip.record(round_trip);
}

void LoadSeries::set_clients(Clock::time_point now, std::uint32_t clients) {
  const std::size_t index = index_of(now);
  // Those that were skipped had the clients of before.
  if (clients_.size() <= index) clients_.resize(index + 1, clients_.back());
  clients_[index] = clients;
  for (std::size_t i = index; i < points_.size(); ++i) points_[i].clients = clients_at(i);
}

void LoadSeries::merge(const LoadSeries& other) {
  for (std::size_t i = 0; i < other.points_.size(); ++i) {
    const Point& point = other.points_[i];
    Point& sum = at_index(i);
    sum.sent += point.sent;
    sum.received += point.received;
    sum.answered += point.answered;
    sum.send_missed += point.send_missed;
    sum.round_trip.merge(point.round_trip);
  }
  if (clients_.size() < other.clients_.size()) {
    clients_.resize(other.clients_.size(), clients_.back());
  }
  for (std::size_t i = 0; i < clients_.size(); ++i) clients_[i] += other.clients_at(i);
  for (std::size_t i = 0; i < points_.size(); ++i) points_[i].clients = clients_at(i);
}

std::chrono::nanoseconds series_interval(std::chrono::duration<double> run) {
  const double seconds = std::ceil(run.count() / static_cast<double>(LoadSeries::kMaxPoints));
  return std::chrono::seconds(static_cast<std::int64_t>(std::max(1.0, seconds)));
}

}  // namespace ringpeer::tools
