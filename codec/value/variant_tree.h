#ifndef RINGPEER_CODEC_VALUE_VARIANT_TREE_H_
#define RINGPEER_CODEC_VALUE_VARIANT_TREE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "ringpeer/codec/base/sip_hash.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {

// What walks whole trees of Variants: copying and destroying them with a bounded
// stack, however deep a program has nested them.
struct VariantTree {
  // Destroys a value; releases blocks with a loop.
  static void destroy(Variant* value) noexcept;
  static void destroy_block_of_values(CompactBlock* block) noexcept;
  static void destroy_entry_blocks(EntryBlock* blocks) noexcept;
  static void destroy_block_of_properties(CompactBlock* block) noexcept;

  // Makes *to, a Nil, a copy whose parts live in `memory`.
  template <typename Memory>
  static void copy(Memory& memory, const Variant& from, Variant* to) {
    std::vector<Deferred> deferred;
    copy_at_depth(memory, from, to, 0, &deferred);
    while (!deferred.empty()) {
      const Deferred next = deferred.back();
      deferred.pop_back();
      copy_at_depth(memory, *next.from, next.to, 0, &deferred);
    }
  }

  // hash_key of a key that holds values, when itself has been absorbed.
  static std::uint32_t hash_inside(SipHash hash, const Variant& key);

 private:
  // Copies below this depth wait until the recursion above them has ended: messages are not as
  // deep, and a small thread's stack holds as many frames many times over.
  static constexpr std::size_t kCopyRecursion = 16;

  struct Deferred {
    const Variant* from;
    Variant* to;
  };

  template <typename Memory>
  static void copy_at_depth(Memory& memory, const Variant& from, Variant* to, std::size_t depth,
                            std::vector<Deferred>* deferred);
  // Of a value that holds no others.
  template <typename T, typename Memory>
  static void copy_leaf(Memory& memory, const T& from, Variant* to);
  template <typename Memory>
  static String copy_string(Memory& memory, const String& from) {
    return String(String::Valid{}, memory, from.view());
  }
  template <typename Memory>
  static void append_strings(Memory& memory, std::span<const String> from,
                             CompactVector<String>* to) {
    for (const String& string : from) {
      auto* place = new (to->append_uninitialized(memory)) String();  // counted, so constructed
      *place = copy_string(memory, string);
    }
  }
  template <typename Memory>
  static ContainerType copy_type(Memory& memory, const ContainerType& from);
};

template <typename Memory>
ContainerType VariantTree::copy_type(Memory& memory, const ContainerType& from) {
  const bool named =
      from.kind() == ContainerKind::CLASS_NAME || from.kind() == ContainerKind::SCRIPT;
  if (!named || from.name() == kEncodedObjectAsIdClass) return from;
  return ContainerType::named(memory, from.kind(), from.name());
}

template <typename T, typename Memory>
void VariantTree::copy_leaf(Memory& memory, const T& from, Variant* to) {
  if constexpr (std::is_same_v<T, String> || std::is_same_v<T, StringName>) {
    to->emplace_in<T>(memory, String::Valid{}, memory, from.view());
  } else if constexpr (std::is_same_v<T, Signal>) {
    Signal& signal = to->emplace_in<Signal>(memory);
    signal.object_id = from.object_id;
    signal.name = StringName(String::Valid{}, memory, from.name.view());
  } else if constexpr (std::is_same_v<T, NodePath>) {
    NodePath& path = to->emplace_in<NodePath>(memory, CompactVector<String>(), 0, from.absolute());
    path.storage().reserve_in(memory, from.names().size() + from.subnames().size());
    append_strings(memory, from.names(), &path.storage());
    append_strings(memory, from.subnames(), &path.storage());
    path.set_name_count(from.names().size());
  } else if constexpr (std::is_same_v<T, PackedStringArray>) {
    auto& strings = to->emplace_in<PackedStringArray>(memory);
    strings.reserve_in(memory, from.size());
    append_strings(memory, {from.data(), from.size()}, &strings);
  } else if constexpr (std::is_trivially_copyable_v<T>) {
    to->emplace_in<T>(memory, from);
  } else {  // the other packed arrays
    using Element = typename T::value_type;
    T& packed = to->emplace_in<T>(memory);
    Element* elements = packed.fill_uninitialized(memory, from.size());
    if (!from.empty()) std::memcpy(elements, from.data(), from.size() * sizeof(Element));
  }
}

template <typename Memory>
void VariantTree::copy_at_depth(Memory& memory, const Variant& from, Variant* to, std::size_t depth,
                                std::vector<Deferred>* deferred) {
  const auto copy_child = [&](const Variant& child, Variant* place) {
    if (depth < kCopyRecursion) {
      copy_at_depth(memory, child, place, depth + 1, deferred);
    } else {
      deferred->push_back({&child, place});
    }
  };
  visit_variant(from, [&]<typename T>(const T& value) {
    if constexpr (std::is_same_v<T, NilValue>) {
      return;
    } else if constexpr (std::is_same_v<T, Array>) {
      Array& array = to->emplace_in<Array>(memory);
      array.set_element_type(copy_type(memory, value.element_type()));
      array.storage().reserve_in(memory, value.size());
      for (const Variant& element : value) {
        copy_child(element, new (array.storage().append_uninitialized(memory)) Variant());
      }
    } else if constexpr (std::is_same_v<T, Dictionary>) {
      Dictionary& dictionary = to->emplace_in<Dictionary>(memory);
      if (value.is_typed()) {
        dictionary.set_types_in(memory, copy_type(memory, value.key_type()),
                                copy_type(memory, value.value_type()));
      }
      dictionary.storage().reserve_in(memory, value.size());
      value.storage().find_if([&](const DictionaryEntry& entry) {
        auto* place = new (dictionary.storage().append_uninitialized(memory)) DictionaryEntry();
        copy_child(entry.key, const_cast<Variant*>(&place->key));
        copy_child(entry.value, &place->value);
        place->key.key_hash_ = entry.key.key_hash_;
        return false;  // to the last
      });
      dictionary.index_copied_from(memory, value);
    } else if constexpr (std::is_same_v<T, Object>) {
      Object& object = to->emplace_in<Object>(memory);
      if (!value.is_full()) {
        object = value;
        return;
      }
      object = Object::full(memory, value.class_name());
      object.storage().reserve_in(memory, value.properties().size());
      for (const ObjectProperty& property : value.properties()) {
        auto* place = new (object.storage().append_uninitialized(memory)) ObjectProperty();
        place->name = copy_string(memory, property.name);
        copy_child(property.value, &place->value);
      }
    } else {
      copy_leaf(memory, value, to);
    }
  });
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_VARIANT_TREE_H_
