#ifndef RINGPEER_CODEC_WIRE_WIRE_SCAN_H_
#define RINGPEER_CODEC_WIRE_WIRE_SCAN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/base/little_endian.h"
#include "ringpeer/codec/base/text_word.h"
#include "ringpeer/codec/base/utf8.h"
#include "ringpeer/codec/base/wire_format.h"
#include "ringpeer/codec/wire/options.h"

// Walking over encoded Variants without making anything of them: the one pass that
// validates a packet, and the steps over bytes that passed it. What the view is
// built on; not part of the public interface.
//
// Threads: any. Lifetime: what is handed out points into the packet. Failure: validate() says it;
// the steps are for bytes that passed it.

namespace ringpeer::wire_scan {

// Payload bytes of a type whose size the header alone tells, kVariable otherwise.
inline constexpr std::uint8_t kVariable = 0xff;

constexpr std::uint8_t payload_size(VariantType type, bool flag_64) {
  const auto reals = [flag_64](int components) {
    return static_cast<std::uint8_t>(components * (flag_64 ? 8 : 4));
  };
  switch (type) {
    case VariantType::NIL:
    case VariantType::CALLABLE:
      return 0;
    case VariantType::BOOL:
      return 4;
    case VariantType::INT:
    case VariantType::FLOAT:
      return flag_64 ? 8 : 4;
    case VariantType::VECTOR2I:
    case VariantType::RID:
      return 8;
    case VariantType::VECTOR3I:
      return 12;
    case VariantType::RECT2I:
    case VariantType::VECTOR4I:
    case VariantType::COLOR:
      return 16;
    case VariantType::VECTOR2:
      return reals(2);
    case VariantType::VECTOR3:
      return reals(3);
    case VariantType::RECT2:
    case VariantType::VECTOR4:
    case VariantType::PLANE:
    case VariantType::QUATERNION:
      return reals(4);
    case VariantType::TRANSFORM2D:
    case VariantType::AABB:
      return reals(6);
    case VariantType::BASIS:
      return reals(9);
    case VariantType::TRANSFORM3D:
      return reals(12);
    case VariantType::PROJECTION:
      return reals(16);
    case VariantType::OBJECT:
      return flag_64 ? 8 : kVariable;  // bit 16 is kHeaderFlagObjectAsId here
    default:
      return kVariable;
  }
}
static_assert(kHeaderFlag64 == kHeaderFlagObjectAsId);

// payload_size by [bit 16 of the header][type]: one load on the hot path.
inline constexpr auto kPayloadSizes = [] {
  std::array<std::array<std::uint8_t, kVariantTypeCount>, 2> sizes{};
  for (std::uint32_t type = 0; type < kVariantTypeCount; ++type) {
    sizes[0][type] = payload_size(static_cast<VariantType>(type), false);
    sizes[1][type] = payload_size(static_cast<VariantType>(type), true);
  }
  return sizes;
}();

inline std::uint8_t payload_size_of(std::uint32_t header) {
  return kPayloadSizes[header >> 16 & 1][header & kHeaderTypeMask];
}

constexpr bool is_packed_vector_array(VariantType type) {
  return type == VariantType::PACKED_VECTOR2_ARRAY || type == VariantType::PACKED_VECTOR3_ARRAY ||
         type == VariantType::PACKED_VECTOR4_ARRAY;
}

// Bytes of one element of a packed array; 0 for the strings, which vary.
constexpr std::uint32_t packed_element_size(VariantType type, bool flag_64) {
  const std::uint32_t real = flag_64 ? 8 : 4;
  switch (type) {
    case VariantType::PACKED_BYTE_ARRAY:
      return 1;
    case VariantType::PACKED_INT32_ARRAY:
    case VariantType::PACKED_FLOAT32_ARRAY:
      return 4;
    case VariantType::PACKED_INT64_ARRAY:
    case VariantType::PACKED_FLOAT64_ARRAY:
      return 8;
    case VariantType::PACKED_VECTOR2_ARRAY:
      return 2 * real;
    case VariantType::PACKED_VECTOR3_ARRAY:
      return 3 * real;
    case VariantType::PACKED_COLOR_ARRAY:
      return 16;
    case VariantType::PACKED_VECTOR4_ARRAY:
      return 4 * real;
    default:
      return 0;
  }
}

inline std::uint32_t load_word(const std::uint8_t* at) {
  return load_little_endian<std::uint32_t>(at);
}

// The bytes of the string whose length word stands at `at`.
inline std::string_view string_bytes(const std::uint8_t* at) {
  return {reinterpret_cast<const char*>(at + 4), load_word(at)};
}

inline const std::uint8_t* after_string(const std::uint8_t* at) {
  return at + 4 + wire_padded(load_word(at));
}

// What decoding makes of a validated string. `plain` promises that no string of the
// packet holds a NUL or a byte order mark.
inline std::string_view string_text(const std::uint8_t* at, bool plain) {
  std::string_view text = string_bytes(at);
  if (!plain) utf8_from_wire(text, &text);
  return text;
}

// What stands before a NodePath's strings.
struct NodePathHead {
  std::uint32_t names;
  std::uint32_t subnames;
  bool absolute;
};
inline constexpr std::size_t kNodePathHeadSize = 12;

inline NodePathHead node_path_head(const std::uint8_t* at) {
  const std::uint32_t flags = load_word(at + 8);
  const std::uint32_t names = load_word(at) & ~kNodePathFormatBit;
  // Godot adds in 32 bits: a sum that wraps hides strings, which then follow as junk.
  const std::uint32_t strings =
      names + load_word(at + 4) + ((flags & kNodePathFlagProperty) != 0 ? 1 : 0);
  const std::uint32_t present = names < strings ? names : strings;
  return {present, strings - present, (flags & kNodePathFlagAbsolute) != 0};
}

// Behind the element type of a typed container, whose kind the header gives.
inline const std::uint8_t* after_descriptor(const std::uint8_t* at, std::uint32_t kind) {
  if (kind == static_cast<std::uint32_t>(ContainerKind::UNTYPED)) return at;
  if (kind == static_cast<std::uint32_t>(ContainerKind::BUILTIN)) return at + 4;
  return after_string(at);
}

// A container's count word, behind its descriptors.
inline const std::uint8_t* array_count_word(const std::uint8_t* header_at) {
  const std::uint32_t header = load_word(header_at);
  return after_descriptor(header_at + 4, header >> kElementKindShift & kContainerKindMask);
}

inline const std::uint8_t* dictionary_count_word(const std::uint8_t* header_at) {
  const std::uint32_t header = load_word(header_at);
  const std::uint8_t* at = header_at + 4;
  at = after_descriptor(at, header >> kKeyKindShift & kContainerKindMask);
  return after_descriptor(at, header >> kValueKindShift & kContainerKindMask);
}

// Behind the validated value at `at`. The second form is for what is not of a fixed
// size; nesting costs it neither recursion nor memory.
const std::uint8_t* skip_variable(const std::uint8_t* at);

inline const std::uint8_t* skip(const std::uint8_t* at) {
  const std::uint32_t header = load_word(at);
  // Predicted branches, as in common_size, and for its reason.
  if (header == static_cast<std::uint32_t>(VariantType::STRING)) return after_string(at + 4);
  if (header == static_cast<std::uint32_t>(VariantType::INT)) return at + 8;
  if (header == static_cast<std::uint32_t>(VariantType::VECTOR3)) return at + 16;
  const std::uint8_t fixed = payload_size_of(header);
  return fixed != kVariable ? at + 4 + fixed : skip_variable(at);
}

// How far a validating pass came, and what it may still spend.
struct Progress {
  explicit Progress(const DecodeLimits& limits)
      : nodes_left(limits.nodes), elements_left(limits.elements) {}

  // Bytes as Godot counts them: more than the packet has when a last PackedByteArray
  // lacks its padding.
  std::size_t position = 0;
  std::size_t nodes_left;
  std::size_t elements_left;
  // No string holds a NUL or a byte order mark, so its text is its bytes.
  bool plain_strings = true;
};

// Validates the value at progress->position, which is at `depth`, and moves behind
// it. Accepts and rejects what decode_variant does, with the same Error.
Error validate(std::span<const std::uint8_t> packet, const DecodeOptions& options,
               std::size_t depth, Progress* progress);

// The size of the value at `at` if it is of the kinds that packets are made of, valid
// and inside: of a fixed size, or a short plain string. 0 for anything else.
inline std::size_t common_size(const std::uint8_t* at, const std::uint8_t* end) {
  const std::ptrdiff_t room = end - at;
  if (room < 4) return 0;
  const std::uint32_t header = load_word(at);
  std::size_t size = 0;
  // The branches are predicted, so the next value's address does not wait for this
  // header to be loaded; a table of sizes alone would make it wait.
  if (header == static_cast<std::uint32_t>(VariantType::INT)) {
    size = 8;
  } else if (header == static_cast<std::uint32_t>(VariantType::VECTOR3)) {
    size = 16;
  } else if (header == static_cast<std::uint32_t>(VariantType::STRING)) {
    if (room < 16) return 0;
    const std::uint32_t length = load_word(at + 4);
    if (length > 8 || !is_plain(load_little_endian<std::uint64_t>(at + 8), length)) return 0;
    return 8 + wire_padded(length);
  } else {
    if ((header & kHeaderTypeMask) >= kVariantTypeCount) return 0;
    size = payload_size_of(header);
    if (size == kVariable) return 0;
    size += 4;
  }
  return static_cast<std::size_t>(room) < size ? 0 : size;
}

}  // namespace ringpeer::wire_scan

#endif  // RINGPEER_CODEC_WIRE_WIRE_SCAN_H_
