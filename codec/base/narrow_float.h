#ifndef RINGPEER_CODEC_BASE_NARROW_FLOAT_H_
#define RINGPEER_CODEC_BASE_NARROW_FLOAT_H_

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace ringpeer {

// The nearest float, as the hardware converts: C++ leaves values beyond float's range
// undefined, Godot's builds make them infinite.
// Threads: any.
inline float narrow_float(double value) {
  constexpr double kMax = std::numeric_limits<float>::max();
  // Halfway to the next float, which does not exist: from here on it is infinity.
  constexpr double kRoundsToInfinity = 3.4028235677973366e38;
  if (value >= kRoundsToInfinity) return std::numeric_limits<float>::infinity();
  if (value <= -kRoundsToInfinity) return -std::numeric_limits<float>::infinity();
  return static_cast<float>(value != value ? value : std::clamp(value, -kMax, kMax));
}

// The integer that the processor, and so Godot, makes of a float: one of 64 bits, or one of 32
// that is cut further. C++ leaves values beyond the range undefined; here, as there, they are the
// smallest integer, and so is NaN.
template <std::integral T>
T narrow_integer(double value) {
  using Wide = std::conditional_t<sizeof(T) == sizeof(std::int64_t), std::int64_t, std::int32_t>;
  constexpr Wide kSmallest = std::numeric_limits<Wide>::min();
  constexpr double kLimit = -static_cast<double>(kSmallest);
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    // The upper half of the range is converted without its highest bit.
    if (value >= kLimit) return narrow_integer<std::int64_t>(value - kLimit) ^ T { 1 } << 63;
  }
  if (!(value >= -kLimit && value < kLimit)) return static_cast<T>(kSmallest);
  return static_cast<T>(static_cast<Wide>(value));
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_BASE_NARROW_FLOAT_H_
