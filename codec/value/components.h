#ifndef RINGPEER_CODEC_VALUE_COMPONENTS_H_
#define RINGPEER_CODEC_VALUE_COMPONENTS_H_

#include <cstddef>
#include <type_traits>

#include "ringpeer/codec/value/math_types.h"

namespace ringpeer {

// The math types are nothing but 32-bit components in the wire's order; what is done
// to all of them (encoding, decoding, comparing, hashing, printing) is done once, on
// their components.
// Threads: any.
template <typename T>
inline constexpr bool kIsIntegerMath = std::is_same_v<T, Vector2i> || std::is_same_v<T, Vector3i> ||
                                       std::is_same_v<T, Vector4i> || std::is_same_v<T, Rect2i>;

template <typename T>
inline constexpr bool kIsFloatMath =
    std::is_same_v<T, Vector2> || std::is_same_v<T, Vector3> || std::is_same_v<T, Vector4> ||
    std::is_same_v<T, Rect2> || std::is_same_v<T, Transform2D> || std::is_same_v<T, Plane> ||
    std::is_same_v<T, Quaternion> || std::is_same_v<T, AABB> || std::is_same_v<T, Basis> ||
    std::is_same_v<T, Transform3D> || std::is_same_v<T, Projection> || std::is_same_v<T, Color>;

template <typename T>
inline constexpr bool kIsMath = kIsIntegerMath<T> || kIsFloatMath<T>;

inline constexpr std::size_t kComponentSize = 4;

template <typename T>
inline constexpr std::size_t kComponentCount = sizeof(T) / kComponentSize;

// Color is always written and read with 32-bit components, whatever the header says.
template <typename T>
inline constexpr bool kHasDoubleForm = kIsFloatMath<T> && !std::is_same_v<T, Color>;

static_assert(std::is_standard_layout_v<Projection> && sizeof(Projection) == 64);
static_assert(std::is_standard_layout_v<Transform3D> && sizeof(Transform3D) == 48);
static_assert(std::is_standard_layout_v<Plane> && sizeof(Plane) == 16);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_COMPONENTS_H_
