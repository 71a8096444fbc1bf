#include "ringpeer/codec/wire/encode.h"

#include <bit>
#include <cstring>
#include <string_view>

#include "ringpeer/codec/base/depth_stack.h"
#include "ringpeer/codec/base/narrow_float.h"
#include "ringpeer/codec/value/child_cursor.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the wire is little-endian and values are copied as they are");

// Where the bytes go. Behind the end nothing is stored, but the position moves on.
class Writer {
 public:
  explicit Writer(std::span<std::uint8_t> destination)
      : data_(destination.data()), capacity_(destination.size()) {}

  std::size_t position() const { return position_; }

  // The next `size` bytes, or null when they do not fit. Inlined with a constant size
  // this is one comparison for a header and its payload together.
  std::uint8_t* take(std::size_t size) {
    const std::size_t start = position_;
    position_ += size;
    // A position beyond the capacity stays beyond it.
    return position_ <= capacity_ ? data_ + start : nullptr;
  }

  void word(std::uint32_t value) { fixed(value); }

  template <typename... Fields>
  void fixed(const Fields&... fields) {
    std::uint8_t* place = take((sizeof(Fields) + ...));
    if (place == nullptr) return;
    ((std::memcpy(place, &fields, sizeof(Fields)), place += sizeof(Fields)), ...);
  }

  void bytes(const void* data, std::size_t size) {
    if (size == 0) return;
    if (std::uint8_t* place = take(size)) std::memcpy(place, data, size);
  }

  // A length word and the text, padded. `counted` is the length that is written: in a
  // PackedStringArray it includes a NUL, which is a first byte of padding.
  void text(std::string_view text, std::size_t counted) {
    const std::size_t padded = wire_padded(counted);
    std::uint8_t* place = take(sizeof(std::uint32_t) + padded);
    if (place == nullptr) return;
    const auto length = static_cast<std::uint32_t>(counted);
    std::memcpy(place, &length, sizeof(length));
    place += sizeof(length);
    // The last word first: it has the padding, and the text overwrites the rest.
    constexpr std::uint32_t kZeros = 0;
    if (padded != 0) std::memcpy(place + padded - kWireAlignment, &kZeros, kWireAlignment);
    std::memcpy(place, text.data(), text.size());
  }
  void text(std::string_view value) { text(value, value.size()); }

 private:
  std::uint8_t* data_;
  std::size_t capacity_;
  std::size_t position_ = 0;
};

constexpr std::uint32_t header(VariantType type, std::uint32_t flags = 0) {
  return static_cast<std::uint32_t>(type) | flags;
}

class Encoder {
 public:
  Encoder(std::span<std::uint8_t> destination, const EncodeOptions& options)
      : writer_(destination), full_objects_(options.full_objects) {}

  std::size_t size() const { return writer_.position(); }

  Error encode(const Variant& value) { return put_value(value); }

 private:
  // A container below kShallowDepth is only opened, and put_next puts what it holds.
  Error put_value(const Variant& value) {
    if (depth_ > kMaximumDepth) return Error::ERR_OUT_OF_MEMORY;
    return put_shallow_value(value);
  }

  // Of a container whose values are put by recursion: they are not too deep.
  static_assert(kShallowDepth <= kMaximumDepth);
  Error put_shallow_value(const Variant& value) {
    return visit_variant(value, [this](const auto& typed) { return put(typed); });
  }

  // Whether what a container at this depth holds is put by recursion.
  bool shallow() const { return depth_ < kShallowDepth && open_.empty(); }

  // What the container holds comes next; after the outermost of them, at once.
  [[gnu::noinline]] Error open(const ChildCursor& cursor) {
    open_.push(cursor);
    ++depth_;
    Error error = Error::OK;
    if (open_.size() > 1) return error;
    while (error == Error::OK && !open_.empty()) error = put_next(&open_.back());
    return error;
  }

  // What the container holds, up to the next that holds values itself.
  Error put_next(ChildCursor* cursor) {
    const std::size_t level = open_.size();
    const bool object = cursor->container_type() == VariantType::OBJECT;
    while (const Variant* value = cursor->next()) {
      if (object) {
        const Error error = put_property_name(cursor->property_name().view(), *value);
        if (error != Error::OK) return error;
      }
      const Error error = put_value(*value);
      if (error != Error::OK || open_.size() != level) return error;
    }
    open_.pop();
    --depth_;
    return Error::OK;
  }

  Error put(NilValue) {
    writer_.word(header(VariantType::NIL));
    return Error::OK;
  }

  Error put(bool value) {
    writer_.fixed(header(VariantType::BOOL), std::uint32_t{value});
    return Error::OK;
  }

  Error put(std::int64_t value) {
    const auto narrow = static_cast<std::int32_t>(value);
    if (narrow == value) {
      writer_.fixed(header(VariantType::INT), narrow);
    } else {
      writer_.fixed(header(VariantType::INT, kHeaderFlag64), value);
    }
    return Error::OK;
  }

  Error put(double value) {
    const float narrow = narrow_float(value);
    // NaN is not equal to itself: it always takes 64 bits and keeps its payload.
    if (static_cast<double>(narrow) == value) {
      writer_.fixed(header(VariantType::FLOAT), narrow);
    } else {
      writer_.fixed(header(VariantType::FLOAT, kHeaderFlag64), value);
    }
    return Error::OK;
  }

  Error put(const String& value) {
    writer_.word(header(VariantType::STRING));
    writer_.text(value.view());
    return Error::OK;
  }

  Error put(const StringName& value) {
    writer_.word(header(VariantType::STRING_NAME));
    writer_.text(value.view());
    return Error::OK;
  }

  template <typename T>
  requires(kIsMath<T>) Error put(const T& value) {
    writer_.fixed(header(kVariantTypeOf<T>), value);
    return Error::OK;
  }

  [[gnu::noinline]] Error put(const NodePath& value) {
    const auto names = static_cast<std::uint32_t>(value.names().size());
    const auto subnames = static_cast<std::uint32_t>(value.subnames().size());
    writer_.fixed(header(VariantType::NODE_PATH), names | kNodePathFormatBit, subnames,
                  value.absolute() ? kNodePathFlagAbsolute : 0u);
    for (const String& name : value.names()) writer_.text(name.view());
    for (const String& subname : value.subnames()) writer_.text(subname.view());
    return Error::OK;
  }

  Error put(const RID& value) {
    writer_.fixed(header(VariantType::RID), value.id);
    return Error::OK;
  }

  Error put(const Callable&) {
    writer_.word(header(VariantType::CALLABLE));
    return Error::OK;
  }

  Error put(const Signal& value) {
    writer_.word(header(VariantType::SIGNAL));
    writer_.text(value.name.view());
    writer_.fixed(value.object_id);
    return Error::OK;
  }

  Error put(const Object& value) {
    if (value.is_id() && !full_objects_) {
      writer_.fixed(header(VariantType::OBJECT, kHeaderFlagObjectAsId), value.id());
      return Error::OK;
    }
    if (value.is_id()) return put_id_as_full(value.id());
    // Without full_objects inert data has no instance to name, like a freed object.
    if (value.is_null() || !full_objects_) return put(NilValue());
    return put_full(value);
  }

  // What Godot makes of an EncodedObjectAsID with full_objects: an object like any.
  [[gnu::noinline]] Error put_id_as_full(std::uint64_t id) {
    constexpr std::uint32_t kProperties = 2;
    writer_.word(header(VariantType::OBJECT));
    writer_.text(kEncodedObjectAsIdClass);
    writer_.word(kProperties);
    writer_.text(kEncodedObjectAsIdProperty);
    (void)put(static_cast<std::int64_t>(id));  // a number is always OK
    writer_.text(kScriptProperty);
    return put(NilValue());
  }

  [[gnu::noinline]] Error put_full(const Object& value) {
    writer_.word(header(VariantType::OBJECT));
    writer_.text(value.class_name());
    writer_.word(static_cast<std::uint32_t>(value.properties().size()));
    return open(ChildCursor(value));
  }

  Error put_property_name(std::string_view name, const Variant& value) {
    if (name == kScriptProperty && !value.is_nil() &&
        !value.as_text().starts_with(kScriptPathPrefix)) {
      return Error::ERR_UNAVAILABLE;
    }
    writer_.text(name);
    return Error::OK;
  }

  ContainerKind kind_on_wire(const ContainerType& type) const {
    const bool named =
        type.kind() == ContainerKind::CLASS_NAME || type.kind() == ContainerKind::SCRIPT;
    return named && !full_objects_ ? ContainerKind::CLASS_NAME : type.kind();
  }

  Error put_container_type(const ContainerType& type) {
    switch (type.kind()) {
      case ContainerKind::UNTYPED:
        break;
      case ContainerKind::BUILTIN:
        writer_.word(static_cast<std::uint32_t>(type.type()));
        break;
      case ContainerKind::CLASS_NAME:
        writer_.text(full_objects_ ? type.name() : kEncodedObjectAsIdClass);
        break;
      case ContainerKind::SCRIPT:
        if (full_objects_ && !type.name().starts_with(kScriptPathPrefix)) {
          return Error::ERR_UNAVAILABLE;
        }
        writer_.text(full_objects_ ? type.name() : kEncodedObjectAsIdClass);
        break;
    }
    return Error::OK;
  }

  [[gnu::noinline]] Error put(const Dictionary& value) {
    if (value.is_typed()) {
      const Error error = put_dictionary_types(value);
      if (error != Error::OK) return error;
      writer_.word(static_cast<std::uint32_t>(value.size()));
    } else {
      writer_.fixed(header(VariantType::DICTIONARY), static_cast<std::uint32_t>(value.size()));
    }
    if (!shallow()) return open(ChildCursor(value));
    ++depth_;
    Error error = Error::OK;
    value.storage().find_if([&](const DictionaryEntry& entry) {
      error = put_shallow_value(entry.key);
      if (error == Error::OK) error = put_shallow_value(entry.value);
      return error != Error::OK;
    });
    --depth_;
    return error;
  }

  Error put_dictionary_types(const Dictionary& value) {
    const auto key_kind = static_cast<std::uint32_t>(kind_on_wire(value.key_type()));
    const auto value_kind = static_cast<std::uint32_t>(kind_on_wire(value.value_type()));
    writer_.word(
        header(VariantType::DICTIONARY, key_kind << kKeyKindShift | value_kind << kValueKindShift));
    const Error error = put_container_type(value.key_type());
    return error != Error::OK ? error : put_container_type(value.value_type());
  }

  [[gnu::noinline]] Error put(const Array& value) {
    const auto kind = static_cast<std::uint32_t>(kind_on_wire(value.element_type()));
    writer_.word(header(VariantType::ARRAY, kind << kElementKindShift));
    Error error = put_container_type(value.element_type());
    if (error != Error::OK) return error;
    writer_.word(static_cast<std::uint32_t>(value.size()));
    if (!shallow()) return open(ChildCursor(value));
    ++depth_;
    for (const Variant& element : value) {
      error = put_shallow_value(element);
      if (error != Error::OK) return error;
    }
    --depth_;
    return Error::OK;
  }

  Error put(const PackedByteArray& value) {
    constexpr std::uint8_t kPadding[kWireAlignment] = {};
    writer_.fixed(header(VariantType::PACKED_BYTE_ARRAY), static_cast<std::uint32_t>(value.size()));
    writer_.bytes(value.data(), value.size());
    writer_.bytes(kPadding, wire_padded(value.size()) - value.size());
    return Error::OK;
  }

  [[gnu::noinline]] Error put(const PackedStringArray& value) {
    writer_.fixed(header(VariantType::PACKED_STRING_ARRAY),
                  static_cast<std::uint32_t>(value.size()));
    for (const String& string : value) writer_.text(string.view(), string.size() + 1);
    return Error::OK;
  }

  template <typename T>
  Error put(const CompactVector<T>& value) {
    writer_.fixed(header(kVariantTypeOf<CompactVector<T>>),
                  static_cast<std::uint32_t>(value.size()));
    writer_.bytes(value.data(), value.size() * sizeof(T));
    return Error::OK;
  }

  Writer writer_;
  bool full_objects_;
  std::size_t depth_ = 0;         // of the value to come
  DepthStack<ChildCursor> open_;  // what is not put by recursion, outermost first
};

}  // namespace

Error encode_variant(const Variant& value, std::span<std::uint8_t> destination, std::size_t* size,
                     const EncodeOptions& options) {
  Encoder encoder(destination, options);
  const Error error = encoder.encode(value);
  *size = error == Error::OK ? encoder.size() : 0;
  return error;
}

}  // namespace ringpeer
