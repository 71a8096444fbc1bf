#ifndef RINGPEER_CODEC_VALUE_ARRAY_H_
#define RINGPEER_CODEC_VALUE_ARRAY_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <initializer_list>
#include <utility>

#include "ringpeer/codec/value/compact_vector.h"
#include "ringpeer/codec/value/container_type.h"

namespace ringpeer {

class Variant;

template <>
void destroy_compact_block<Variant>(CompactBlock* block) noexcept;

// Godot's Array with value semantics: a copy is a copy, so there are no cycles and
// nothing is shared between threads. An empty untyped Array owns no memory.
//
// A typed Array's push_back applies Godot's rule (an element of another type is
// converted where Variant can, or refused); the references that operator[] and
// iteration give are not checked, and neither is the encoder's output.
//
// Threads and failure: as Variant. Lifetime: references and iterators until the next change.
class Array {
 public:
  Array() = default;
  Array(std::initializer_list<Variant> values);
  explicit Array(ContainerType element_type) : type_(std::move(element_type)) {}
  Array(ContainerType element_type, std::initializer_list<Variant> values);
  Array(const Array&) = default;
  Array(Array&&) noexcept = default;
  Array& operator=(const Array& other) {
    if (this != &other) Array(other).swap(*this);
    return *this;
  }
  Array& operator=(Array&& other) noexcept {
    Array(std::move(other)).swap(*this);
    return *this;
  }
  ~Array() = default;

  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  void reserve(std::size_t capacity);
  void clear() noexcept;
  // New elements are Nil, or the default of the declared type.
  void resize(std::size_t size);
  void swap(Array& other) noexcept {
    values_.swap(other.values_);
    type_.swap(other.type_);
  }

  // The index must be below size().
  Variant& operator[](std::size_t index);
  const Variant& operator[](std::size_t index) const;
  // Nil when there is no such element.
  const Variant& at_or_nil(std::size_t index) const;
  Variant& back();
  const Variant& back() const;

  // False, and nothing is added, when the Array is typed and the value does not fit.
  bool push_back(Variant value);
  void pop_back();
  void erase(std::size_t index);

  Variant* begin();
  Variant* end();
  const Variant* begin() const;
  const Variant* end() const;

  bool is_typed() const { return type_.is_typed(); }
  const ContainerType& element_type() const { return type_; }

  // Same elements in the same order (Variant's equality); the declared type is not
  // compared.
  friend bool operator==(const Array& a, const Array& b);

  // For builders (see memory.h).
  CompactVector<Variant>& storage() { return values_; }
  const CompactVector<Variant>& storage() const { return values_; }
  void set_element_type(ContainerType type) { type_ = std::move(type); }

 private:
  CompactVector<Variant> values_;
  ContainerType type_;
};

}  // namespace ringpeer

#include "ringpeer/codec/value/variant.h"  // IWYU pragma: export

#endif  // RINGPEER_CODEC_VALUE_ARRAY_H_
