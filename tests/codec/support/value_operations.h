#ifndef RINGPEER_TESTS_CODEC_SUPPORT_VALUE_OPERATIONS_H_
#define RINGPEER_TESTS_CODEC_SUPPORT_VALUE_OPERATIONS_H_

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/convert.h"
#include "ringpeer/codec/value/key_hash.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/view/view_walk.h"
#include "ringpeer/codec/wire/arena_decode.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"

namespace ringpeer::testing {

// What is done with a value that a peer sent: its bytes, the value, and an equal one.
struct ReceivedValue {
  std::span<const std::uint8_t> bytes;
  const Variant& value;
  const Variant& other;
};

struct ValueOperation {
  const char* name;
  // What it gives depends on all that it did, so that nothing can be left out.
  std::size_t (*run)(const ReceivedValue&);
};

inline constexpr DecodeOptions kWithObjects = {.allow_objects = true};

inline std::size_t walk_view(const ReceivedValue& received) {
  PacketView view;
  std::size_t sum = 0;
  if (view.parse(received.bytes, kWithObjects) != Error::OK) return 0;
  for (ViewWalk walk(view.value()); walk.next();) sum += walk.depth() + 1;
  return sum;
}

inline std::size_t convert_value(const ReceivedValue& received) {
  std::size_t sum = 0;
  for (std::uint32_t type = 0; type < kVariantTypeCount; ++type) {
    Variant converted;
    convert_strictly(received.value, static_cast<VariantType>(type), &converted);
    sum += converted.size();
  }
  return sum;
}

inline std::size_t encode_value(const ReceivedValue& received) {
  std::size_t size = 0;
  constexpr EncodeOptions kFull = {.full_objects = true};
  if (encode_variant(received.value, {}, &size, kFull) != Error::OK) return 0;
  std::vector<std::uint8_t> bytes(size);
  (void)encode_variant(received.value, bytes, &size, kFull);
  return size;
}

inline constexpr ValueOperation kValueOperations[] = {
    {"decode and free",
     [](const ReceivedValue& received) {
       Variant value;
       (void)decode_variant(received.bytes, &value, nullptr, kWithObjects);
       return value.size();
     }},
    {"decode in an arena",
     [](const ReceivedValue& received) {
       VariantArena arena;
       const Variant* value = nullptr;
       const bool read = arena.decode(received.bytes, &value, nullptr, kWithObjects) == Error::OK;
       return read ? value->size() : 0;
     }},
    {"walk a view", walk_view},
    {"print", [](const ReceivedValue& received) { return var_to_str(received.value).size(); }},
    {"compare",
     [](const ReceivedValue& received) { return std::size_t{received.value == received.other}; }},
    {"hash", [](const ReceivedValue& received) { return std::size_t{hash_key(received.value)}; }},
    {"convert", convert_value},
    {"copy", [](const ReceivedValue& received) { return Variant(received.value).size(); }},
    {"encode", encode_value},
};

}  // namespace ringpeer::testing

#endif  // RINGPEER_TESTS_CODEC_SUPPORT_VALUE_OPERATIONS_H_
