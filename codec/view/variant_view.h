#ifndef RINGPEER_CODEC_VIEW_VARIANT_VIEW_H_
#define RINGPEER_CODEC_VIEW_VARIANT_VIEW_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/view/view_iterator.h"
#include "ringpeer/codec/view/view_values.h"
#include "ringpeer/codec/wire/options.h"
#include "ringpeer/codec/wire/wire_scan.h"

// Reading a packet where it lies: one pass validates it, then values are read out of
// its bytes. Nothing is copied and nothing is allocated.
//
//   PacketView packet;                                  // see packet_view.h
//   if (packet.parse(bytes) != Error::OK) return;
//   Vector3 position;
//   if (!packet["pos"].read(&position)) return;         // absent, or another type
//
// VariantView    one value anywhere inside a packet.
// ArrayView, ObjectView and (dictionary_view.h) DictionaryView, and the classes of
//                view_values.h: what a VariantView of such a type reads as.
//
// ViewWalk       (view_walk.h) visits all of an unknown value, at a cost bounded by its bytes.
//
// Cost: an iterator steps over all of an element, so that iterators within iterators cost a
// hostile packet's size times its depth.
// Threads: a view is a plain value; any thread may use its own copy.
// Lifetime: every view, and every span and string_view read from one, points into the
// packet's bytes and is valid as long as they are.
// Errors: parse gives what decode_variant gives for the same bytes (the budget of
// heap bytes apart: a view takes none). A read of another type than the value's is
// false and leaves the output alone; a field that is absent reads as no type.

namespace ringpeer {

class ArrayView;
class DictionaryView;
class ObjectView;
class VariantView;

// Which type a VariantView must be of to read as a T.
template <typename T>
struct ViewTypeOf {
  static constexpr VariantType kType = kVariantTypeOf<T>;
};
template <typename T>
struct ViewTypeOf<PackedView<T>> : KnownVariantType<kVariantTypeOf<CompactVector<T>>> {};
template <>
struct ViewTypeOf<std::span<const std::uint8_t>>
    : KnownVariantType<VariantType::PACKED_BYTE_ARRAY> {};
template <>
struct ViewTypeOf<PackedStringsView> : KnownVariantType<VariantType::PACKED_STRING_ARRAY> {};
template <>
struct ViewTypeOf<NodePathView> : KnownVariantType<VariantType::NODE_PATH> {};
template <>
struct ViewTypeOf<SignalView> : KnownVariantType<VariantType::SIGNAL> {};
template <>
struct ViewTypeOf<ArrayView> : KnownVariantType<VariantType::ARRAY> {};
template <>
struct ViewTypeOf<DictionaryView> : KnownVariantType<VariantType::DICTIONARY> {};
template <>
struct ViewTypeOf<ObjectView> : KnownVariantType<VariantType::OBJECT> {};
// A StringName as well.
template <>
struct ViewTypeOf<std::string_view> : KnownVariantType<VariantType::STRING> {};

// What holds for all of a packet.
struct ViewTraits {
  bool plain = true;     // no string holds a NUL or a byte order mark
  bool objects = false;  // it was validated with allow_objects
};

class VariantView {
 public:
  // A value that is not there: exists() is false and every read fails.
  VariantView() = default;

  // Validates the packet's top value; what follows it is ignored, as in Godot. On an
  // error the view is an absent value and *consumed (which may be null) is 0.
  static VariantView parse(std::span<const std::uint8_t> packet, const DecodeOptions& options,
                           Error* error, std::size_t* consumed = nullptr);

  bool exists() const { return at_ != nullptr; }
  bool is_nil() const { return type_ == VariantType::NIL; }

  // The type that decoding gives. NIL for an absent value too.
  VariantType type() const { return type_; }

  // The value is an element of a typed container that holds another type on the wire
  // and that Godot converts on reading. No engine writes such bytes. Scalars and maths
  // types read as converted; strings, arrays and packed arrays cannot be spans of the
  // packet then, so only to_variant() gives them.
  bool is_converted() const { return converted_; }

  // The value as a T: bool, std::int64_t, double, std::string_view (String and
  // StringName), Vector2 to Projection, Color, RID, SignalView, NodePathView,
  // ArrayView, DictionaryView, ObjectView, std::span<const std::uint8_t>
  // (PackedByteArray), PackedView<T>, PackedStringsView. False when the type is another.
  template <typename T>
  bool read(T* value) const {
    if (at_ == nullptr || !reads_as<T>()) return false;
    if (converted_) [[unlikely]] {
      return read_converted(value);
    }
    load(value);
    return true;
  }

  template <typename T>
  T value_or(T fallback) const {
    read(&fallback);
    return fallback;
  }

  // An owning copy, exactly what decoding gives; Nil where there is no memory for it. The only
  // accessor that allocates.
  Variant to_variant() const;

  // The value's own bytes, padding included as far as the packet has it.
  std::span<const std::uint8_t> bytes() const;

  // --- For the views themselves. ---

  VariantView(const std::uint8_t* at, const std::uint8_t* end, ViewTraits traits)
      : at_(at), end_(end), type_(wire_type_at(at)), traits_(traits) {}

  // As an element of a container that makes a `type` of it.
  VariantView(const std::uint8_t* at, const std::uint8_t* end, ViewTraits traits, VariantType type)
      : at_(at), end_(end), type_(type), traits_(traits), converted_(type != wire_type_at(at)) {}

  const std::uint8_t* at() const { return at_; }
  const std::uint8_t* end() const { return end_; }
  ViewTraits traits() const { return traits_; }

 private:
  static VariantType wire_type_at(const std::uint8_t* at) {
    return static_cast<VariantType>(wire_scan::load_word(at) & kHeaderTypeMask);
  }

  template <typename T>
  bool reads_as() const {
    if constexpr (std::is_same_v<T, std::string_view>) {
      return type_ == VariantType::STRING || type_ == VariantType::STRING_NAME;
    } else {
      return type_ == ViewTypeOf<T>::kType;
    }
  }

  bool flag_64() const { return (wire_scan::load_word(at_) & kHeaderFlag64) != 0; }
  const std::uint8_t* payload() const { return at_ + 4; }

  void load(bool* value) const { *value = wire_scan::load_word(payload()) != 0; }
  void load(std::int64_t* value) const {
    *value = flag_64() ? load_little_endian<std::int64_t>(payload())
                       : load_little_endian<std::int32_t>(payload());
  }
  void load(double* value) const {
    *value = flag_64() ? load_little_endian<double>(payload())
                       : static_cast<double>(load_little_endian<float>(payload()));
  }
  void load(std::string_view* value) const {
    *value = wire_scan::string_text(payload(), traits_.plain);
  }
  void load(RID* value) const { value->id = load_little_endian<std::uint64_t>(payload()); }
  void load(std::span<const std::uint8_t>* value) const {
    *value = {payload() + 4, wire_scan::load_word(payload())};
  }
  template <typename T>
  void load(PackedView<T>* value) const {
    const bool doubles = wire_scan::is_packed_vector_array(type_) && flag_64();
    *value = PackedView<T>(payload() + 4, wire_scan::load_word(payload()), doubles);
  }
  void load(PackedStringsView* value) const;
  void load(NodePathView* value) const;
  void load(SignalView* value) const;
  void load(ArrayView* value) const;
  void load(DictionaryView* value) const;
  void load(ObjectView* value) const;
  // The maths types.
  template <typename T>
  void load(T* value) const {
    constexpr bool kReal = wire_scan::payload_size(kVariantTypeOf<T>, true) !=
                           wire_scan::payload_size(kVariantTypeOf<T>, false);
    *value = load_components<T>(payload(), kReal && flag_64());
  }

  template <typename T>
  bool read_converted(T* value) const;

  const std::uint8_t* at_ = nullptr;   // the header
  const std::uint8_t* end_ = nullptr;  // of the packet
  VariantType type_ = VariantType::NIL;
  ViewTraits traits_;
  bool converted_ = false;
};

// What a container declares its elements to be, and what becomes of an element of
// another type: it is converted where Godot converts, otherwise left out.
struct DeclaredType {
  VariantType type = VariantType::NIL;  // NIL: anything
  bool refuses_ids = false;             // of OBJECT: a class that an id cannot be of
  bool refuses_full = false;            // of OBJECT: a class that cannot exist
  bool wants_script = false;            // of OBJECT: only objects that have a script

  // False when the element at `at` is left out.
  bool takes(const std::uint8_t* at, VariantType* becomes) const {
    const auto actual = static_cast<VariantType>(wire_scan::load_word(at) & kHeaderTypeMask);
    *becomes = actual;
    return type == VariantType::NIL ||
           (type == actual && !refuses_ids && !refuses_full && !wants_script) ||
           converts(at, actual, becomes);
  }

  // As the descriptor of a typed container says; classes and scripts are OBJECT.
  static DeclaredType of_descriptor(const std::uint8_t* at, std::uint32_t kind, ViewTraits traits);

 private:
  bool converts(const std::uint8_t* at, VariantType actual, VariantType* becomes) const;
};

// The elements of an Array that decoding would keep.
class ArrayView {
 public:
  using Iterator = ViewIterator<ArrayView, VariantView>;

  ArrayView() = default;
  // The value must be an Array on the wire.
  explicit ArrayView(const VariantView& value);

  // Walks over a typed array, whose elements may be left out.
  std::size_t size() const;
  bool empty() const { return begin() == end(); }
  // The element, absent when there is none; walks there.
  VariantView operator[](std::size_t index) const;

  // NIL when any type may be inside; OBJECT for a class or a script too.
  VariantType element_type() const { return declared_.type; }

  Iterator begin() const { return {this, first_, count_}; }
  Iterator end() const { return {}; }

 private:
  friend Iterator;

  static const std::uint8_t* step_over(const std::uint8_t* at) { return wire_scan::skip(at); }
  bool keeps(const std::uint8_t* at, VariantType* type) const { return declared_.takes(at, type); }
  VariantView element_at(const std::uint8_t* at, VariantType type) const {
    return {at, end_, traits_, type};
  }

  const std::uint8_t* first_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  std::uint32_t count_ = 0;
  DeclaredType declared_;
  ViewTraits traits_;
};

// A null object, an instance id, or (with allow_objects) a class name and properties.
class ObjectView {
 public:
  struct Property {
    std::string_view name;
    VariantView value;
  };

  using Iterator = ViewIterator<ObjectView, Property>;

  ObjectView() = default;
  // The value must be an Object on the wire.
  explicit ObjectView(const VariantView& value);

  bool is_null() const { return id_ == 0 && class_name_.empty(); }
  // 0 when the object is null or full.
  std::uint64_t id() const { return id_; }
  // Empty when the object is null or only an id.
  std::string_view class_name() const { return class_name_; }

  // Properties as they are on the wire: a repeated name comes again.
  std::size_t size() const { return count_; }
  // The last property of that name, absent when there is none.
  VariantView find(std::string_view name) const;
  VariantView find(const char* name) const { return find(text_at(name)); }
  VariantView find(std::nullptr_t) const = delete;
  Iterator begin() const { return {this, first_, count_}; }
  Iterator end() const { return {}; }

 private:
  friend Iterator;

  static const std::uint8_t* step_over(const std::uint8_t* at) {
    return wire_scan::skip(wire_scan::after_string(at));
  }
  // Decoding keeps every property.
  static bool keeps(const std::uint8_t*, VariantType*) { return true; }
  Property element_at(const std::uint8_t* at, VariantType) const {
    return {wire_scan::string_text(at, traits_.plain),
            VariantView(wire_scan::after_string(at), end_, traits_)};
  }

  const std::uint8_t* first_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  std::uint64_t id_ = 0;
  std::string_view class_name_;
  std::uint32_t count_ = 0;
  ViewTraits traits_;
};

template <typename T>
bool VariantView::read_converted(T* value) const {
  if constexpr (requires { VariantTypeOf<T>::kType; }) {
    const Variant converted = to_variant();
    *value = converted.get<T>();
    return true;
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    // String and StringName hold the same bytes; a NodePath's text is nowhere.
    const VariantType actual = wire_type_at(at_);
    if (actual != VariantType::STRING && actual != VariantType::STRING_NAME) return false;
    load(value);
    return true;
  } else {
    return false;
  }
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VIEW_VARIANT_VIEW_H_
