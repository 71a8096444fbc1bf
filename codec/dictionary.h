#ifndef RINGPEER_CODEC_DICTIONARY_H_
#define RINGPEER_CODEC_DICTIONARY_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "ringpeer/codec/compact_vector.h"
#include "ringpeer/codec/container_type.h"

namespace ringpeer {

class Variant;
struct DictionaryEntry;

template <>
void destroy_compact_block<DictionaryEntry>(CompactBlock* block) noexcept;

// What names a key without becoming a Variant: const char*, std::string, String and so
// on.
template <typename T>
concept KeyText = std::convertible_to<const T&, std::string_view> && !std::same_as<T, Variant> &&
                  !std::same_as<T, std::string_view> && !std::same_as<T, std::nullptr_t>;

template <KeyText T>
std::string_view key_text(const T& key) {
  if constexpr (std::convertible_to<const T&, const char*>) {
    return text_at(key);
  } else {
    return key;
  }
}

// Godot's Dictionary with value semantics: insertion order, and Godot's equality of
// keys ("a" equals &"a", NaN equals NaN, 1 is not 1.0; a Dictionary as a key equals
// one with the same entries in the same order). An empty untyped one owns no memory.
//
// Up to kIndexThreshold entries are searched one by one; larger ones have an index
// hashed with a key drawn at random for the process, so that packets cannot be made
// to collide.
class Dictionary {
 public:
  using Entry = DictionaryEntry;

  static constexpr std::size_t kIndexThreshold = 8;

  Dictionary() = default;
  Dictionary(std::initializer_list<std::pair<Variant, Variant>> entries);
  Dictionary(ContainerType key_type, ContainerType value_type);
  Dictionary(const Dictionary& other);
  Dictionary(Dictionary&& other) noexcept
      : entries_(std::move(other.entries_)), extra_(std::exchange(other.extra_, nullptr)) {}
  Dictionary& operator=(const Dictionary& other) {
    if (this != &other) Dictionary(other).swap(*this);
    return *this;
  }
  Dictionary& operator=(Dictionary&& other) noexcept {
    Dictionary(std::move(other)).swap(*this);
    return *this;
  }
  ~Dictionary() {
    if (extra_ != nullptr) release_extra();
  }

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  void reserve(std::size_t capacity);
  void clear() noexcept;
  void swap(Dictionary& other) noexcept {
    entries_.swap(other.entries_);
    std::swap(extra_, other.extra_);
  }

  // The value of a key, null when it is absent. The string forms find String and
  // StringName keys alike, by the text that a String makes of the bytes, and allocate
  // nothing when it makes no other.
  Variant* find(std::string_view key);
  const Variant* find(std::string_view key) const;
  template <KeyText T>
  Variant* find(const T& key) {
    return find(key_text(key));
  }
  template <KeyText T>
  const Variant* find(const T& key) const {
    return find(key_text(key));
  }
  const Variant* find(std::nullptr_t) const = delete;
  Variant* find(const Variant& key);
  const Variant* find(const Variant& key) const;
  template <typename T>
  bool contains(const T& key) const {
    return find(key) != nullptr;
  }

  // The value of a key, which is inserted with Nil when it is absent.
  Variant& operator[](std::string_view key);
  template <KeyText T>
  Variant& operator[](const T& key) {
    return (*this)[key_text(key)];
  }
  Variant& operator[](Variant key);
  const Variant& operator[](std::nullptr_t) const = delete;
  // The value of a key; Nil when it is absent.
  const Variant& operator[](std::string_view key) const;
  template <KeyText T>
  const Variant& operator[](const T& key) const {
    return (*this)[key_text(key)];
  }
  const Variant& operator[](const Variant& key) const;

  // A key that is there keeps its place and gets the value. False, and nothing is
  // changed, when the Dictionary is typed and the key or the value does not fit.
  bool set(Variant key, Variant value);
  // False when the key is absent. The others keep their order.
  bool erase(const Variant& key);

  Entry* begin();
  Entry* end();
  const Entry* begin() const;
  const Entry* end() const;

  bool is_typed() const {
    return extra_ != nullptr && (extra_->key_type.is_typed() || extra_->value_type.is_typed());
  }
  const ContainerType& key_type() const;
  const ContainerType& value_type() const;

  // The same keys with the same values; order and declared types are not compared.
  friend bool operator==(const Dictionary& a, const Dictionary& b);

  // --- For builders (see memory.h). ---

  // The entries themselves; a builder that appends keys calls index_last after each.
  CompactVector<Entry>& storage() { return entries_; }
  const CompactVector<Entry>& storage() const { return entries_; }

  template <typename Memory>
  void set_types_in(Memory& memory, ContainerType key, ContainerType value);

  // Heap bytes that index_last may take for the next entry.
  std::size_t next_index_bytes() const;
  // After an entry was appended: null when its key is new (it is now indexed),
  // otherwise the earlier entry with the same key, and the caller removes the last.
  template <typename Memory>
  Entry* index_last(Memory& memory);

  // After all entries of another Dictionary were appended in its order.
  template <typename Memory>
  void index_copied_from(Memory& memory, const Dictionary& other);

  static std::size_t extra_bytes() { return sizeof(Extra); }

 private:
  // What most dictionaries do not need: declared types, and the index of large ones.
  struct Extra {
    ContainerType key_type;
    ContainerType value_type;
    std::uint32_t* slots = nullptr;  // entry number + 1; 0 is free
    std::uint32_t slot_count = 0;    // a power of two, or 0: not indexed
  };

  friend struct VariantTree;

  template <typename Memory>
  Extra& ensure_extra(Memory& memory);
  template <typename Memory>
  void build_index(Memory& memory, std::size_t slot_count);
  void insert_slot(std::uint32_t hash, std::size_t entry);
  void rebuild_index();
  bool indexed() const { return extra_ != nullptr && extra_->slot_count != 0; }
  // Among the first entries, one by one.
  Entry* find_among(const Variant& key, std::size_t count) const;
  Entry* find_no_text_among(const Variant& key, std::size_t count) const;
  template <typename Memory>
  Entry* index_last_of_many(Memory& memory);
  Entry* find_entry(const Variant& key) const;
  Entry* find_entry(std::string_view key) const;
  Entry* find_text(std::string_view text) const;
  template <typename Matches>
  Entry* probe(std::uint32_t hash, Matches matches) const;
  Entry* probe_key(std::uint32_t hash, const Variant& key) const;
  std::size_t wanted_slots() const;
  Variant& insert_new(Variant key, Variant value);
  void release_extra() noexcept;

  CompactVector<Entry> entries_;
  Extra* extra_ = nullptr;
};

}  // namespace ringpeer

#include "ringpeer/codec/variant.h"  // IWYU pragma: export

#endif  // RINGPEER_CODEC_DICTIONARY_H_
