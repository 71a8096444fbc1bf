#ifndef RINGPEER_CODEC_VIEW_DICTIONARY_VIEW_H_
#define RINGPEER_CODEC_VIEW_DICTIONARY_VIEW_H_

#include "ringpeer/codec/base/language.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ringpeer/codec/view/variant_view.h"

namespace ringpeer {

// A Dictionary's entries, and the lookup of fields by name. Threads and lifetime as in
// variant_view.h.
//
// The names of a small dictionary are indexed when the view is made: the first eight
// bytes of each, which is where almost all field names end or differ, so a lookup
// compares words. A larger one is searched from its beginning.
//
// A repeated key keeps its first place and its last value when it is decoded. A
// lookup finds that value; iteration and size() show the entries as they are on the
// wire, because telling repetitions apart takes memory.
class DictionaryView {
 public:
  // Room for what a message has as fields; more would be table data.
  static constexpr std::uint32_t kIndexedEntries = 32;

  struct Entry {
    VariantView key;
    VariantView value;
  };

  using Iterator = ViewIterator<DictionaryView, Entry>;

  DictionaryView() = default;
  // The value must be a Dictionary on the wire. Walks over it to index it.
  explicit DictionaryView(const VariantView& value) { open(value); }
  // A copy carries the index's used part only.
  DictionaryView(const DictionaryView& other) { *this = other; }
  DictionaryView& operator=(const DictionaryView& other);

  // Entries on the wire whose key is kept. Walks over a typed dictionary.
  std::size_t size() const;
  bool empty() const { return begin() == end(); }

  // The value of a String or StringName key, by the text that a String makes of the bytes;
  // absent when there is none.
  VariantView find(std::string_view key) const;
  [[gnu::always_inline]] VariantView find(const char* key) const { return find(text_at(key)); }
  VariantView find(std::nullptr_t) const = delete;
  VariantView find(std::int64_t key) const;
  // Any key, with Godot's equality. Allocates nothing for nil, bool, int, float,
  // String and StringName; other keys are compared as owning copies. In a typed
  // dictionary a key of another type is converted first, here and in the forms above,
  // as Dictionary does it.
  VariantView find(const Variant& key) const;
  [[gnu::always_inline]] VariantView operator[](std::string_view key) const { return find(key); }
  [[gnu::always_inline]] VariantView operator[](const char* key) const {
    return find(text_at(key));
  }
  VariantView operator[](std::nullptr_t) const = delete;

  // NIL when any type may be inside; OBJECT for a class or a script too. The values of
  // a typed dictionary need not be of its type: Godot does not enforce it on reading.
  VariantType key_type() const { return key_declared_.type; }
  VariantType value_type() const { return value_type_; }

  Iterator begin() const { return {this, first_, count_}; }
  Iterator end() const { return {}; }

 private:
  friend Iterator;
  friend class PacketView;
  friend class VariantView;

  static const std::uint8_t* step_over(const std::uint8_t* at) {
    return wire_scan::skip(wire_scan::skip(at));
  }
  bool keeps(const std::uint8_t* at, VariantType* key_type) const {
    return key_declared_.takes(at, key_type);
  }
  Entry element_at(const std::uint8_t* at, VariantType key_type) const {
    return {VariantView(at, end_, traits_, key_type), value_of(at)};
  }

  // The index's word for a key that is no text; no text begins with these bytes,
  // which UTF-8 does not have.
  static constexpr std::uint64_t kNotText = ~std::uint64_t{0};

  // The first eight bytes of a text, filled up with zeroes.
  static constexpr std::uint64_t word_of(std::string_view text) {
    const std::size_t size = text.size() < 8 ? text.size() : 8;
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < size; ++i) {
      word |= std::uint64_t{static_cast<std::uint8_t>(text[i])} << (8 * i);
    }
    return word;
  }

  // As a new one is, in place.
  void clear() {
    first_ = nullptr;
    end_ = nullptr;
    count_ = 0;
    indexed_ = 0;
    key_declared_ = DeclaredType();
    value_type_ = VariantType::NIL;
    traits_ = ViewTraits();
  }
  void open(const VariantView& value);
  void set_layout(const VariantView& value);
  void build_index();
  std::uint64_t index_word(const std::uint8_t* key_at) const;
  VariantView value_of(const std::uint8_t* key_at) const {
    return {wire_scan::skip(key_at), end_, traits_};
  }
  template <typename Matches>
  VariantView search(Matches matches) const;
  VariantView search_text(std::string_view key) const;
  VariantView find_as_string(std::string_view key) const;
  VariantView find_converted(const Variant& key) const;
  VariantView find_fitting(const Variant& key) const;

  const std::uint8_t* first_ = nullptr;  // the first key
  const std::uint8_t* end_ = nullptr;    // of the packet
  std::uint32_t count_ = 0;
  std::uint32_t indexed_ = 0;  // count_, or 0
  DeclaredType key_declared_;
  VariantType value_type_ = VariantType::NIL;
  ViewTraits traits_;
  // Only the first indexed_ are ever set or read.
  std::array<std::uint64_t, kIndexedEntries> words_;
  std::array<std::uint32_t, kIndexedEntries> offsets_;  // of the keys from first_
};

// Inlined wherever it is called, so that the word of a literal name is a constant.
[[gnu::always_inline]] inline VariantView DictionaryView::find(std::string_view key) const {
  if (indexed_ == 0 || !traits_.plain) [[unlikely]] {
    return search_text(key);
  }
  const std::uint64_t word = word_of(key);
  // Backwards: of a repeated key the last value counts.
  for (std::uint32_t i = indexed_; i-- > 0;) {
    if (words_[i] != word) continue;
    const std::uint8_t* const text_at = first_ + offsets_[i] + 4;
    if (wire_scan::load_word(text_at) != key.size()) continue;
    if (key.size() > 8 && wire_scan::string_bytes(text_at) != key) continue;
    return {text_at + 4 + wire_padded(key.size()), end_, traits_};
  }
  return find_as_string(key);
}

inline void VariantView::load(DictionaryView* value) const { value->open(*this); }

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VIEW_DICTIONARY_VIEW_H_
