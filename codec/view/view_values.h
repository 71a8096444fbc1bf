#ifndef RINGPEER_CODEC_VIEW_VIEW_VALUES_H_
#define RINGPEER_CODEC_VIEW_VIEW_VALUES_H_

#include "ringpeer/codec/base/language.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <string_view>
#include <type_traits>

#include "ringpeer/codec/base/little_endian.h"
#include "ringpeer/codec/value/math_types.h"
#include "ringpeer/codec/value/variant_type_of.h"
#include "ringpeer/codec/wire/wire_scan.h"

// What a VariantView of a type without nested Variants reads as. Lifetime and threads
// as in variant_view.h.

namespace ringpeer {

// Reads a T of 32-bit components, which stand on the wire in its member order, and
// as doubles when the header's flag said so.
template <typename T>
inline T load_components(const std::uint8_t* at, bool doubles) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 4 == 0);
  T value;
  if (!doubles && std::endian::native == std::endian::little) {
    std::memcpy(static_cast<void*>(&value), at, sizeof(value));
    return value;
  }
  constexpr std::size_t kCount = sizeof(T) / 4;
  std::array<std::uint32_t, kCount> components;
  for (std::size_t i = 0; i < kCount; ++i) {
    components[i] = doubles ? std::bit_cast<std::uint32_t>(
                                  static_cast<float>(load_little_endian<double>(at + 8 * i)))
                            : load_little_endian<std::uint32_t>(at + 4 * i);
  }
  std::memcpy(static_cast<void*>(&value), components.data(), sizeof(value));
  return value;
}

// The elements of a packed array of numbers, vectors or colours. The packet gives no
// alignment and may hold doubles, so elements are loaded one by one, by value.
template <typename T>
class PackedView {
 public:
  using value_type = T;

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = T;

    Iterator() = default;
    Iterator(const PackedView* view, std::size_t index) : view_(view), index_(index) {}
    T operator*() const { return (*view_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++index_;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

   private:
    const PackedView* view_ = nullptr;
    std::size_t index_ = 0;
  };

  PackedView() = default;
  PackedView(const std::uint8_t* first, std::size_t size, bool doubles)
      : first_(first), size_(size), doubles_(doubles) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // The index must be below size().
  T operator[](std::size_t index) const {
    if constexpr (sizeof(T) == 8 && std::is_arithmetic_v<T>) {
      return load_little_endian<T>(first_ + 8 * index);
    } else {
      return load_components<T>(first_ + element_size() * index, doubles_);
    }
  }

  // Copies as many elements as fit; the number is returned.
  std::size_t copy_to(std::span<T> out) const {
    const std::size_t count = out.size() < size_ ? out.size() : size_;
    if (count == 0) return 0;
    if (!doubles_ && std::endian::native == std::endian::little) {
      std::memcpy(static_cast<void*>(out.data()), first_, count * sizeof(T));
      return count;
    }
    for (std::size_t i = 0; i < count; ++i) out[i] = (*this)[i];
    return count;
  }

  // The elements in place, without a copy; empty when this machine cannot read them
  // so (it is big-endian, they are doubles on the wire, or they are not aligned:
  // 32-bit elements of an aligned packet always are).
  std::span<const T> in_place() const {
    if constexpr (std::endian::native != std::endian::little) return {};
    if (doubles_ || reinterpret_cast<std::uintptr_t>(first_) % alignof(T) != 0) return {};
    return {reinterpret_cast<const T*>(static_cast<const void*>(first_)), size_};
  }

  // As they are on the wire.
  std::span<const std::uint8_t> bytes() const { return {first_, element_size() * size_}; }

  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size_}; }

 private:
  std::size_t element_size() const { return sizeof(T) * (doubles_ ? 2 : 1); }

  const std::uint8_t* first_ = nullptr;
  std::size_t size_ = 0;
  bool doubles_ = false;
};

// Strings one after the other: a PackedStringArray, or the names of a NodePath.
class PackedStringsView {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string_view*;
    using reference = std::string_view;

    Iterator() = default;
    Iterator(const std::uint8_t* at, std::uint32_t left) : at_(at), left_(left) {}
    std::string_view operator*() const { return wire_scan::string_text(at_, false); }
    Iterator& operator++() {
      at_ = wire_scan::after_string(at_);
      --left_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.left_ == b.left_; }

   private:
    const std::uint8_t* at_ = nullptr;
    std::uint32_t left_ = 0;
  };

  PackedStringsView() = default;
  PackedStringsView(const std::uint8_t* first, std::uint32_t size) : first_(first), size_(size) {}

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // The index must be below size(); walks there.
  std::string_view operator[](std::size_t index) const {
    Iterator element = begin();
    for (std::size_t i = 0; i < index; ++i) ++element;
    return *element;
  }
  Iterator begin() const { return {first_, size_}; }
  Iterator end() const { return {nullptr, 0}; }

 private:
  const std::uint8_t* first_ = nullptr;
  std::uint32_t size_ = 0;
};

// The parts of a NodePath; its text form is to_variant()'s.
struct NodePathView {
  PackedStringsView names;
  PackedStringsView subnames;
  bool absolute = false;
};

struct SignalView {
  std::string_view name;
  std::uint64_t object_id = 0;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VIEW_VIEW_VALUES_H_
