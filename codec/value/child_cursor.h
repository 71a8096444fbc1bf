#ifndef RINGPEER_CODEC_VALUE_CHILD_CURSOR_H_
#define RINGPEER_CODEC_VALUE_CHILD_CURSOR_H_

#include <cstddef>

#include "ringpeer/codec/value/variant.h"

namespace ringpeer {

// A place among the values inside an Array, a Dictionary (keys and values in turn) or an Object.
// Threads: those that may read the container. Lifetime: until the container changes.
struct ChildPlace {
  const std::byte* at;  // an element, an entry or a property
  union {
    const std::byte* end;  // of an Array or an Object
    EntryBlock* block;     // of a Dictionary, whose end has no place
  };

  explicit ChildPlace(const Array& array) { set(array.begin(), array.size() * sizeof(Variant)); }
  explicit ChildPlace(const Object& object) {
    set(object.properties().data(), object.properties().size() * sizeof(ObjectProperty));
  }
  explicit ChildPlace(const Dictionary& dictionary) {
    const EntryList::Iterator first = dictionary.storage().begin();
    at = reinterpret_cast<const std::byte*>(first.entry());
    block = first.block();
  }

  // The value here; the place moves on, but from a key to its value.
  const Variant* take(VariantType container, bool key) {
    const std::byte* const here = at;
    if (container == VariantType::ARRAY) {
      at += sizeof(Variant);
      return reinterpret_cast<const Variant*>(here);
    }
    if (container == VariantType::OBJECT) {
      at += sizeof(ObjectProperty);
      return &reinterpret_cast<const ObjectProperty*>(here)->value;
    }
    auto* entry = reinterpret_cast<DictionaryEntry*>(const_cast<std::byte*>(here));
    if (key) return &entry->key;
    at = reinterpret_cast<const std::byte*>(EntryList::next_entry(&block, entry));
    return &entry->value;
  }

 private:
  void set(const void* first, std::size_t bytes) {
    at = static_cast<const std::byte*>(first);
    end = at + bytes;
  }
};

// Steps through the values directly inside a container. What walks a tree of values without
// recursion keeps one for each level. Valid until the container changes.
class ChildCursor {
 public:
  explicit ChildCursor(const Array& array) : place_(array), type_(VariantType::ARRAY) {}
  explicit ChildCursor(const Dictionary& dictionary)
      : place_(dictionary), type_(VariantType::DICTIONARY) {}
  explicit ChildCursor(const Object& object) : place_(object), type_(VariantType::OBJECT) {}
  // The value must be one of them.
  static ChildCursor of(const Variant& container) {
    if (container.is_array()) return ChildCursor(container.ref<Array>());
    if (container.is_dictionary()) return ChildCursor(container.ref<Dictionary>());
    return ChildCursor(container.ref<Object>());
  }

  // The next value; null behind the last.
  const Variant* next() {
    const bool dictionary = type_ == VariantType::DICTIONARY;
    if (place_.at == (dictionary ? nullptr : place_.end)) return nullptr;
    at_key_ = dictionary && !at_key_;
    return place_.take(type_, at_key_);
  }

  VariantType container_type() const { return type_; }
  // Whether the value that next() gave last is a key of a Dictionary.
  bool at_key() const { return at_key_; }
  // Of an Object: the name of the property whose value next() gave last.
  const String& property_name() const { return property_before(place_).name; }

  static const ObjectProperty& property_before(const ChildPlace& place) {
    return *reinterpret_cast<const ObjectProperty*>(place.at - sizeof(ObjectProperty));
  }

 private:
  ChildPlace place_;
  VariantType type_;
  bool at_key_ = false;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_CHILD_CURSOR_H_
