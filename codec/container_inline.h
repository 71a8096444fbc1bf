#ifndef RINGPEER_CODEC_CONTAINER_INLINE_H_
#define RINGPEER_CODEC_CONTAINER_INLINE_H_

// The parts of Array, Dictionary and Object that need to see Variant. Included by
// variant.h; not for direct use.

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <span>

#include "ringpeer/codec/element_rule.h"
#include "ringpeer/codec/key_hash.h"
#include "ringpeer/codec/variant.h"

namespace ringpeer {

// --- Array ---

inline Array::Array(std::initializer_list<Variant> values) : values_(values) {}
inline void Array::reserve(std::size_t capacity) { values_.reserve(capacity); }
inline void Array::clear() noexcept { values_.clear(); }
inline void Array::resize(std::size_t size) { values_.resize(size); }
inline Variant& Array::operator[](std::size_t index) { return values_[index]; }
inline const Variant& Array::operator[](std::size_t index) const { return values_[index]; }
inline const Variant& Array::at_or_nil(std::size_t index) const {
  return index < size() ? values_[index] : Variant::nil();
}
inline Variant& Array::back() { return values_.back(); }
inline const Variant& Array::back() const { return values_.back(); }
inline bool Array::push_back(Variant value) {
  if (is_typed() && !make_fit(type_, &value)) return false;
  values_.push_back(std::move(value));
  return true;
}
inline void Array::pop_back() { values_.pop_back(); }
inline void Array::erase(std::size_t index) { values_.erase(index); }
inline Variant* Array::begin() { return values_.begin(); }
inline Variant* Array::end() { return values_.end(); }
inline const Variant* Array::begin() const { return values_.begin(); }
inline const Variant* Array::end() const { return values_.end(); }

// --- Dictionary ---

inline void Dictionary::reserve(std::size_t capacity) { entries_.reserve(capacity); }
inline DictionaryEntry* Dictionary::begin() { return entries_.begin(); }
inline DictionaryEntry* Dictionary::end() { return entries_.end(); }
inline const DictionaryEntry* Dictionary::begin() const { return entries_.begin(); }
inline const DictionaryEntry* Dictionary::end() const { return entries_.end(); }

template <typename Memory>
Dictionary::Extra& Dictionary::ensure_extra(Memory& memory) {
  if (extra_ == nullptr) extra_ = new (memory.allocate(sizeof(Extra))) Extra();
  return *extra_;
}

template <typename Memory>
void Dictionary::set_types_in(Memory& memory, ContainerType key, ContainerType value) {
  Extra& extra = ensure_extra(memory);
  extra.key_type.swap(key);
  extra.value_type.swap(value);
}

template <typename Memory>
void Dictionary::build_index(Memory& memory, std::size_t slot_count) {
  Extra& extra = ensure_extra(memory);
  if (extra.slots != nullptr) memory.release(extra.slots);
  extra.slots = static_cast<std::uint32_t*>(memory.allocate(slot_count * sizeof(*extra.slots)));
  extra.slot_count = static_cast<std::uint32_t>(slot_count);
  rebuild_index();
}

inline std::size_t Dictionary::wanted_slots() const {
  // At most half full; sized for the entries there is room for, so that a Dictionary
  // whose size is known beforehand is indexed once.
  return std::bit_ceil(2 * std::max(entries_.capacity(), entries_.size() + 1));
}

inline std::size_t Dictionary::next_index_bytes() const {
  const std::size_t next_size = entries_.size() + 1;
  if (next_size <= kIndexThreshold) return 0;
  if (indexed() && 2 * next_size <= extra_->slot_count) return 0;
  return sizeof(Extra) + 2 * wanted_slots() * sizeof(std::uint32_t);
}

inline DictionaryEntry* Dictionary::find_among(const Variant& key, std::size_t count) const {
  if (!key.is_text()) return find_no_text_among(key, count);
  const String& text = key.text();
  auto* entries = const_cast<Entry*>(entries_.data());
  for (Entry* entry = entries; entry != entries + count; ++entry) {
    if (entry->key.is_text() && entry->key.text() == text) return entry;
  }
  return nullptr;
}

template <typename Memory>
DictionaryEntry* Dictionary::index_last(Memory& memory) {
  // A message's few fields: searched where this is called.
  if (entries_.size() <= kIndexThreshold && !indexed()) {
    return find_among(entries_.back().key, entries_.size() - 1);
  }
  return index_last_of_many(memory);
}

template <typename Memory>
[[gnu::noinline]] DictionaryEntry* Dictionary::index_last_of_many(Memory& memory) {
  const std::size_t before = entries_.size() - 1;
  const Variant& key = entries_.back().key;
  if (!indexed()) {
    Entry* same = find_among(key, before);
    if (same == nullptr && entries_.size() > kIndexThreshold) {
      for (const Entry& entry : entries_) entry.key.key_hash_ = hash_key(entry.key);
      build_index(memory, wanted_slots());
    }
    return same;
  }
  key.key_hash_ = hash_key(key);
  Entry* same = probe_key(key.key_hash_, key);
  if (same != nullptr) return same;
  if (2 * entries_.size() > extra_->slot_count) {
    build_index(memory, wanted_slots());
  } else {
    insert_slot(key.key_hash_, before);
  }
  return nullptr;
}

template <typename Memory>
void Dictionary::index_copied_from(Memory& memory, const Dictionary& other) {
  if (!other.indexed()) return;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].key.key_hash_ = other.entries_[i].key.key_hash_;
  }
  build_index(memory, wanted_slots());
}

// --- Object ---

template <typename Memory>
Object Object::full(Memory& memory, std::string_view class_name) {
  Object object;
  object.full_ = new (memory.allocate(sizeof(Full)))
      Full{String(String::Valid{}, memory, class_name), Properties()};
  return object;
}

inline std::size_t Object::heap_bytes(std::size_t class_name_size) {
  return sizeof(Full) + String::heap_bytes(class_name_size);
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_CONTAINER_INLINE_H_
