#ifndef RINGPEER_CODEC_VALUE_OBJECT_H_
#define RINGPEER_CODEC_VALUE_OBJECT_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "ringpeer/codec/value/compact_vector.h"
#include "ringpeer/codec/value/variant_string.h"

namespace ringpeer {

class Variant;
struct ObjectProperty;

template <>
void destroy_compact_block<ObjectProperty>(CompactBlock* block) noexcept;

// What is known of a Godot object outside the engine; data only, nothing is ever
// instantiated. One of:
//   null
//   an id    the instance id that a peer sent (Godot's EncodedObjectAsID)
//   full     a class name and properties, as a peer that trusts us sent them
//
// Threads and failure: as Variant. Lifetime: references to properties until the next change.
class Object {
 public:
  using Properties = CompactVector<ObjectProperty>;

  Object() = default;  // null
  // Id 0 is the null object, as on the wire.
  static Object from_id(std::uint64_t id);
  // An empty class name is the null object, as on the wire.
  explicit Object(String class_name);

  Object(const Object& other);
  Object(Object&& other) noexcept
      : id_(std::exchange(other.id_, 0)), full_(std::exchange(other.full_, nullptr)) {}
  Object& operator=(const Object& other) {
    if (this != &other) Object(other).swap(*this);
    return *this;
  }
  Object& operator=(Object&& other) noexcept {
    Object(std::move(other)).swap(*this);
    return *this;
  }
  ~Object() {
    if (full_ != nullptr) release();
  }

  bool is_null() const { return id_ == 0 && full_ == nullptr; }
  bool is_id() const { return id_ != 0; }
  bool is_full() const { return full_ != nullptr; }

  std::uint64_t id() const { return id_; }
  // "EncodedObjectAsID" for an id, empty for null.
  std::string_view class_name() const;

  // Of a full object, in the sender's order; empty otherwise.
  const Properties& properties() const;
  // Null when there is none of that name.
  const Variant* find(std::string_view name) const;
  const Variant* find(const char* name) const { return find(text_at(name)); }
  const Variant* find(std::nullptr_t) const = delete;
  // Adds a property, or gives it another value. Only for a full object.
  void set(String name, Variant value);

  void swap(Object& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(full_, other.full_);
  }
  friend bool operator==(const Object& a, const Object& b);

  // --- For builders (see memory.h); `class_name` is strict UTF-8 without NUL. ---

  template <typename Memory>
  static Object full(Memory& memory, std::string_view class_name);
  static std::size_t heap_bytes(std::size_t class_name_size);
  Properties& storage() { return full_->properties; }
  // Hands over the properties' block and releases the rest.
  CompactBlock* detach_properties() noexcept;

 private:
  struct Full {
    String class_name;
    Properties properties;
  };

  void release() noexcept;

  std::uint64_t id_ = 0;
  Full* full_ = nullptr;
};

}  // namespace ringpeer

#include "ringpeer/codec/value/variant.h"  // IWYU pragma: export

#endif  // RINGPEER_CODEC_VALUE_OBJECT_H_
