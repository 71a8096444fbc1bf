#ifndef RINGPEER_TESTS_CODEC_WIRE_PLAIN_ENCODER_H_
#define RINGPEER_TESTS_CODEC_WIRE_PLAIN_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ringpeer/codec/base/narrow_float.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/tests/codec/support/hex.h"

namespace ringpeer::testing {

// The wire, as docs/wire.md says it: the simplest encoder that could be right.
class PlainEncoder {
 public:
  explicit PlainEncoder(bool full) : full_(full) {}

  Bytes bytes;

  void put(const Variant& value) {
    visit_variant(value, [&](const auto& typed) { put_typed(typed); });
  }

 private:
  void header(VariantType type, std::uint32_t flags = 0) {
    put_word(&bytes, static_cast<std::uint32_t>(type) | flags << 16);
  }
  void word(std::size_t value) { put_word(&bytes, static_cast<std::uint32_t>(value)); }
  void raw(const void* data, std::size_t size) {
    const auto* const begin = static_cast<const std::uint8_t*>(data);
    bytes.insert(bytes.end(), begin, begin + size);
  }
  void pad() {
    while (bytes.size() % 4 != 0) bytes.push_back(0);
  }
  void text(std::string_view value) {
    word(value.size());
    raw(value.data(), value.size());
    pad();
  }

  void put_typed(NilValue) { header(VariantType::NIL); }
  void put_typed(bool value) {
    header(VariantType::BOOL);
    word(value ? 1 : 0);
  }
  void put_typed(std::int64_t value) {
    const bool wide = value < INT32_MIN || value > INT32_MAX;
    header(VariantType::INT, wide ? 1 : 0);
    raw(&value, wide ? 8 : 4);
  }
  void put_typed(double value) {
    const float narrow = narrow_float(value);
    const bool wide = static_cast<double>(narrow) != value;
    header(VariantType::FLOAT, wide ? 1 : 0);
    if (wide) {
      raw(&value, sizeof(value));
    } else {
      raw(&narrow, sizeof(narrow));
    }
  }
  void put_typed(const String& value) {
    header(VariantType::STRING);
    text(value.view());
  }
  void put_typed(const StringName& value) {
    header(VariantType::STRING_NAME);
    text(value.view());
  }
  void put_typed(const NodePath& value) {
    header(VariantType::NODE_PATH);
    word(value.names().size() | 0x80000000u);
    word(value.subnames().size());
    word(value.absolute() ? 1 : 0);
    for (const String& name : value.names()) text(name.view());
    for (const String& name : value.subnames()) text(name.view());
  }
  void put_typed(const RID& value) {
    header(VariantType::RID);
    raw(&value.id, 8);
  }
  void put_typed(const Callable&) { header(VariantType::CALLABLE); }
  void put_typed(const Signal& value) {
    header(VariantType::SIGNAL);
    text(value.name.view());
    raw(&value.object_id, 8);
  }
  void put_typed(const Object& value) {
    if (value.is_id() && !full_) {
      header(VariantType::OBJECT, 1);
      const std::uint64_t id = value.id();
      raw(&id, 8);
    } else if (value.is_null() || !full_) {
      header(VariantType::NIL);
    } else {
      header(VariantType::OBJECT);
      text(value.class_name());
      put_properties(value);
    }
  }
  void put_properties(const Object& value) {
    if (value.is_id()) {
      word(2);
      text("object_id");
      put(static_cast<std::int64_t>(value.id()));
      text("script");
      put(Variant());
      return;
    }
    word(value.properties().size());
    for (const auto& [name, property] : value.properties()) {
      text(name.view());
      put(property);
    }
  }
  std::uint32_t kind(const ContainerType& type) const {
    const auto kind = static_cast<std::uint32_t>(type.kind());
    return kind > 1 && !full_ ? 2 : kind;
  }
  void type_of(const ContainerType& type) {
    if (kind(type) == 1) {
      word(static_cast<std::size_t>(type.type()));
    } else if (kind(type) > 1) {
      text(full_ ? type.name() : "EncodedObjectAsID");
    }
  }
  void put_typed(const Array& value) {
    header(VariantType::ARRAY, kind(value.element_type()));
    type_of(value.element_type());
    word(value.size());
    for (const Variant& element : value) put(element);
  }
  void put_typed(const Dictionary& value) {
    header(VariantType::DICTIONARY, kind(value.key_type()) | kind(value.value_type()) << 2);
    type_of(value.key_type());
    type_of(value.value_type());
    word(value.size());
    for (const auto& [key, element] : value) {
      put(key);
      put(element);
    }
  }
  void put_typed(const PackedStringArray& value) {
    header(VariantType::PACKED_STRING_ARRAY);
    word(value.size());
    for (const String& string : value) {
      word(string.size() + 1);
      raw(string.view().data(), string.size());
      bytes.push_back(0);
      pad();
    }
  }
  template <typename T>
  void put_typed(const CompactVector<T>& value) {
    header(kVariantTypeOf<CompactVector<T>>);
    word(value.size());
    raw(value.data(), value.size() * sizeof(T));
    pad();
  }
  template <typename T>
  requires(kIsMath<T>) void put_typed(const T& value) {
    header(kVariantTypeOf<T>);
    raw(&value, sizeof(value));
  }

  bool full_;
};

}  // namespace ringpeer::testing

#endif  // RINGPEER_TESTS_CODEC_WIRE_PLAIN_ENCODER_H_
