#ifndef RINGPEER_TESTS_ENGINE_WAIT_PRICED_MACHINE_H_
#define RINGPEER_TESTS_ENGINE_WAIT_PRICED_MACHINE_H_

#include <chrono>
#include <cstdint>
#include <random>

namespace ringpeer::wait {

// A worker's thread on a machine whose prices are known: packets come at a rate, and each wait of
// the thread brings what has come. Times in microseconds, prices in nanoseconds.
class PricedMachine {
 public:
  struct Prices {
    std::uint64_t wake = 5000;    // by the packet that comes
    std::uint64_t timer = 15000;  // by a timer that ends a budget
    std::uint64_t packet = 600;
  };
  struct Arrivals {
    double per_second = 10000;
    bool is_even = true;      // else as of many independent senders
    std::uint64_t burst = 1;  // so many at a time
  };
  struct Brought {
    std::uint64_t packets = 0;
  };

  explicit PricedMachine(std::uint64_t seed) : random_(seed) { next_us_ = 1; }

  void set_prices(const Prices& prices) { prices_ = prices; }
  void set_arrivals(const Arrivals& arrivals) {
    arrivals_ = arrivals;
    next_us_ = now_us_ + gap_us();
  }

  std::uint64_t now_us() const { return static_cast<std::uint64_t>(now_us_); }
  std::uint64_t cpu_ns() const { return cpu_ns_; }

  // Gathers during the budget; when nothing comes in it, the next packet ends the wait.
  Brought wait(std::chrono::microseconds budget) {
    const double end_us = now_us_ + static_cast<double>(budget.count());
    const bool is_by_timer = next_us_ <= end_us && budget.count() > 0;
    now_us_ = is_by_timer ? end_us : next_us_;
    cpu_ns_ += is_by_timer ? prices_.timer : prices_.wake;
    now_us_ += static_cast<double>(is_by_timer ? prices_.timer : prices_.wake) / 2000;
    Brought brought;
    while (next_us_ <= now_us_) {
      brought.packets += arrivals_.burst;
      cpu_ns_ += arrivals_.burst * prices_.packet;
      now_us_ += static_cast<double>(arrivals_.burst * prices_.packet) / 1000;
      next_us_ += gap_us();
    }
    return brought;
  }

 private:
  double gap_us() {
    const double mean_us = 1e6 * static_cast<double>(arrivals_.burst) / arrivals_.per_second;
    if (arrivals_.is_even) return mean_us;
    return std::exponential_distribution<double>(1 / mean_us)(random_);
  }

  std::mt19937_64 random_;
  Prices prices_;
  Arrivals arrivals_;
  double now_us_ = 1e6;
  double next_us_ = 0;
  std::uint64_t cpu_ns_ = 0;
};

}  // namespace ringpeer::wait

#endif  // RINGPEER_TESTS_ENGINE_WAIT_PRICED_MACHINE_H_
