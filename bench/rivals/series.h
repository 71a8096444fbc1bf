#ifndef RINGPEER_BENCH_RIVALS_SERIES_H_
#define RINGPEER_BENCH_RIVALS_SERIES_H_

#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/bench/rivals/measurement.h"

namespace ringpeer::bench {

// The middle value, or the mean of the two in the middle; NaN values do not count; NaN
// when nothing is left.
double median(std::vector<double> values);

// All measurements of a run, and the statistics that the report and the checks are made of.
// Threads: one. Failure: NaN for what was not measured.
class Series {
 public:
  using Field = double Measurement::*;
  // What is compared: peers of one key differ in nothing else.
  struct Key {
    std::string test_case;
    std::string order;
    int size = 0;
    int remotes = 0;
    auto operator<=>(const Key&) const = default;
  };

  // Round 0 is the warm-up and left out of everything.
  void add(const Measurement& measurement);

  const std::map<Key, std::map<std::string, std::vector<Measurement>>>& by_key() const {
    return by_key_;
  }

  // Median over the rounds; NaN when not measured.
  double median_of(const Key& key, std::string_view peer, Field field) const;
  // The ratio of medians, peer to other.
  double ratio(const Key& key, std::string_view peer, std::string_view other, Field field) const;
  // The median of the ratios (differences) of the same rounds.
  double paired_ratio(const Key& key, std::string_view peer, std::string_view other,
                      Field field) const;
  double paired_difference(const Key& key, std::string_view peer, std::string_view other,
                           Field field) const;
  // Whether the CPUs had other work while it was measured.
  bool busy() const { return busy_; }
  // The largest value among the peers and rounds of a key, divided by the smallest; of all keys,
  // the largest such ratio. NaN when there is none.
  double widest_ratio(Field field) const;
  // Over every measurement that counts.
  double median_of_all(Field field) const;
  // The largest absolute value in any round of any key whose peer starts with `prefix`
  // and whose case is none of `except`; NaN when there is none.
  double worst(std::string_view prefix, const std::vector<std::string>& except, Field field) const;

 private:
  const std::vector<Measurement>* find(const Key& key, std::string_view peer) const;

  std::map<Key, std::map<std::string, std::vector<Measurement>>> by_key_;
  bool busy_ = false;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_SERIES_H_
