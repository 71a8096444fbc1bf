// What was decoded encodes to bytes that decode to the same and encode to themselves.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"

namespace ringpeer {
namespace {

std::vector<std::uint8_t> encode(const Variant& value, const EncodeOptions& options, Error* error) {
  std::size_t size = 0;
  *error = encode_variant(value, {}, &size, options);
  std::vector<std::uint8_t> bytes(size);
  std::size_t written = 0;
  FUZZ_CHECK(encode_variant(value, bytes, &written, options) == *error);
  FUZZ_CHECK(written == size && size % 4 == 0);
  return bytes;
}

// A text behind its byte order mark may begin with another one, which the next reader
// drops: such a value is known not to survive.
bool holds_byte_order_mark(std::span<const std::uint8_t> bytes) {
  constexpr std::uint8_t kMark[] = {0xef, 0xbb, 0xbf};
  return std::search(bytes.begin(), bytes.end(), std::begin(kMark), std::end(kMark)) != bytes.end();
}

// A null object is written as Nil: as a key it may meet a Nil key of the same Dictionary
// when it is read again.
bool holds_null_object_key(const Variant& value) {
  if (const auto* array = value.get_if<Array>()) {
    return std::any_of(array->begin(), array->end(), holds_null_object_key);
  }
  if (const auto* object = value.get_if<Object>()) {
    const auto& properties = object->properties();
    return std::any_of(properties.begin(), properties.end(), [](const ObjectProperty& property) {
      return holds_null_object_key(property.value);
    });
  }
  const auto* dictionary = value.get_if<Dictionary>();
  if (dictionary == nullptr) return false;
  return std::any_of(dictionary->begin(), dictionary->end(), [](const DictionaryEntry& entry) {
    const auto* key = entry.key.get_if<Object>();
    return (key != nullptr && key->is_null()) || holds_null_object_key(entry.key) ||
           holds_null_object_key(entry.value);
  });
}

void check(std::span<const std::uint8_t> input, bool objects) {
  const DecodeOptions decoding = {.allow_objects = objects, .limits = DecodeLimits::unlimited()};
  const EncodeOptions encoding = {.full_objects = objects};
  Variant value;
  if (decode_variant(input, &value, nullptr, decoding) != Error::OK) return;
  Error error = Error::OK;
  const std::vector<std::uint8_t> first = encode(value, encoding, &error);
  FUZZ_CHECK(error == Error::OK);
  if (holds_byte_order_mark(first) || holds_null_object_key(value)) return;
  Variant again;
  std::size_t consumed = 0;
  error = decode_variant(first, &again, &consumed, decoding);
  // An id at the deepest level gets properties one level deeper as a full object.
  if (objects && error == Error::ERR_OUT_OF_MEMORY) return;
  FUZZ_CHECK(error == Error::OK && consumed == first.size());
  // The values may differ: a null object is written as Nil.
  FUZZ_CHECK(encode(again, encoding, &error) == first);
}

}  // namespace
}  // namespace ringpeer

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ringpeer::check({data, size}, false);
  ringpeer::check({data, size}, true);
  return 0;
}
