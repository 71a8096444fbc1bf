#include "ringpeer/bench/rivals/series.h"

#include <algorithm>
#include <cmath>

namespace ringpeer::bench {
namespace {

// Calls combine(a, b) for each round that both have.
template <typename Combine>
double median_of_pairs(const std::vector<Measurement>* ours, const std::vector<Measurement>* theirs,
                       Series::Field field, Combine&& combine) {
  if (ours == nullptr || theirs == nullptr) return Measurement::kNone;
  std::vector<double> values;
  for (const Measurement& a : *ours) {
    for (const Measurement& b : *theirs) {
      if (a.round == b.round) values.push_back(combine(a.*field, b.*field));
    }
  }
  return median(std::move(values));
}

}  // namespace

double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return Measurement::kNone;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

void Series::add(const Measurement& measurement) {
  if (measurement.round == 0) return;
  const Key key{measurement.test_case, measurement.order, measurement.size, measurement.remotes};
  by_key_[key][measurement.peer].push_back(measurement);
  busy_ = busy_ || measurement.busy;
}

const std::vector<Measurement>* Series::find(const Key& key, std::string_view peer) const {
  const auto peers = by_key_.find(key);
  if (peers == by_key_.end()) return nullptr;
  const auto found = peers->second.find(std::string(peer));
  return found == peers->second.end() ? nullptr : &found->second;
}

double Series::median_of(const Key& key, std::string_view peer, Field field) const {
  const std::vector<Measurement>* measurements = find(key, peer);
  if (measurements == nullptr) return Measurement::kNone;
  std::vector<double> values;
  for (const Measurement& m : *measurements) values.push_back(m.*field);
  return median(std::move(values));
}

double Series::ratio(const Key& key, std::string_view peer, std::string_view other,
                     Field field) const {
  return median_of(key, peer, field) / median_of(key, other, field);
}

double Series::paired_ratio(const Key& key, std::string_view peer, std::string_view other,
                            Field field) const {
  return median_of_pairs(find(key, peer), find(key, other), field,
                         [](double a, double b) { return a / b; });
}

double Series::paired_difference(const Key& key, std::string_view peer, std::string_view other,
                                 Field field) const {
  return median_of_pairs(find(key, peer), find(key, other), field,
                         [](double a, double b) { return a - b; });
}

double Series::widest_ratio(Field field) const {
  double widest = Measurement::kNone;
  for (const auto& [key, peers] : by_key_) {
    std::vector<double> values;
    for (const auto& [peer, measurements] : peers) {
      for (const Measurement& m : measurements) {
        if (!std::isnan(m.*field)) values.push_back(m.*field);
      }
    }
    if (values.empty()) continue;
    const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
    // fmax: NaN, none yet, gives way.
    widest = std::fmax(widest, *largest / *smallest);
  }
  return widest;
}

double Series::median_of_all(Field field) const {
  std::vector<double> values;
  for (const auto& [key, peers] : by_key_) {
    for (const auto& [peer, measurements] : peers) {
      for (const Measurement& m : measurements) values.push_back(m.*field);
    }
  }
  return median(std::move(values));
}

double Series::worst(std::string_view prefix, const std::vector<std::string>& except,
                     Field field) const {
  double result = Measurement::kNone;
  for (const auto& [key, peers] : by_key_) {
    if (std::find(except.begin(), except.end(), key.test_case) != except.end()) continue;
    for (const auto& [peer, measurements] : peers) {
      if (!peer.starts_with(prefix)) continue;
      for (const Measurement& m : measurements) {
        const double value = std::abs(m.*field);
        if (std::isnan(value)) continue;
        result = std::isnan(result) ? value : std::max(result, value);
      }
    }
  }
  return result;
}

}  // namespace ringpeer::bench
