#ifndef RINGPEER_CODEC_WIRE_OPTIONS_H_
#define RINGPEER_CODEC_WIRE_OPTIONS_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

#include "ringpeer/codec/base/wire_format.h"

namespace ringpeer {

// Budgets of one decode, checked before anything is reserved; ERR_OUT_OF_MEMORY when
// one is exceeded. The defaults accept everything that Godot can put into one
// datagram; a server that knows its packets lowers them.
// Threads: plain values.
struct DecodeLimits {
  // Variants, the top one and every key, value and element included. A datagram
  // holds no more than one a word.
  std::size_t nodes = kMaximumDatagramSize / kSmallestVariantSize + 1;

  // Nesting; Godot's own limit. A higher value is taken as that limit.
  std::size_t depth = kMaximumDepth;

  // Heap (or arena) bytes that the value may take. No datagram reaches this: the
  // dearest shapes cost some 20 bytes of heap for each byte of the wire.
  std::size_t bytes = std::size_t{2} << 20;

  // Elements of packed arrays, node path names and object properties, together. A
  // PackedByteArray may have one element a byte.
  std::size_t elements = kMaximumDatagramSize;

  // The same generosity for data of another size: a stream's packets may be larger than
  // a datagram.
  static constexpr DecodeLimits for_size(std::size_t size) {
    const DecodeLimits datagram;
    if (size <= kMaximumDatagramSize) return datagram;
    constexpr std::size_t kBytesPerByte = 32;  // as the limit of a datagram has it
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
    return {.nodes = size / kSmallestVariantSize + 1,
            .depth = kMaximumDepth,
            .bytes = size <= kMost / kBytesPerByte ? size * kBytesPerByte : kMost,
            .elements = size};
  }

  // For trusted data that did not come in a datagram; the depth stays Godot's.
  static constexpr DecodeLimits unlimited() {
    constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
    return {.nodes = kNone, .depth = kMaximumDepth, .bytes = kNone, .elements = kNone};
  }
};

struct DecodeOptions {
  // Full objects become inert data (class name and properties; nothing is
  // instantiated, ever). When false a full object is ERR_UNAUTHORIZED, as in Godot.
  bool allow_objects = false;

  // With allow_objects: the only class names accepted, ERR_INVALID_DATA for any
  // other, which is what Godot answers to a class it does not know. Empty: any class.
  // The names are not copied: they must outlive the call.
  std::span<const std::string_view> allowed_classes = {};

  // Equal object ids (with allow_objects, equal objects) as keys of one Dictionary are one
  // key. Godot makes a new object of each and keeps all entries; then none can be looked
  // up, and true does the same here: all are kept, and a lookup finds the first.
  // A view shows all of them either way.
  bool distinct_object_keys = false;

  DecodeLimits limits = {};
};

struct EncodeOptions {
  // Objects with their class and properties; when false only their instance ids,
  // and class-typed containers are written as of EncodedObjectAsID, as Godot does.
  bool full_objects = false;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_OPTIONS_H_
