#ifndef RINGPEER_CODEC_BASE_WIRE_FORMAT_H_
#define RINGPEER_CODEC_BASE_WIRE_FORMAT_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

// The numbers of Godot 4.6's Variant encoding: everything that the encoder, the
// decoder and the view must agree on, and nothing else.
//
// A Variant on the wire is a little-endian header word, whose low byte is the type
// and whose upper half holds flags that depend on it, and a payload. Its length is a
// multiple of kWireAlignment.
//
// Threads: any.

namespace ringpeer {

// Variant::Type of Godot 4.6; the values are the wire's type ids.
enum class VariantType : std::uint8_t {
  NIL = 0,
  BOOL = 1,
  INT = 2,
  FLOAT = 3,
  STRING = 4,
  VECTOR2 = 5,
  VECTOR2I = 6,
  RECT2 = 7,
  RECT2I = 8,
  VECTOR3 = 9,
  VECTOR3I = 10,
  TRANSFORM2D = 11,
  VECTOR4 = 12,
  VECTOR4I = 13,
  PLANE = 14,
  QUATERNION = 15,
  AABB = 16,
  BASIS = 17,
  TRANSFORM3D = 18,
  PROJECTION = 19,
  COLOR = 20,
  STRING_NAME = 21,
  NODE_PATH = 22,
  RID = 23,
  OBJECT = 24,
  CALLABLE = 25,
  SIGNAL = 26,
  DICTIONARY = 27,
  ARRAY = 28,
  PACKED_BYTE_ARRAY = 29,
  PACKED_INT32_ARRAY = 30,
  PACKED_INT64_ARRAY = 31,
  PACKED_FLOAT32_ARRAY = 32,
  PACKED_FLOAT64_ARRAY = 33,
  PACKED_STRING_ARRAY = 34,
  PACKED_VECTOR2_ARRAY = 35,
  PACKED_VECTOR3_ARRAY = 36,
  PACKED_COLOR_ARRAY = 37,
  PACKED_VECTOR4_ARRAY = 38,
};

inline constexpr std::uint32_t kVariantTypeCount = 39;

// Godot's name of a type: "Nil", "bool", "int", ..., "PackedVector4Array". Static text.
std::string_view variant_type_name(VariantType type);

// What a typed container's element type is given as; two bits of the header.
enum class ContainerKind : std::uint8_t {
  UNTYPED = 0,
  BUILTIN = 1,     // a word with a type id follows
  CLASS_NAME = 2,  // a string follows
  SCRIPT = 3,      // a string with a res:// path follows
};

// Every string, and every Variant as a whole, is padded to this.
inline constexpr std::size_t kWireAlignment = 4;

// Only the low byte of the header is the type; the second byte is ignored.
inline constexpr std::uint32_t kHeaderTypeMask = 0xff;

// INT and FLOAT: the payload has 64 bits. VECTOR2 to PROJECTION (but not the integer
// vectors) and PACKED_VECTOR2/3/4_ARRAY: components are doubles. Ignored elsewhere.
inline constexpr std::uint32_t kHeaderFlag64 = 1u << 16;

// OBJECT: the payload is a 64-bit instance id.
inline constexpr std::uint32_t kHeaderFlagObjectAsId = 1u << 16;

// Where the ContainerKind of an array's element or a dictionary's key, and of a
// dictionary's value, stands in the header.
inline constexpr std::uint32_t kElementKindShift = 16;
inline constexpr std::uint32_t kKeyKindShift = 16;
inline constexpr std::uint32_t kValueKindShift = 18;
inline constexpr std::uint32_t kContainerKindMask = 3;

// ARRAY and DICTIONARY counts: the top bit meant "shared" once; readers mask it away.
inline constexpr std::uint32_t kContainerCountMask = 0x7fffffff;

// NODE_PATH: the first word is the name count with this bit set; without it the data
// is of a format that Godot 4 rejects.
inline constexpr std::uint32_t kNodePathFormatBit = 0x80000000u;
inline constexpr std::uint32_t kNodePathFlagAbsolute = 1;
// Obsolete, read but never written: one more subname than counted follows.
inline constexpr std::uint32_t kNodePathFlagProperty = 2;

// The class that stands for an object of which only the id is known.
inline constexpr std::string_view kEncodedObjectAsIdClass = "EncodedObjectAsID";
inline constexpr std::string_view kEncodedObjectAsIdProperty = "object_id";
inline constexpr std::string_view kScriptProperty = "script";
// Where a script must lie to be named on the wire.
inline constexpr std::string_view kScriptPathPrefix = "res://";

// Whether a class could have this name at all; nothing else is one of Godot's.
bool is_class_name(std::string_view name);

// Godot's recursion limit: the top value is at depth 0, a value at depth 1024 passes,
// one at 1025 is ERR_OUT_OF_MEMORY; encoding and decoding alike.
inline constexpr std::size_t kMaximumDepth = 1024;

// The largest payload of a UDP datagram over IPv4 (65,535 - 20 - 8).
inline constexpr std::size_t kMaximumDatagramSize = 65507;

// The smallest encoded Variant is a bare header.
inline constexpr std::size_t kSmallestVariantSize = 4;

// `size` rounded up to the wire's alignment.
constexpr std::size_t wire_padded(std::size_t size) {
  return (size + kWireAlignment - 1) & ~(kWireAlignment - 1);
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_BASE_WIRE_FORMAT_H_
