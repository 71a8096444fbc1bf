#ifndef RINGPEER_CODEC_WIRE_LEAF_DECODER_H_
#define RINGPEER_CODEC_WIRE_LEAF_DECODER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/codec/wire/decode_budget.h"
#include "ringpeer/codec/wire/options.h"
#include "ringpeer/codec/wire/wire_reader.h"

namespace ringpeer {

// Decodes the values that hold no other Variants: numbers, vectors, texts, packed arrays and the
// like. build(tag, value, header) reads what stands behind a header and makes a Nil that value.
//
// Part of the decoder, not for direct use. Threads: the one that decodes. Lifetime: what it is
// given must outlive it. Failure: as decode_variant; *value then holds what was built so far.
template <typename Memory>
class LeafDecoder {
 protected:
  LeafDecoder(Memory& memory, std::span<const std::uint8_t> bytes, const DecodeOptions& options)
      : budget_(memory, options.limits), reader_(bytes), memory_(memory), options_(options) {}

  Error build(VariantTag<bool>, Variant* value, std::uint32_t) {
    std::uint32_t word = 0;
    const Error error = reader_.read(&word);
    if (error == Error::OK) value->template emplace_in<bool>(memory_, word != 0);
    return error;
  }

  template <typename Narrow, typename Wide>
  Error build_number(Variant* value, std::uint32_t header) {
    if ((header & kHeaderFlag64) != 0) {
      if (!reader_.has(sizeof(Wide))) return Error::ERR_INVALID_DATA;
      value->template emplace_in<Wide>(memory_, reader_.load<Wide>());
    } else {
      if (!reader_.has(sizeof(Narrow))) return Error::ERR_INVALID_DATA;
      value->template emplace_in<Wide>(memory_, static_cast<Wide>(reader_.load<Narrow>()));
    }
    return Error::OK;
  }
  Error build(VariantTag<std::int64_t>, Variant* value, std::uint32_t header) {
    return build_number<std::int32_t, std::int64_t>(value, header);
  }
  Error build(VariantTag<double>, Variant* value, std::uint32_t header) {
    return build_number<float, double>(value, header);
  }

  template <typename T>
  requires(std::is_same_v<T, String> || std::is_same_v<T, StringName>) Error
      build(VariantTag<T>, Variant* value, std::uint32_t) {
    String::ShortText short_text;
    if (reader_.read_short_text(&short_text)) {
      value->template emplace_in<T>(memory_, String(short_text));
      return Error::OK;
    }
    return build_any_text(VariantTag<T>(), value);
  }

  template <typename T>
  [[gnu::noinline]] Error build_any_text(VariantTag<T>, Variant* value) {
    std::string_view text;
    const Error error = reader_.read_text(&text);
    if (error != Error::OK) return error;
    if (!budget_.spend_bytes(String::heap_bytes(text.size()))) return Error::ERR_OUT_OF_MEMORY;
    value->template emplace_in<T>(memory_, String::Valid{}, memory_, text);
    return Error::OK;
  }

  template <typename T>
  requires(kIsMath<T>) Error build(VariantTag<T>, Variant* value, std::uint32_t header) {
    constexpr std::size_t kCount = kComponentCount<T>;
    const bool doubles = kHasDoubleForm<T> && (header & kHeaderFlag64) != 0;
    if (!reader_.has(kCount * (doubles ? sizeof(double) : sizeof(float))))
      return Error::ERR_INVALID_DATA;
    if (Variant::boxed<T>() && !budget_.spend_bytes(sizeof(T))) return Error::ERR_OUT_OF_MEMORY;
    T typed;
    if (doubles) {
      reader_.load_doubles(reinterpret_cast<std::uint8_t*>(&typed), kCount);
    } else {
      typed = reader_.load<T>();
    }
    value->template emplace_in<T>(memory_, typed);
    return Error::OK;
  }

  [[gnu::noinline]] Error build(VariantTag<NodePath>, Variant* value, std::uint32_t) {
    std::uint32_t words[3];  // name count, subname count, flags
    if (!reader_.has(sizeof(words[0]))) return Error::ERR_INVALID_DATA;
    std::memcpy(words, reader_.position(), sizeof(words[0]));
    if ((words[0] & kNodePathFormatBit) == 0) return Error::ERR_INVALID_DATA;
    if (!reader_.has(sizeof(words))) return Error::ERR_INVALID_DATA;
    std::memcpy(words, reader_.position(), sizeof(words));
    reader_.skip(sizeof(words));
    const std::uint32_t name_count = words[0] & ~kNodePathFormatBit;
    const std::uint32_t extra = (words[2] & kNodePathFlagProperty) != 0 ? 1 : 0;
    // Godot adds in 32 bits: the sum may wrap, and names beyond it are not there.
    const std::uint32_t total = name_count + words[1] + extra;
    NodePath& path = value->template emplace_in<NodePath>(memory_, CompactVector<String>(), 0,
                                                          (words[2] & kNodePathFlagAbsolute) != 0);
    const Error error = build_strings(&path.storage(), total);
    path.set_name_count(std::min<std::size_t>(name_count, path.storage().size()));
    return error;
  }

  [[gnu::noinline]] Error build_strings(CompactVector<String>* strings, std::size_t count) {
    // Nothing is promised: no value nests in strings.
    const std::size_t room = budget_.room_for(count, sizeof(std::uint32_t), reader_.available());
    if (room > budget_.elements_left() || !budget_.make_room(strings, room)) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::string_view text;
      const Error error = reader_.read_text(&text);
      if (error != Error::OK) return error;
      if (!budget_.spend_elements(1)) return Error::ERR_OUT_OF_MEMORY;
      String* place = budget_.next_place(strings);
      if (place == nullptr) return Error::ERR_OUT_OF_MEMORY;
      new (place) String();
      if (!budget_.spend_bytes(String::heap_bytes(text.size()))) return Error::ERR_OUT_OF_MEMORY;
      *place = String(String::Valid{}, memory_, text);
    }
    return Error::OK;
  }

  Error build(VariantTag<RID>, Variant* value, std::uint32_t) {
    RID rid;
    const Error error = reader_.read(&rid.id);
    if (error == Error::OK) value->template emplace_in<RID>(memory_, rid);
    return error;
  }

  Error build(VariantTag<Callable>, Variant* value, std::uint32_t) {
    value->template emplace_in<Callable>(memory_);
    return Error::OK;
  }

  [[gnu::noinline]] Error build(VariantTag<Signal>, Variant* value, std::uint32_t) {
    std::string_view name;
    const Error error = reader_.read_text(&name);
    if (error != Error::OK) return error;
    if (!reader_.has(sizeof(std::uint64_t))) return Error::ERR_INVALID_DATA;
    const auto id = reader_.load<std::uint64_t>();
    if (!budget_.spend_bytes(sizeof(Signal) + String::heap_bytes(name.size()))) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    Signal& signal = value->template emplace_in<Signal>(memory_);
    signal.object_id = id;
    signal.name = StringName(String::Valid{}, memory_, name);
    return Error::OK;
  }

  Error read_count(std::size_t element_size, std::size_t* count) {
    if (!reader_.has(sizeof(std::uint32_t))) return Error::ERR_INVALID_DATA;
    const auto word = reader_.load<std::int32_t>();
    if (word < 0 || !reader_.has(static_cast<std::size_t>(word) * element_size)) {
      return Error::ERR_INVALID_DATA;
    }
    *count = static_cast<std::size_t>(word);
    return budget_.spend_elements(*count) ? Error::OK : Error::ERR_OUT_OF_MEMORY;
  }

  template <typename T>
  [[gnu::noinline]] Error build(VariantTag<CompactVector<T>>, Variant* value,
                                std::uint32_t header) {
    const bool doubles = kHasDoubleForm<T> && (header & kHeaderFlag64) != 0;
    std::size_t count = 0;
    const Error error = read_count(doubles ? 2 * sizeof(T) : sizeof(T), &count);
    if (error != Error::OK) return error;
    if (count != 0 && !budget_.spend_bytes(CompactVector<T>::block_bytes(count))) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    auto& packed = value->template emplace_in<CompactVector<T>>(memory_);
    T* elements = packed.fill_uninitialized(memory_, count);
    if (count == 0) return Error::OK;
    if (doubles) {
      reader_.load_doubles(reinterpret_cast<std::uint8_t*>(elements),
                           count * sizeof(T) / kComponentSize);
    } else {
      std::memcpy(static_cast<void*>(elements), reader_.position(), count * sizeof(T));
      // Only bytes need padding; it need not be there at the very end.
      reader_.skip(wire_padded(count * sizeof(T)));
    }
    return Error::OK;
  }

  [[gnu::noinline]] Error build(VariantTag<PackedStringArray>, Variant* value, std::uint32_t) {
    std::int32_t count = 0;
    const Error error = reader_.read(&count);
    if (error != Error::OK) return error;
    auto& strings = value->template emplace_in<PackedStringArray>(memory_);
    return build_strings(&strings, count < 0 ? 0 : static_cast<std::size_t>(count));
  }

  // First, so that a call on it has the same `this`: every element passes it.
  DecodeBudget<Memory> budget_;
  WireReader reader_;
  Memory& memory_;
  const DecodeOptions& options_;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_LEAF_DECODER_H_
