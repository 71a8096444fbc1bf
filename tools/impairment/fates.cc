#include "ringpeer/tools/impairment/fates.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ringpeer::tools {
namespace {

// The finaliser of SplitMix64: each bit of the result depends on each of the value.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace

// Each has random numbers of its own, so that no setting moves another's.
enum class Fates::Question : std::uint64_t {
  kLost,
  kDuplicated,
  kHeldBack,
  kTruncated,
  kSize,
  kCorrupted,
  kBit,
  kDelay,
  kDelayAngle,
  kDelayOfCopy,
  kDelayOfCopyAngle,
};

Fates::Fates(const Impairment& impairment, std::uint64_t seed, std::uint64_t client,
             Direction direction)
    : impairment_(&impairment),
      key_(mix(mix(mix(seed) ^ client) ^ static_cast<std::uint64_t>(direction))) {}

std::uint64_t Fates::random(Question question) const {
  return mix(mix(key_ ^ index_) ^ static_cast<std::uint64_t>(question));
}

double Fates::share(Question question) const {
  constexpr int kUnusedBits = 11;  // a double keeps 53
  return static_cast<double>(random(question) >> kUnusedBits) * 0x1p-53;
}

bool Fates::happens(Question question, double probability) const {
  return share(question) < probability;
}

// In bursts by Gilbert's model: a state that loses everything, one that loses nothing, and the
// probabilities of change that give the share of losses and the length of bursts that are asked
// for.
bool Fates::is_lost() {
  const Impairment& asked = *impairment_;
  if (asked.burst == 0 || index_ == 0) {
    losing_ = happens(Question::kLost, asked.loss);
  } else if (losing_) {
    losing_ = !happens(Question::kLost, 1 / asked.burst);
  } else {
    losing_ = happens(Question::kLost, asked.loss / (asked.burst * (1 - asked.loss)));
  }
  return losing_;
}

std::chrono::nanoseconds Fates::delay(Question first, Question second) const {
  const Impairment& asked = *impairment_;
  if (asked.jitter.count() == 0) return asked.delay;
  double deviation = 0;
  if (asked.shape == JitterShape::kUniform) {
    deviation = 2 * share(first) - 1;
  } else {  // the method of Box and Muller; 1 - share is never 0
    deviation =
        std::sqrt(-2 * std::log(1 - share(first))) * std::cos(2 * std::numbers::pi * share(second));
  }
  const double all = static_cast<double>(asked.delay.count()) +
                     deviation * static_cast<double>(asked.jitter.count());
  return std::chrono::nanoseconds(std::llround(std::max(0.0, all)));
}

Fate Fates::next(std::size_t size) {
  const Impairment& asked = *impairment_;
  Fate fate;
  fate.lost = is_lost();
  fate.duplicated = happens(Question::kDuplicated, asked.duplicate);
  fate.held_back = happens(Question::kHeldBack, asked.reorder);
  fate.size = size;
  if (size > 0 && happens(Question::kTruncated, asked.truncate)) {
    fate.size = random(Question::kSize) % size;
  }
  if (fate.size > 0 && happens(Question::kCorrupted, asked.corrupt)) {
    constexpr std::size_t kBitsPerByte = 8;
    fate.turned_bit = random(Question::kBit) % (fate.size * kBitsPerByte);
  }
  fate.delay = delay(Question::kDelay, Question::kDelayAngle);
  if (fate.duplicated) {
    fate.delay_of_copy = delay(Question::kDelayOfCopy, Question::kDelayOfCopyAngle);
  }
  ++index_;
  return fate;
}

}  // namespace ringpeer::tools
