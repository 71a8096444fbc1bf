#include "ringpeer/bench/pacing/schedule_error.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace ringpeer::bench {
namespace {

using std::chrono::nanoseconds;
using Seconds = std::chrono::duration<double>;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Adds the errors of the packets of one stretch, in nanoseconds.
void add_errors(std::span<const nanoseconds> times, double period_ns, std::vector<double>* errors) {
  std::vector<double> differences;
  differences.reserve(times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto since = static_cast<double>((times[i] - times.front()).count());
    differences.push_back(since - static_cast<double>(i) * period_ns);
  }
  const double best = median(differences);
  for (const double difference : differences) errors->push_back(std::abs(difference - best));
}

nanoseconds percentile(const std::vector<double>& sorted, double share) {
  const auto last = static_cast<double>(sorted.size() - 1);
  const auto place = static_cast<std::size_t>(std::ceil(share * last));
  return nanoseconds(std::llround(sorted[place]));
}

}  // namespace

ScheduleError schedule_error(std::span<const nanoseconds> times, double rate) {
  ScheduleError result;
  result.packets = times.size();
  if (times.size() < 2) return result;
  result.packets_per_second =
      static_cast<double>(times.size() - 1) / Seconds(times.back() - times.front()).count();
  const auto a_second = std::max<std::size_t>(1, static_cast<std::size_t>(rate));
  std::vector<double> errors;
  errors.reserve(times.size());
  for (std::size_t first = 0; first < times.size(); first += a_second) {
    add_errors(times.subspan(first, std::min(a_second, times.size() - first)), 1e9 / rate, &errors);
  }
  std::sort(errors.begin(), errors.end());
  result.p50 = percentile(errors, 0.5);
  result.p99 = percentile(errors, 0.99);
  result.max = percentile(errors, 1);
  return result;
}

}  // namespace ringpeer::bench
