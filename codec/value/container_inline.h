#ifndef RINGPEER_CODEC_VALUE_CONTAINER_INLINE_H_
#define RINGPEER_CODEC_VALUE_CONTAINER_INLINE_H_

// The parts of Array, Dictionary and Object that need to see Variant. Included by
// variant.h; not for direct use.
// Threads, lifetime and failure: as those classes say.

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <span>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/codec/value/element_fit.h"
#include "ringpeer/codec/value/key_hash.h"
#include "ringpeer/codec/value/variant.h"

namespace ringpeer {

// --- Array ---

inline Array::Array(std::initializer_list<Variant> values) : values_(values) {}
inline void Array::reserve(std::size_t capacity) { values_.reserve(capacity); }
inline void Array::clear() noexcept { values_.clear(); }
inline void Array::resize(std::size_t size) {
  if (!is_typed()) {
    values_.resize(size);
    return;
  }
  const Variant fill = default_element(type_);
  values_.reserve(size);
  while (values_.size() > size) values_.pop_back();
  while (values_.size() < size) values_.push_back(fill);
}
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

// --- EntryList ---

inline DictionaryEntry* EntryBlock::entries() {
  return reinterpret_cast<DictionaryEntry*>(this + 1);
}

inline std::size_t EntryList::block_bytes(std::size_t capacity) {
  return sizeof(EntryBlock) + capacity * sizeof(DictionaryEntry);
}

inline DictionaryEntry& EntryList::back() const {
  return head_->last->entries()[head_->last->used - 1];
}

inline EntryList::Iterator EntryList::begin() const {
  if (empty()) return {};
  return {head_, head_->entries() + head_->first};
}

template <typename Matches>
DictionaryEntry* EntryList::find_if(Matches matches) const {
  for (EntryBlock* block = head_; block != nullptr; block = block->link) {
    DictionaryEntry* const behind = block->entries() + block->used;
    for (DictionaryEntry* entry = block->entries(); entry != behind; ++entry) {
      if (!entry->key.erased_ && matches(*entry)) return entry;
    }
  }
  return nullptr;
}

inline DictionaryEntry* EntryList::next_entry(EntryBlock** block, DictionaryEntry* entry) {
  do {
    if (++entry == (*block)->entries() + (*block)->used) {
      *block = (*block)->link;
      if (*block == nullptr || (*block)->used == 0) return nullptr;
      entry = (*block)->entries();
    }
  } while (entry->key.erased_);
  return entry;
}

inline DictionaryEntry* EntryList::append_within_capacity() {
  if (head_ == nullptr) return nullptr;
  EntryBlock* block = head_->last;
  if (block->used == block->capacity) {
    if (block->link == nullptr) return nullptr;
    block = head_->last = block->link;
  }
  ++head_->count;
  return block->entries() + block->used++;
}

template <typename Memory>
DictionaryEntry* EntryList::append_uninitialized(Memory& memory) {
  if (DictionaryEntry* place = append_within_capacity()) return place;
  add_block(memory, grown_by());
  return append_within_capacity();
}

inline void EntryList::drop_uninitialized() {
  --head_->last->used;
  --head_->count;
}

template <typename Memory>
void EntryList::reserve_in(Memory& memory, std::size_t capacity) {
  std::size_t room = size();
  if (head_ != nullptr) {
    for (EntryBlock* block = head_->last; block != nullptr; block = block->link) {
      room += block->capacity - block->used;
    }
  }
  if (capacity <= room) return;
  // Exactly as much for an empty list; one that grows step by step grows as adding does.
  add_block(memory, head_ == nullptr ? capacity : std::max(capacity - room, grown_by()));
}

template <typename Memory>
void EntryList::add_block(Memory& memory, std::size_t capacity) {
  if (capacity > kMaxEntries - std::min(kMaxEntries, this->capacity())) refuse_memory();
  auto* block = static_cast<EntryBlock*>(memory.allocate(block_bytes(capacity)));
  *block = {0, static_cast<std::uint32_t>(capacity), nullptr, block, 0, 0, 0};
  if (head_ == nullptr) {
    head_ = block;
    return;
  }
  EntryBlock* end = head_->last;
  while (end->link != nullptr) end = end->link;
  end->link = block;
}

// --- Dictionary ---

template <typename Memory>
Dictionary::Extra& Dictionary::ensure_extra(Memory& memory) {
  if (extra_ == nullptr) extra_ = new (memory.allocate(sizeof(Extra))) Extra();
  return *extra_;
}

template <typename Memory>
void Dictionary::set_types_in(Memory& memory, ContainerType&& key, ContainerType&& value) {
  Extra& extra = ensure_extra(memory);
  extra.key_type.swap(key);
  extra.value_type.swap(value);
}

template <typename Memory>
void Dictionary::build_index(Memory& memory, std::size_t slot_count) {
  Extra& extra = ensure_extra(memory);
  auto** index = static_cast<Entry**>(memory.allocate(slot_count * sizeof(*extra.index)));
  if (extra.index != nullptr) memory.release(extra.index);
  extra.index = index;
  extra.slot_count = static_cast<std::uint32_t>(slot_count);
  fill_index();
}

inline std::size_t Dictionary::wanted_slots() const {
  // At most half full; sized for the entries there is room for, so that a Dictionary whose size
  // is known beforehand is indexed a few times. Not for more than that, or what is added and
  // erased where an index begins would cost as much as all of the room.
  const std::size_t next_size = entries_.size() + 1;
  const std::size_t most = kRoomIndexed * next_size;
  return std::bit_ceil(2 * std::clamp(entries_.capacity(), next_size, most));
}

inline std::size_t Dictionary::next_index_bytes() const {
  const std::size_t next_size = entries_.size() + 1;
  if (next_size <= kIndexThreshold) return 0;
  if (indexed() && 2 * next_size <= extra_->slot_count) return 0;
  return sizeof(Extra) + 2 * wanted_slots() * sizeof(*extra_->index);
}

template <typename Matches>
DictionaryEntry* Dictionary::search(const Entry* end, Matches matches) const {
  for (EntryBlock* block = entries_.first_block(); block != nullptr; block = block->link) {
    Entry* behind = block->entries() + block->used;
    if (behind - 1 == end) --behind;
    for (Entry* entry = block->entries(); entry != behind; ++entry) {
      if (matches(entry->key) && !entry->key.erased_) return entry;
    }
  }
  return nullptr;
}

inline DictionaryEntry* Dictionary::search_key(const Variant& key, const Entry* end) const {
  if (!key.is_text()) return search_leaf(key, end);
  const String& text = key.text();
  return search(end, [&](const Variant& other) { return other.is_text() && other.text() == text; });
}

inline bool Dictionary::is_plain(const Variant& key) const {
  return extra_ == nullptr && entries_.size() <= kIndexThreshold && !key.holds_values();
}

inline DictionaryEntry* Dictionary::find_before_last(const Entry& last) const {
  return search_key(last.key, &last);
}

template <typename Memory>
DictionaryEntry* Dictionary::index_last(Memory& memory) {
  const Entry& last = entries_.back();
  if (entries_.size() <= kIndexThreshold && !indexed() && !last.key.holds_values()) {
    return find_before_last(last);
  }
  return index_last_of_many(memory);
}

template <typename Memory>
[[gnu::noinline]] DictionaryEntry* Dictionary::index_last_of_many(Memory& memory) {
  Entry& last = entries_.back();
  last.key.key_hash_ = hash_key(last.key);
  Entry* same = find_hashed(last.key, last.key.key_hash_, &last);
  if (same != nullptr) return same;
  if (!indexed()) {
    if (entries_.size() <= kIndexThreshold) return nullptr;
    for (const Entry& entry : *this) {
      if (!entry.key.holds_values()) entry.key.key_hash_ = hash_key(entry.key);
    }
    build_index(memory, wanted_slots());
    return nullptr;
  }
  if (2 * entries_.size() > extra_->slot_count) {
    build_index(memory, wanted_slots());
  } else if (last.key.key_hash_ != kNeverFound) {
    insert_slot(&last);
  }
  return nullptr;
}

inline void Dictionary::hide_last() { entries_.back().key.key_hash_ = kNeverFound; }

template <typename Memory>
void Dictionary::index_copied_from(Memory& memory, const Dictionary& other) {
  if (other.indexed()) build_index(memory, wanted_slots());
}

// --- Object ---

template <typename Memory>
Object Object::full(Memory& memory, std::string_view class_name) {
  auto* full = new (memory.allocate(sizeof(Full))) Full();
  RINGPEER_TRY { full->class_name = String(String::Valid{}, memory, class_name); }
  RINGPEER_CATCH(...) {
    memory.release(full);
    RINGPEER_RETHROW;
  }
  Object object;
  object.full_ = full;
  return object;
}

inline std::size_t Object::heap_bytes(std::size_t class_name_size) {
  return sizeof(Full) + String::heap_bytes(class_name_size);
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_CONTAINER_INLINE_H_
