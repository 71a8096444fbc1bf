#ifndef RINGPEER_CODEC_VALUE_VARIANT_H_
#define RINGPEER_CODEC_VALUE_VARIANT_H_

#include "ringpeer/codec/base/language.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ringpeer/codec/base/wire_format.h"
#include "ringpeer/codec/value/array.h"
#include "ringpeer/codec/value/container_type.h"
#include "ringpeer/codec/value/dictionary.h"
#include "ringpeer/codec/value/handle_types.h"
#include "ringpeer/codec/value/math_types.h"
#include "ringpeer/codec/value/node_path.h"
#include "ringpeer/codec/value/object.h"
#include "ringpeer/codec/value/packed_array.h"
#include "ringpeer/codec/value/variant_string.h"
#include "ringpeer/codec/value/variant_type_of.h"

namespace ringpeer {
namespace internal {

// A set of types: a bit for each.
constexpr std::uint64_t bits_of(std::initializer_list<VariantType> types) {
  std::uint64_t bits = 0;
  for (const VariantType type : types) bits |= std::uint64_t{1} << static_cast<unsigned>(type);
  return bits;
}

}  // namespace internal

// Godot's Variant: one value of any of its 39 types, with value semantics all the way
// down. 24 bytes; everything up to 16 bytes (Vector4, Rect2, Color, short strings)
// is held inside.
//
//   Variant state = Dictionary{{"id", 7}, {"pos", Vector3{1, 2, 3}}};
//   Vector3 position = state["pos"].get<Vector3>();
//   if (const auto* id = state["id"].get_if<std::int64_t>()) ...
//
// Threads: like a std::vector: const use from many threads, changes from one.
// Errors: nothing here throws but std::bad_alloc. Reading a value as what it is not
// gives that type's default, never undefined behaviour.
//
// A const Variant& may live in a VariantArena (see arena_decode.h); a copy of it is an
// ordinary owning Variant.
class Variant {
 public:
  using Type = VariantType;

  Variant() noexcept {}  // NOLINT(modernize-use-equals-default): const Variants need it
  Variant(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor)
  // Exactly bool: a pointer must not become one.
  Variant(std::same_as<bool> auto value) {  // NOLINT
    hold<bool>(value);
  }
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) Variant(T value) {  // NOLINT
    hold<std::int64_t>(static_cast<std::int64_t>(value));
  }
  template <std::floating_point T>
  Variant(T value) {  // NOLINT
    hold<double>(static_cast<double>(value));
  }
  Variant(const char* value) { hold<String>(value); }         // NOLINT
  Variant(std::string_view value) { hold<String>(value); }    // NOLINT
  Variant(const std::string& value) { hold<String>(value); }  // NOLINT
  // Every value class: Vector2, Array, PackedByteArray and so on.
  template <typename T>
  requires(VariantClass<std::remove_cvref_t<T>>) Variant(T&& value) {  // NOLINT
    hold<std::remove_cvref_t<T>>(std::forward<T>(value));
  }

  Variant(const Variant& other) {
    if (other.is_trivial()) {
      copy_bytes(other);
    } else {
      copy_deep(other);
    }
  }
  Variant(Variant&& other) noexcept {
    copy_bytes(other);
    other.type_ = Type::NIL;
  }
  Variant& operator=(const Variant& other) {
    if (this != &other) Variant(other).swap(*this);
    return *this;
  }
  Variant& operator=(Variant&& other) noexcept {
    Variant(std::move(other)).swap(*this);
    return *this;
  }
  ~Variant() {
    if (!is_trivial()) destroy();
  }

  Type type() const { return type_; }
  std::string_view type_name() const { return variant_type_name(type_); }
  template <typename T>
  bool is() const {
    return type_ == kVariantTypeOf<T>;
  }
  bool is_nil() const { return type_ == Type::NIL; }
  bool is_bool() const { return type_ == Type::BOOL; }
  bool is_int() const { return type_ == Type::INT; }
  bool is_float() const { return type_ == Type::FLOAT; }
  bool is_number() const { return is_int() || is_float(); }
  // A String or a StringName.
  bool is_text() const { return type_ == Type::STRING || type_ == Type::STRING_NAME; }
  bool is_array() const { return type_ == Type::ARRAY; }
  bool is_dictionary() const { return type_ == Type::DICTIONARY; }
  bool is_object() const { return type_ == Type::OBJECT; }

  // The value when it is exactly a T, otherwise null. T is bool, std::int64_t, double,
  // String, or any value class.
  template <typename T>
  T* get_if() {
    return is<T>() ? &ref<T>() : nullptr;
  }
  template <typename T>
  const T* get_if() const {
    return is<T>() ? &ref<T>() : nullptr;
  }

  // The value when it is exactly a T, otherwise a default T; never fails.
  template <typename T>
  const T& get() const {
    return is<T>() ? ref<T>() : default_value<T>();
  }
  template <typename T>
  T get_or(T fallback) const {
    return is<T>() ? ref<T>() : fallback;
  }

  // Loose reading: bool, int and float into each other (a float beyond an int's range
  // is cut to it, NaN is 0), String and StringName as text; otherwise the fallback.
  bool as_bool(bool fallback = false) const;
  std::int64_t as_int(std::int64_t fallback = 0) const;
  double as_float(double fallback = 0) const;
  std::string_view as_text(std::string_view fallback = {}) const {
    if (type_ == Type::STRING) return ref<String>().view();
    if (type_ == Type::STRING_NAME) return ref<StringName>().view();
    return fallback;
  }

  // The member of a Dictionary or the property of an Object; Nil when there is none.
  const Variant& operator[](std::string_view key) const;
  const Variant& operator[](const char* key) const { return (*this)[text_at(key)]; }
  // A literal 0 is a null pointer: elements are at()'s.
  const Variant& operator[](std::nullptr_t) const = delete;
  template <std::integral T>
  const Variant& operator[](T) const = delete;
  // The element of an Array; Nil when there is none.
  const Variant& at(std::size_t index) const;
  // Elements of an Array, Dictionary or packed array, bytes of a text; otherwise 0.
  std::size_t size() const;

  // Back to Nil.
  void clear() noexcept {
    if (!is_trivial()) destroy();
    type_ = Type::NIL;
  }

  // Replaces the value. The arguments may be parts of the one that goes.
  template <typename T, typename... Arguments>
  T& emplace(Arguments&&... arguments) {
    Variant fresh;
    fresh.hold<T>(std::forward<Arguments>(arguments)...);
    swap(fresh);
    return ref<T>();
  }

  void swap(Variant& other) noexcept {
    Bytes bytes = bytes_;
    bytes_ = other.bytes_;
    other.bytes_ = bytes;
    std::swap(key_hash_, other.key_hash_);
    std::swap(type_, other.type_);
  }

  // Same type and value, except that "a" equals &"a"; NaN equals NaN; 1 is not 1.0;
  // dictionaries compare without regard to order. Values nested deeper than
  // kMaximumDepth are never equal. (What two keys of a Dictionary are is another
  // question: see variant_equality.h.)
  friend bool operator==(const Variant& a, const Variant& b);

  // A Nil that is never destroyed.
  static const Variant& nil();

  // --- For builders (see memory.h). ---

  // Whether the value is nothing but the bytes held here.
  bool is_trivial() const {
    constexpr std::uint64_t kTrivial = internal::bits_of(
        {Type::NIL, Type::BOOL, Type::INT, Type::FLOAT, Type::VECTOR2, Type::VECTOR2I, Type::RECT2,
         Type::RECT2I, Type::VECTOR3, Type::VECTOR3I, Type::VECTOR4, Type::VECTOR4I, Type::PLANE,
         Type::QUATERNION, Type::COLOR, Type::RID, Type::CALLABLE});
    return (kTrivial >> static_cast<unsigned>(type_) & 1) != 0;
  }

  // Whether Variants may be inside the value.
  bool holds_values() const {
    return type_ == Type::ARRAY || type_ == Type::DICTIONARY || type_ == Type::OBJECT;
  }

  // Whether a T is held in a block of its own.
  template <typename T>
  static constexpr bool boxed() {
    return sizeof(T) > kInlineSize;
  }

  // Gives a Nil a value. `memory` takes only the box, the arguments say where the
  // rest lives.
  template <typename T, typename Memory, typename... Arguments>
  T& emplace_in(Memory& memory, Arguments&&... arguments) {
    T* place = nullptr;
    if constexpr (boxed<T>()) {
      T made{std::forward<Arguments>(arguments)...};  // so that no box is lost if this throws
      place = new (memory.allocate(sizeof(T))) T(std::move(made));
      std::memcpy(bytes_.data, &place, sizeof(place));
    } else if constexpr (std::is_aggregate_v<T>) {
      place = new (bytes_.data) T{std::forward<Arguments>(arguments)...};
    } else {
      place = new (bytes_.data) T(std::forward<Arguments>(arguments)...);
    }
    type_ = kVariantTypeOf<T>;
    return *place;
  }

  // The text of a String or a StringName, which it must be.
  const String& text() const {
    return type_ == Type::STRING ? ref<String>() : ref<StringName>().string();
  }

  // The value, which must be a T.
  template <typename T>
  T& ref() {
    return *place<T>();
  }
  template <typename T>
  const T& ref() const {
    return *const_cast<Variant*>(this)->place<T>();
  }

 private:
  friend class Dictionary;
  friend class EntryList;
  friend struct VariantTree;

  static constexpr std::size_t kInlineSize = 16;

  struct Bytes {
    alignas(8) std::byte data[kInlineSize];
  };

  // Gives a Nil a value.
  template <typename T, typename... Arguments>
  void hold(Arguments&&... arguments) {
    HeapMemory memory;
    emplace_in<T>(memory, std::forward<Arguments>(arguments)...);
  }

  template <typename T>
  T* place() {
    if constexpr (boxed<T>()) {
      T* box = nullptr;
      std::memcpy(&box, bytes_.data, sizeof(box));
      return box;
    } else {
      return std::launder(reinterpret_cast<T*>(bytes_.data));
    }
  }

  template <typename T>
  static const T& default_value() {
    static const T& value = *new T();  // never destroyed: values may outlive main()
    return value;
  }

  void copy_bytes(const Variant& other) {
    bytes_ = other.bytes_;
    type_ = other.type_;
  }
  void copy_deep(const Variant& other);
  void destroy() noexcept;

  Bytes bytes_ = {};
  // The hash of this value as a key. Kept for those that hold values, and for all keys
  // of an indexed Dictionary.
  mutable std::uint32_t key_hash_ = 0;
  Type type_ = Type::NIL;
  // Of a key: its entry was erased, and only its place in the Dictionary is left.
  bool erased_ = false;
};

static_assert(sizeof(Variant) == 24);

struct DictionaryEntry {
  const Variant key;
  Variant value;
};

struct ObjectProperty {
  String name;
  Variant value;
};

}  // namespace ringpeer

#include "ringpeer/codec/value/container_inline.h"  // IWYU pragma: export

#endif  // RINGPEER_CODEC_VALUE_VARIANT_H_
