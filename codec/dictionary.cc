#include "ringpeer/codec/dictionary.h"

#include <algorithm>
#include <cstring>

#include "ringpeer/codec/variant_equality.h"
#include "ringpeer/codec/variant_tree.h"

namespace ringpeer {

Dictionary::Dictionary(std::initializer_list<std::pair<Variant, Variant>> entries) {
  reserve(entries.size());
  for (const auto& [key, value] : entries) set(key, value);
}

Dictionary::Dictionary(ContainerType key_type, ContainerType value_type) {
  HeapMemory memory;
  set_types_in(memory, std::move(key_type), std::move(value_type));
}

Dictionary::Dictionary(const Dictionary& other) : entries_(other.entries_) {
  HeapMemory memory;
  if (other.is_typed()) set_types_in(memory, other.key_type(), other.value_type());
  index_copied_from(memory, other);
}

void Dictionary::clear() noexcept {
  entries_.clear();
  if (indexed()) rebuild_index();
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
  Entry* entry = find_entry(key);
  return entry != nullptr ? entry->value : insert_new(Variant(key), Variant());
}

Variant& Dictionary::operator[](Variant key) {
  Entry* entry = find_entry(key);
  return entry != nullptr ? entry->value : insert_new(std::move(key), Variant());
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
  const Entry* entry = find_entry(key);
  if (entry == nullptr) return false;
  entries_.erase(static_cast<std::size_t>(entry - entries_.data()));
  if (indexed()) rebuild_index();
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
  new (entries_.append_uninitialized(memory)) Entry{std::move(key), std::move(value)};
  index_last(memory);
  return entries_.back().value;
}

void Dictionary::insert_slot(std::uint32_t hash, std::size_t entry) {
  const std::uint32_t mask = extra_->slot_count - 1;
  std::uint32_t slot = hash & mask;
  while (extra_->slots[slot] != 0) slot = (slot + 1) & mask;
  extra_->slots[slot] = static_cast<std::uint32_t>(entry + 1);
}

void Dictionary::rebuild_index() {
  std::memset(extra_->slots, 0, extra_->slot_count * sizeof(*extra_->slots));
  for (std::size_t i = 0; i < entries_.size(); ++i) insert_slot(entries_[i].key.key_hash_, i);
}

template <typename Matches>
DictionaryEntry* Dictionary::probe(std::uint32_t hash, Matches matches) const {
  const std::uint32_t mask = extra_->slot_count - 1;
  for (std::uint32_t slot = hash & mask; extra_->slots[slot] != 0; slot = (slot + 1) & mask) {
    const Entry& entry = entries_[extra_->slots[slot] - 1];
    if (entry.key.key_hash_ == hash && matches(entry.key)) return const_cast<Entry*>(&entry);
  }
  return nullptr;
}

DictionaryEntry* Dictionary::probe_key(std::uint32_t hash, const Variant& key) const {
  return probe(hash, [&](const Variant& other) { return same_key(other, key); });
}

DictionaryEntry* Dictionary::find_no_text_among(const Variant& key, std::size_t count) const {
  auto* entries = const_cast<Entry*>(entries_.data());
  for (Entry* entry = entries; entry != entries + count; ++entry) {
    if (entry->key.type() == key.type() && same_key(entry->key, key)) return entry;
  }
  return nullptr;
}

DictionaryEntry* Dictionary::find_entry(const Variant& key) const {
  return indexed() ? probe_key(hash_key(key), key) : find_among(key, entries_.size());
}

DictionaryEntry* Dictionary::find_entry(std::string_view key) const {
  Entry* entry = find_text(key);
  return entry != nullptr || String::keeps(key) ? entry : find_text(String(key).view());
}

DictionaryEntry* Dictionary::find_text(std::string_view text) const {
  const auto matches = [text](const Variant& other) {
    return other.is_text() && other.as_text() == text;
  };
  if (indexed()) return probe(hash_key(text), matches);
  for (const Entry& entry : entries_) {
    if (matches(entry.key)) return const_cast<Entry*>(&entry);
  }
  return nullptr;
}

void Dictionary::release_extra() noexcept {
  HeapMemory::release(extra_->slots);
  extra_->~Extra();
  HeapMemory::release(extra_);
}

}  // namespace ringpeer
