#ifndef RINGPEER_CODEC_VALUE_DICTIONARY_H_
#define RINGPEER_CODEC_VALUE_DICTIONARY_H_

#include "ringpeer/codec/base/language.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "ringpeer/codec/value/container_type.h"
#include "ringpeer/codec/value/entry_list.h"

namespace ringpeer {

class Variant;
struct DictionaryEntry;

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
// keys (variant_equality.h: "a" equals &"a", NaN equals NaN, 1 is not 1.0; ["a"] is not
// [&"a"], and a Dictionary as a key equals one with the same entries in the same order).
// An empty untyped one owns no memory.
//
// A reference to a value, or to an entry, is valid until a key is erased or all are cleared; other
// keys may be added meanwhile, as d["a"] = d["b"] does.
//
// A typed Dictionary converts the keys that it is asked for, and the keys and values that set
// gives it, as Godot does, or refuses them. What operator[] gives a reference to is not checked.
//
// Up to kIndexThreshold entries are searched one by one; larger ones have an index
// hashed with a key drawn at random for the process, so that packets cannot be made
// to collide. Finding, adding and erasing take constant time on average.
class Dictionary {
 public:
  using Entry = DictionaryEntry;
  using Iterator = EntryList::Iterator;
  using ConstIterator = EntryList::ConstIterator;

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

  // The value of a key, which is inserted when it is absent: with Nil, or the default of a declared
  // type. Of a key that a typed Dictionary refuses nothing is inserted, and the reference is to a
  // Nil outside, for as long as this thread asks for no other such key.
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

  Iterator begin() { return entries_.begin(); }
  Iterator end() { return {}; }
  ConstIterator begin() const { return entries_.begin(); }
  ConstIterator end() const { return {}; }

  bool is_typed() const {
    return extra_ != nullptr && (extra_->key_type.is_typed() || extra_->value_type.is_typed());
  }
  const ContainerType& key_type() const;
  const ContainerType& value_type() const;

  // The same keys with the same values; order and declared types are not compared.
  friend bool operator==(const Dictionary& a, const Dictionary& b);

  // --- For builders (see memory.h). ---

  // The entries themselves; a builder that appends keys calls index_last after each.
  EntryList& storage() { return entries_; }
  const EntryList& storage() const { return entries_; }

  template <typename Memory>
  void set_types_in(Memory& memory, ContainerType&& key, ContainerType&& value);

  // Heap bytes that index_last may take for the next entry.
  std::size_t next_index_bytes() const;
  // After an entry was appended: null when its key is new (it is now indexed),
  // otherwise the earlier entry with the same key, and the caller removes the last.
  template <typename Memory>
  Entry* index_last(Memory& memory);

  // Whether a message's few fields are all that this is: untyped, not indexed, and `key`, of the
  // entry added last, is compared without a hash. find_before_last is index_last then.
  bool is_plain(const Variant& key) const;
  Entry* find_before_last(const Entry& last) const;

  // Keeps the entry added last although an earlier one has its key: lookups find the earlier.
  void hide_last();

  // After all entries of another Dictionary were appended in its order, their keys' hashes with
  // them.
  template <typename Memory>
  void index_copied_from(Memory& memory, const Dictionary& other);

  static std::size_t extra_bytes() { return sizeof(Extra); }

 private:
  // What most dictionaries do not need: declared types, and the index of large ones.
  struct Extra {
    ContainerType key_type;
    ContainerType value_type;
    Entry** index = nullptr;       // open addressing; null is free
    std::uint32_t slot_count = 0;  // a power of two, or 0: not indexed
  };

  friend struct VariantTree;

  // A new index has room for at most so many times the entries there are.
  static constexpr std::size_t kRoomIndexed = 4;
  // An index with more slots an entry shrinks: twice what a new one may have, so that it does not
  // grow and shrink by turns.
  static constexpr std::size_t kSparse = 2 * (2 * 2 * kRoomIndexed);

  template <typename Memory>
  Extra& ensure_extra(Memory& memory);
  template <typename Memory>
  void build_index(Memory& memory, std::size_t slot_count);
  void insert_slot(Entry* entry);
  void remove_slot(const Entry* entry);
  void fill_index();
  void fit_index(bool moved);
  void drop_index() noexcept;
  bool indexed() const { return extra_ != nullptr && extra_->slot_count != 0; }
  // One by one, up to the entry `end`, which is the last, or to the end when it is null.
  template <typename Matches>
  Entry* search(const Entry* end, Matches matches) const;
  Entry* search_key(const Variant& key, const Entry* end) const;
  Entry* search_leaf(const Variant& key, const Entry* end) const;
  Entry* find_hashed(const Variant& key, std::uint32_t hash, const Entry* end) const;
  template <typename Memory>
  Entry* index_last_of_many(Memory& memory);
  Entry* find_entry(const Variant& key) const;
  Entry* find_entry(std::string_view key) const;
  Entry* find_text(std::string_view text) const;
  Entry* find_fitting(const Variant& key) const;
  template <typename Matches>
  Entry* probe(std::uint32_t hash, Matches matches) const;
  std::size_t wanted_slots() const;
  Variant& insert_new(Variant key, Variant value);
  void release_extra() noexcept;

  EntryList entries_;
  Extra* extra_ = nullptr;
};

}  // namespace ringpeer

#include "ringpeer/codec/value/variant.h"  // IWYU pragma: export

#endif  // RINGPEER_CODEC_VALUE_DICTIONARY_H_
