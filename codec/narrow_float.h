#ifndef RINGPEER_CODEC_NARROW_FLOAT_H_
#define RINGPEER_CODEC_NARROW_FLOAT_H_

#include <algorithm>
#include <limits>

namespace ringpeer {

// The nearest float, as the hardware converts: C++ leaves values beyond float's range
// undefined, Godot's builds make them infinite.
inline float narrow_float(double value) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  // Halfway to the next float, which does not exist: from here on it is infinity.
  constexpr double kRoundsToInfinity = 3.4028235677973366e38;
  if (value >= kRoundsToInfinity) return std::numeric_limits<float>::infinity();
  if (value <= -kRoundsToInfinity) return -std::numeric_limits<float>::infinity();
  return static_cast<float>(value != value ? value : std::clamp(value, -kLargest, kLargest));
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_NARROW_FLOAT_H_
