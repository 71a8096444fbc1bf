#ifndef RINGPEER_CODEC_WIRE_DECODER_H_
#define RINGPEER_CODEC_WIRE_DECODER_H_

// The decoder behind decode.h and arena_decode.h; not for direct use.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/codec/wire/container_type_decoder.h"
#include "ringpeer/codec/wire/leaf_decoder.h"
#include "ringpeer/codec/wire/open_containers.h"
#include "ringpeer/codec/wire/options.h"

namespace ringpeer {

// One decode: every value, and what containers hold. Values are built where they will stay, never
// in temporaries, so that nothing but Memory decides who releases what.
//
// Threads: the one that makes it. Lifetime: what it is given must outlive it.
template <typename Memory>
class Decoder : private ContainerTypeDecoder<Memory> {
 public:
  Decoder(Memory& memory, std::span<const std::uint8_t> bytes, const DecodeOptions& options)
      : ContainerTypeDecoder<Memory>(memory, bytes, options), open_(options.limits.depth) {}

  // *value must be Nil; after an error it holds what was built so far.
  Error decode(Variant* value) { return decode_value(value); }

  std::size_t consumed() const { return reader_.consumed(); }

 private:
  static constexpr std::size_t kSmallestEntry = 2 * kSmallestVariantSize;
  static constexpr std::size_t kSmallestProperty = sizeof(std::uint32_t) + kSmallestVariantSize;

  using LeafDecoder<Memory>::budget_;
  using LeafDecoder<Memory>::build;
  using LeafDecoder<Memory>::memory_;
  using LeafDecoder<Memory>::options_;
  using LeafDecoder<Memory>::reader_;
  using Types = ContainerTypeDecoder<Memory>;
  using Types::class_allowed;
  using Types::fit;
  using Types::kOwned;
  using Types::read_container_type;

  // --- Values ---

  // The kinds that messages are made of are built where they are called for, behind
  // branches that are predicted; the others cost a call and a jump through a table.
  //
  // Recursion ends at kShallowDepth; what a deeper container holds comes after it, in the loop of
  // open().
  [[gnu::always_inline]] Error decode_value(Variant* value) {
    if (open_.too_deep()) return Error::ERR_OUT_OF_MEMORY;
    if (!reader_.has(sizeof(std::uint32_t))) return Error::ERR_INVALID_DATA;
    const auto header = reader_.template load<std::uint32_t>();
    const std::uint32_t type = header & kHeaderTypeMask;
    if (type >= kVariantTypeCount) return Error::ERR_INVALID_DATA;
    if (!budget_.spend_node()) return Error::ERR_OUT_OF_MEMORY;
    switch (static_cast<VariantType>(type)) {
      case VariantType::STRING:
        return build(VariantTag<String>(), value, header);
      case VariantType::INT:
        return build(VariantTag<std::int64_t>(), value, header);
      case VariantType::FLOAT:
        return build(VariantTag<double>(), value, header);
      case VariantType::VECTOR3:
        return build(VariantTag<Vector3>(), value, header);
      default:
        return decode_other(value, header);
    }
  }

  [[gnu::noinline]] Error decode_other(Variant* value, std::uint32_t header) {
    const auto type = static_cast<VariantType>(header & kHeaderTypeMask);
    return visit_variant_type(type, [&](auto tag) -> Error {
      using T = typename decltype(tag)::Type;
      if constexpr (std::is_same_v<T, NilValue>) {
        return Error::OK;
      } else {
        return build(tag, value, header);
      }
    });
  }

  // --- Objects ---

  Error build(VariantTag<Object>, Variant* value, std::uint32_t header) {
    if ((header & kHeaderFlagObjectAsId) != 0) {
      if (!reader_.has(sizeof(std::uint64_t))) return Error::ERR_INVALID_DATA;
      value->template emplace_in<Object>(memory_,
                                         Object::from_id(reader_.template load<std::uint64_t>()));
      return Error::OK;
    }
    if (!options_.allow_objects) return Error::ERR_UNAUTHORIZED;
    return build_full_object(value);
  }

  [[gnu::noinline]] Error build_full_object(Variant* value) {
    std::string_view class_name;
    Error error = reader_.read_text(&class_name);
    if (error != Error::OK) return error;
    if (class_name.empty()) {
      value->template emplace_in<Object>(memory_);
      return Error::OK;
    }
    if (!is_class_name(class_name) || !class_allowed(class_name)) return Error::ERR_INVALID_DATA;
    std::int32_t count = 0;
    error = reader_.read(&count);
    if (error != Error::OK) return error;
    if (!budget_.spend_bytes(Object::heap_bytes(class_name.size()))) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    Object& object = value->template emplace_in<Object>(memory_, Object::full(memory_, class_name));
    if (count <= 0) return Error::OK;
    const std::size_t room =
        budget_.promise(static_cast<std::size_t>(count), kSmallestProperty, reader_.available());
    if (!budget_.make_room(&object.storage(), room)) return Error::ERR_OUT_OF_MEMORY;
    return open(value, static_cast<std::size_t>(count), room);
  }

  Error decode_properties(OpenContainer* open) {
    Object::Properties& properties = open->container->template ref<Object>().storage();
    const std::size_t level = open_.size();
    for (;;) {
      if (open->part == ContainerPart::SETTLE) {
        open->part = ContainerPart::FIRST;
        const ObjectProperty& property = properties.back();
        if (property.name.view() == kScriptProperty && !script_value_allowed(property.value)) {
          return Error::ERR_INVALID_DATA;
        }
      }
      if (!open_.take(open, kSmallestProperty, &budget_)) return Error::OK;
      Error error = build_property_name(&properties);
      if (error != Error::OK) return error;
      open->part = ContainerPart::SETTLE;
      error = decode_value(&properties.back().value);
      if (error != Error::OK || open_.size() != level) return error;
    }
  }

  [[gnu::noinline]] Error build_property_name(Object::Properties* properties) {
    std::string_view name;
    const Error error = reader_.read_text(&name);
    if (error != Error::OK) return error;
    if (!budget_.spend_elements(1) || !budget_.spend_bytes(String::heap_bytes(name.size()))) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    ObjectProperty* place = budget_.next_place(properties);
    if (place == nullptr) return Error::ERR_OUT_OF_MEMORY;
    new (place) ObjectProperty();
    place->name = String(String::Valid{}, memory_, name);
    return Error::OK;
  }

  static bool script_value_allowed(const Variant& value) {
    return value.is_nil() ||
           (value.type() == VariantType::STRING && value.as_text().starts_with(kScriptPathPrefix));
  }

  // --- Containers ---

  // What the container holds comes next; after the outermost of them, at once.
  [[gnu::noinline]] Error open(Variant* container, std::size_t count, std::size_t room) {
    if (count == 0) return Error::OK;
    open_.push(container, count, room);
    Error error = Error::OK;
    if (open_.size() > 1) return error;
    while (error == Error::OK && !open_.empty()) error = decode_inside(open_.innermost());
    return error;
  }

  // What a container holds, up to the next container in it.
  Error decode_inside(OpenContainer* open) {
    switch (open->container->type()) {
      case VariantType::ARRAY:
        return decode_elements(open);
      case VariantType::DICTIONARY:
        return decode_entries(open);
      default:
        return decode_properties(open);
    }
  }

  // Whether the bytes for another value are there; what is too deep is told so first.
  bool has_value() const { return reader_.has(kSmallestVariantSize) || open_.too_deep(); }

  [[gnu::noinline]] Error build(VariantTag<Array>, Variant* value, std::uint32_t header) {
    Array& array = value->template emplace_in<Array>(memory_);
    if ((header >> kElementKindShift & kContainerKindMask) != 0) {
      const Error error = read_array_type(&array, header);
      if (error != Error::OK) return error;
    }
    if (!reader_.has(sizeof(std::uint32_t))) return Error::ERR_INVALID_DATA;
    const std::size_t count = reader_.template load<std::uint32_t>() & kContainerCountMask;
    const std::size_t room = budget_.promise(count, kSmallestVariantSize, reader_.available());
    if (room > budget_.nodes_left() || !budget_.make_room(&array.storage(), room)) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    if (!open_.shallow()) return open(value, count, room);
    open_.enter();
    for (std::size_t i = 0; i < count; ++i) {
      if (i < room) budget_.redeem(kSmallestVariantSize);
      Error error = decode_element(&array);
      if (error == Error::OK && array.is_typed()) error = settle_element(&array);
      if (error != Error::OK) return error;
    }
    open_.leave();
    return Error::OK;
  }

  [[gnu::always_inline]] Error decode_element(Array* array) {
    if (!has_value()) return Error::ERR_INVALID_DATA;
    Variant* place = budget_.next_place(&array->storage());
    if (place == nullptr) return Error::ERR_OUT_OF_MEMORY;
    new (place) Variant();
    return decode_value(place);
  }

  [[gnu::noinline]] Error decode_elements(OpenContainer* open) {
    auto& array = open->container->template ref<Array>();
    const std::size_t level = open_.size();
    for (;;) {
      if (open->part == ContainerPart::SETTLE && array.is_typed()) {
        const Error error = settle_element(&array);
        if (error != Error::OK) return error;
      }
      if (!open_.take(open, kSmallestVariantSize, &budget_)) return Error::OK;
      open->part = ContainerPart::SETTLE;
      const Error error = decode_element(&array);
      if (error != Error::OK || open_.size() != level) return error;
    }
  }

  // What is dropped may own memory, where it does not lie in an arena.
  template <typename T>
  static void discard(T* element) {
    if constexpr (kOwned) std::destroy_at(element);
  }

  // Drops the last element when the array does not take it.
  [[gnu::noinline]] Error settle_element(Array* array) {
    Variant* place = &array->storage().back();
    bool fits = true;
    const Error error = fit(array->element_type(), place, &fits);
    if (error != Error::OK || fits) return error;
    discard(place);
    array->storage().drop_uninitialized();
    return Error::OK;
  }

  [[gnu::noinline]] Error read_array_type(Array* array, std::uint32_t header) {
    ContainerType type;
    const Error error = read_container_type(header >> kElementKindShift, &type);
    if (error == Error::OK) array->set_element_type(std::move(type));
    return error;
  }

  [[gnu::noinline]] Error build(VariantTag<Dictionary>, Variant* value, std::uint32_t header) {
    Dictionary& dictionary = value->template emplace_in<Dictionary>(memory_);
    constexpr std::uint32_t kKinds = kContainerKindMask << kKeyKindShift | kContainerKindMask
                                                                               << kValueKindShift;
    if ((header & kKinds) != 0) {
      const Error error = read_dictionary_types(&dictionary, header);
      if (error != Error::OK) return error;
    }
    if (!reader_.has(sizeof(std::uint32_t))) return Error::ERR_INVALID_DATA;
    const std::size_t count = reader_.template load<std::uint32_t>() & kContainerCountMask;
    const std::size_t room = budget_.promise(count, kSmallestEntry, reader_.available());
    if (room > budget_.nodes_left() / 2 || !budget_.make_room(&dictionary.storage(), room)) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    if (!open_.shallow()) return open(value, count, room);
    open_.enter();
    for (std::size_t i = 0; i < count; ++i) {
      if (i < room) budget_.redeem(kSmallestEntry);
      DictionaryEntry* entry = nullptr;
      Error error = begin_entry(&dictionary, &entry);
      if (error == Error::OK) error = decode_value(const_cast<Variant*>(&entry->key));
      if (error == Error::OK) error = decode_value(&entry->value);
      if (error == Error::OK) error = settle_entry(&dictionary, entry);
      if (error != Error::OK) return error;
    }
    open_.leave();
    return Error::OK;
  }

  [[gnu::always_inline]] Error begin_entry(Dictionary* dictionary, DictionaryEntry** entry) {
    if (!has_value()) return Error::ERR_INVALID_DATA;
    *entry = budget_.next_place(&dictionary->storage());
    if (*entry == nullptr) return Error::ERR_OUT_OF_MEMORY;
    new (*entry) DictionaryEntry();
    return Error::OK;
  }

  [[gnu::noinline]] Error decode_entries(OpenContainer* open) {
    auto& dictionary = open->container->template ref<Dictionary>();
    const std::size_t level = open_.size();
    DictionaryEntry* entry = nullptr;
    Error error = Error::OK;
    for (;;) {
      switch (open->part) {
        case ContainerPart::FIRST:
          if (!open_.take(open, kSmallestEntry, &budget_)) return Error::OK;
          error = begin_entry(&dictionary, &entry);
          if (error != Error::OK) return error;
          open->part = ContainerPart::VALUE;
          error = decode_value(const_cast<Variant*>(&entry->key));
          if (error != Error::OK || open_.size() != level) return error;
          [[fallthrough]];
        case ContainerPart::VALUE:
          open->part = ContainerPart::SETTLE;
          error = decode_value(&dictionary.storage().back().value);
          if (error != Error::OK || open_.size() != level) return error;
          [[fallthrough]];
        case ContainerPart::SETTLE:
          open->part = ContainerPart::FIRST;
          error = settle_entry(&dictionary, &dictionary.storage().back());
          if (error != Error::OK) return error;
      }
    }
  }

  // Keeps the entry just decoded, gives its value to an earlier one with the same key,
  // or drops it when its key does not fit.
  Error settle_entry(Dictionary* dictionary, DictionaryEntry* entry) {
    auto* key = const_cast<Variant*>(&entry->key);
    if (dictionary->is_plain(*key)) [[likely]] {
      DictionaryEntry* same = dictionary->find_before_last(*entry);
      if (same != nullptr) replace_value(dictionary, same, entry);
      return Error::OK;
    }
    return settle_any_entry(dictionary, entry, key);
  }

  [[gnu::noinline]] Error settle_any_entry(Dictionary* dictionary, DictionaryEntry* entry,
                                           Variant* key) {
    if (dictionary->is_typed()) {
      bool fits = true;
      const Error error = fit(dictionary->key_type(), key, &fits);
      if (error != Error::OK) return error;
      if (!fits) {
        discard(entry);
        dictionary->storage().drop_uninitialized();
        return Error::OK;
      }
    }
    if (!budget_.spend_bytes(dictionary->next_index_bytes())) return Error::ERR_OUT_OF_MEMORY;
    DictionaryEntry* same = dictionary->index_last(memory_);
    if (same == nullptr) return Error::OK;
    if (options_.distinct_object_keys && key->is_object() && !key->ref<Object>().is_null()) {
      dictionary->hide_last();
      return Error::OK;
    }
    replace_value(dictionary, same, entry);
    return Error::OK;
  }

  // Gives the value of the last entry to an earlier one.
  [[gnu::noinline]] void replace_value(Dictionary* dictionary, DictionaryEntry* same,
                                       DictionaryEntry* last) {
    same->value.swap(last->value);
    discard(last);
    dictionary->storage().drop_uninitialized();
  }

  [[gnu::noinline]] Error read_dictionary_types(Dictionary* dictionary, std::uint32_t header) {
    typename Types::ReadType key;
    typename Types::ReadType value;
    Error error = read_container_type(header >> kKeyKindShift, &key.type);
    if (error == Error::OK) error = read_container_type(header >> kValueKindShift, &value.type);
    if (error == Error::OK && !budget_.spend_bytes(Dictionary::extra_bytes())) {
      error = Error::ERR_OUT_OF_MEMORY;
    }
    if (error == Error::OK && (key.type.is_typed() || value.type.is_typed())) {
      dictionary->set_types_in(memory_, std::move(key.type), std::move(value.type));
    }
    return error;
  }

  OpenContainers open_;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_DECODER_H_
