#ifndef RINGPEER_CODEC_WIRE_WIRE_READER_H_
#define RINGPEER_CODEC_WIRE_WIRE_READER_H_

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/base/narrow_float.h"
#include "ringpeer/codec/base/text_word.h"
#include "ringpeer/codec/base/utf8.h"
#include "ringpeer/codec/base/wire_format.h"
#include "ringpeer/codec/value/variant_string.h"

namespace ringpeer {

static_assert(std::endian::native == std::endian::little,
              "the wire is little-endian and values are copied as they are");

// A packet's bytes, read from the first to the last: the decoder's place in them. What
// is loaded must have been asked for with has().
//
// Threads: one. Lifetime: the bytes must outlive it. Failure: reads give ERR_INVALID_DATA, and a
// text that runs past the end ERR_FILE_EOF.
class WireReader {
 public:
  explicit WireReader(std::span<const std::uint8_t> bytes)
      : start_(bytes.data()), position_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // A PackedByteArray at the very end may lack its padding.
  std::size_t consumed() const {
    return static_cast<std::size_t>(std::min(position_, end_) - start_);
  }

  std::size_t available() const {
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(end_ - position_, 0));
  }
  bool has(std::size_t size) const { return end_ - position_ >= static_cast<std::ptrdiff_t>(size); }

  const std::uint8_t* position() const { return position_; }
  void skip(std::size_t size) { position_ += size; }

  template <typename T>
  T peek(std::size_t offset) const {
    assert(has(offset + sizeof(T)));  // the caller has asked
    T value;
    std::memcpy(&value, position_ + offset, sizeof(value));
    return value;
  }

  template <typename T>
  T load() {
    const T value = peek<T>(0);
    skip(sizeof(value));
    return value;
  }

  template <typename T>
  Error read(T* value) {
    if (!has(sizeof(T))) return Error::ERR_INVALID_DATA;
    *value = load<T>();
    return Error::OK;
  }

  // Doubles on the wire, floats in memory.
  [[gnu::noinline]] void load_doubles(std::uint8_t* floats, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const float component = narrow_float(load<double>());
      std::memcpy(floats + i * sizeof(component), &component, sizeof(component));
    }
  }

  // A string on the wire; *text is a part of the packet.
  Error read_text(std::string_view* text) {
    if (!has(sizeof(std::uint32_t))) return Error::ERR_INVALID_DATA;
    const auto length = load<std::uint32_t>();
    if (length > kContainerCountMask) return Error::ERR_FILE_EOF;
    const std::size_t padded = wire_padded(length);
    if (!has(padded)) return Error::ERR_FILE_EOF;
    const std::string_view bytes(reinterpret_cast<const char*>(position_), length);
    if (!utf8_from_wire(bytes, text)) return Error::ERR_INVALID_DATA;
    skip(padded);
    return Error::OK;
  }

  // A string of ASCII without NUL that fits into a String, as the names of fields do: it
  // is decided by one word or two. False, and nothing is read, for any other.
  [[gnu::always_inline]] bool read_short_text(String::ShortText* text) {
    if (!has(sizeof(std::uint32_t) + kTextWordSize)) return false;
    const auto length = peek<std::uint32_t>(0);
    const auto first = peek<std::uint64_t>(sizeof(length));
    if (length <= kTextWordSize) {
      if (!is_plain(first, length)) return false;
      text->words[0] = keep_bytes(first, length);
    } else {
      if (length > String::kInlineCapacity || !has(sizeof(length) + 2 * kTextWordSize)) {
        return false;
      }
      const auto second = peek<std::uint64_t>(sizeof(length) + kTextWordSize);
      const std::size_t rest = length - kTextWordSize;
      if (!is_plain(first, kTextWordSize) || !is_plain(second, rest)) return false;
      text->words[0] = first;
      text->words[1] = keep_bytes(second, rest);
    }
    text->size = length;
    skip(sizeof(length) + wire_padded(length));
    return true;
  }

 private:
  const std::uint8_t* start_;
  const std::uint8_t* position_;  // behind the end when the last PackedByteArray lacked its padding
  const std::uint8_t* end_;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_WIRE_READER_H_
