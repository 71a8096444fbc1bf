#include "ringpeer/codec/value/dictionary.h"

#include <bit>
#include <cassert>
#include <cstring>
#include <memory>
#include <new>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/codec/value/variant_equality.h"
#include "ringpeer/codec/value/variant_tree.h"

namespace ringpeer {

// Constructors delegate so that what they have built is destroyed when they throw.
Dictionary::Dictionary(std::initializer_list<std::pair<Variant, Variant>> entries) : Dictionary() {
  reserve(entries.size());
  for (const auto& [key, value] : entries) set(key, value);
}

Dictionary::Dictionary(ContainerType key_type, ContainerType value_type) {
  HeapMemory memory;
  set_types_in(memory, std::move(key_type), std::move(value_type));
}

Dictionary::Dictionary(const Dictionary& other) : Dictionary() {
  HeapMemory memory;
  if (other.is_typed()) {
    set_types_in(memory, ContainerType(other.key_type()), ContainerType(other.value_type()));
  }
  entries_.reserve_in(memory, other.size());
  for (const Entry& entry : other) {
    Variant key(entry.key);
    Variant value(entry.value);
    auto* place = new (entries_.append_within_capacity()) Entry{std::move(key), std::move(value)};
    place->key.key_hash_ = entry.key.key_hash_;
  }
  index_copied_from(memory, other);
}

void Dictionary::reserve(std::size_t capacity) {
  HeapMemory memory;
  entries_.reserve_in(memory, capacity);
}

void Dictionary::clear() noexcept {
  entries_.clear();
  drop_index();
}

Variant* Dictionary::find(std::string_view key) {
  Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

const Variant* Dictionary::find(std::string_view key) const {
  const Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

Variant* Dictionary::find(const Variant& key) {
  Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

const Variant* Dictionary::find(const Variant& key) const {
  const Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

Variant& Dictionary::operator[](std::string_view key) {
  if (is_typed()) return (*this)[Variant(key)];
  Entry* entry = find_entry(key);
  return entry != nullptr ? entry->value : insert_new(Variant(key), Variant());
}

Variant& Dictionary::operator[](Variant key) {
  if (is_typed() && !make_fit(key_type(), &key)) {
    thread_local Variant nowhere;
    nowhere.clear();
    return nowhere;
  }
  Entry* entry = find_entry(key);
  return entry != nullptr ? entry->value
                          : insert_new(std::move(key), default_element(value_type()));
}

const Variant& Dictionary::operator[](std::string_view key) const {
  const Variant* value = find(key);
  return value == nullptr ? Variant::nil() : *value;
}

const Variant& Dictionary::operator[](const Variant& key) const {
  const Variant* value = find(key);
  return value == nullptr ? Variant::nil() : *value;
}

bool Dictionary::set(Variant key, Variant value) {
  if (is_typed() && !(make_fit(key_type(), &key) && make_fit(value_type(), &value))) return false;
  if (Entry* entry = find_entry(key)) {
    entry->value = std::move(value);
  } else {
    insert_new(std::move(key), std::move(value));
  }
  return true;
}

bool Dictionary::erase(const Variant& key) {
  Entry* entry = find_entry(key);
  if (entry == nullptr) return false;
  if (indexed()) remove_slot(entry);
  const bool moved = entries_.erase(entry);
  if (indexed()) fit_index(moved);
  return true;
}

const ContainerType& Dictionary::key_type() const {
  static const ContainerType& untyped = *new ContainerType();
  return extra_ == nullptr ? untyped : extra_->key_type;
}

const ContainerType& Dictionary::value_type() const {
  static const ContainerType& untyped = *new ContainerType();
  return extra_ == nullptr ? untyped : extra_->value_type;
}

Variant& Dictionary::insert_new(Variant key, Variant value) {
  HeapMemory memory;
  Entry* entry = entries_.append_uninitialized(memory);
  new (entry) Entry{std::move(key), std::move(value)};
  RINGPEER_TRY { index_last(memory); }
  RINGPEER_CATCH(...) {  // an entry that the index lacks would be there and not be found
    std::destroy_at(entry);
    entries_.drop_uninitialized();
    RINGPEER_RETHROW;
  }
  return entry->value;
}

void Dictionary::insert_slot(Entry* entry) {
  assert(entry->key.key_hash_ != kNeverFound && std::has_single_bit(extra_->slot_count));
  const std::uint32_t mask = extra_->slot_count - 1;
  std::uint32_t slot = entry->key.key_hash_ & mask;
  while (extra_->index[slot] != nullptr) slot = (slot + 1) & mask;
  extra_->index[slot] = entry;
}

// Those behind it that its slot kept from their own move up.
void Dictionary::remove_slot(const Entry* entry) {
  Entry** const slots = extra_->index;
  const std::uint32_t mask = extra_->slot_count - 1;
  std::uint32_t hole = entry->key.key_hash_ & mask;
  while (slots[hole] != entry) {
    assert(slots[hole] != nullptr);  // what is in the list, and can be found, is in the index
    hole = (hole + 1) & mask;
  }
  for (std::uint32_t slot = (hole + 1) & mask; slots[slot] != nullptr; slot = (slot + 1) & mask) {
    const std::uint32_t own = slots[slot]->key.key_hash_ & mask;
    if (((slot - own) & mask) < ((slot - hole) & mask)) continue;
    slots[hole] = slots[slot];
    hole = slot;
  }
  slots[hole] = nullptr;
}

void Dictionary::fill_index() {
  std::memset(extra_->index, 0, extra_->slot_count * sizeof(*extra_->index));
  for (Entry& entry : *this) {
    if (entry.key.key_hash_ != kNeverFound) insert_slot(&entry);
  }
}

// After an entry was erased: the index follows those that moved, and shrinks with their number.
void Dictionary::fit_index(bool moved) {
  const std::size_t size = entries_.size();
  if (size <= kIndexThreshold / 2) {
    drop_index();
    return;
  }
  const std::size_t slot_count = std::bit_ceil(2 * size);
  if (extra_->slot_count > kSparse * size) {
    const std::size_t bytes = slot_count * sizeof(*extra_->index);
    if (void* slots = ::operator new(bytes, std::nothrow)) {
      HeapMemory::release(extra_->index);
      extra_->index = static_cast<Entry**>(slots);
      extra_->slot_count = static_cast<std::uint32_t>(slot_count);
      moved = true;
    }
  }
  if (moved) fill_index();
}

void Dictionary::drop_index() noexcept {
  if (extra_ == nullptr) return;
  HeapMemory::release(std::exchange(extra_->index, nullptr));
  extra_->slot_count = 0;
}

template <typename Matches>
DictionaryEntry* Dictionary::probe(std::uint32_t hash, Matches matches) const {
  const std::uint32_t mask = extra_->slot_count - 1;
  for (std::uint32_t slot = hash & mask; extra_->index[slot] != nullptr; slot = (slot + 1) & mask) {
    Entry* entry = extra_->index[slot];
    if (entry->key.key_hash_ == hash && matches(entry->key)) return entry;
  }
  return nullptr;
}

DictionaryEntry* Dictionary::search_leaf(const Variant& key, const Entry* end) const {
  return search(end, [&](const Variant& other) {
    return other.type() == key.type() && same_key(other, key);
  });
}

DictionaryEntry* Dictionary::find_hashed(const Variant& key, std::uint32_t hash,
                                         const Entry* end) const {
  if (hash == kNeverFound) return nullptr;
  if (indexed()) return probe(hash, [&](const Variant& other) { return same_key(other, key); });
  if (!key.holds_values()) return search_key(key, end);
  return search(end, [&](const Variant& other) {
    return other.key_hash_ == hash && other.type() == key.type() && same_key(other, key);
  });
}

DictionaryEntry* Dictionary::find_entry(const Variant& key) const {
  if (!is_typed() || !key_type().is_typed() || key_type().type() == key.type()) {
    return find_fitting(key);
  }
  Variant converted = key;
  return make_fit(key_type(), &converted) ? find_fitting(converted) : nullptr;
}

DictionaryEntry* Dictionary::find_fitting(const Variant& key) const {
  if (!indexed() && !key.holds_values()) return search_key(key, nullptr);
  return find_hashed(key, hash_key(key), nullptr);
}

DictionaryEntry* Dictionary::find_entry(std::string_view key) const {
  if (is_typed()) return find_entry(Variant(key));
  Entry* entry = find_text(key);
  return entry != nullptr || String::keeps(key) ? entry : find_text(String(key).view());
}

DictionaryEntry* Dictionary::find_text(std::string_view text) const {
  const auto matches = [text](const Variant& other) {
    return other.is_text() && other.as_text() == text;
  };
  return indexed() ? probe(hash_key(text), matches) : search(nullptr, matches);
}

void Dictionary::release_extra() noexcept {
  HeapMemory::release(extra_->index);
  extra_->~Extra();
  HeapMemory::release(extra_);
}

}  // namespace ringpeer
