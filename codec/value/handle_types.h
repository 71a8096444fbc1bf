#ifndef RINGPEER_CODEC_VALUE_HANDLE_TYPES_H_
#define RINGPEER_CODEC_VALUE_HANDLE_TYPES_H_

#include "ringpeer/codec/base/language.h"

#include <cstdint>

#include "ringpeer/codec/value/variant_string.h"

namespace ringpeer {

// Threads, lifetime and failure: as Variant, whose kinds they are.

// A server-side resource's id; any number is taken as it is.
struct RID {
  std::uint64_t id = 0;
  friend bool operator==(const RID&, const RID&) = default;
};

// Godot sends nothing of a Callable: it always arrives empty.
struct Callable {
  friend bool operator==(const Callable&, const Callable&) = default;
};

struct Signal {
  StringName name;
  std::uint64_t object_id = 0;
  friend bool operator==(const Signal&, const Signal&) = default;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_HANDLE_TYPES_H_
