#ifndef RINGPEER_TESTS_SIMULATION_RANDOM_H_
#define RINGPEER_TESTS_SIMULATION_RANDOM_H_

#include <cstdint>

namespace ringpeer::simulation {

// Numbers that a seed determines, on every machine and compiler (SplitMix64: Steele, Lea and Flood,
// 2014). A value type.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 to n - 1; n is not 0.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least + 1)));
  }
  bool chance(std::uint32_t of_1000) { return below(1000) < of_1000; }

 private:
  std::uint64_t state_;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_RANDOM_H_
