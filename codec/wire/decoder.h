#ifndef RINGPEER_CODEC_WIRE_DECODER_H_
#define RINGPEER_CODEC_WIRE_DECODER_H_

// The decoder behind decode.h and arena_decode.h; not for direct use.

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "ringpeer/codec/base/depth_stack.h"
#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/convert.h"
#include "ringpeer/codec/value/element_fit.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_tree.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/codec/wire/options.h"
#include "ringpeer/codec/wire/wire_reader.h"

namespace ringpeer {

// One decode. Values are built where they will stay, never in temporaries, so that
// nothing but Memory decides who releases what.
template <typename Memory>
class Decoder : private WireReader {
 public:
  Decoder(Memory& memory, std::span<const std::uint8_t> bytes, const DecodeOptions& options)
      : WireReader(bytes),
        memory_(memory),
        options_(options),
        nodes_left_(options.limits.nodes),
        elements_left_(options.limits.elements),
        bytes_left_(options.limits.bytes),
        maximum_depth_(std::min(options.limits.depth, kMaximumDepth)) {}

  // *value must be Nil; after an error it holds what was built so far.
  Error decode(Variant* value) { return decode_value(value); }

  using WireReader::consumed;

 private:
  static constexpr bool kOwned = std::is_same_v<Memory, HeapMemory>;
  static constexpr std::size_t kSmallestEntry = 2 * kSmallestVariantSize;
  static constexpr std::size_t kSmallestProperty = sizeof(std::uint32_t) + kSmallestVariantSize;

  // --- Budgets ---

  static bool spend(std::size_t* budget, std::size_t amount) {
    if (amount > *budget) return false;
    *budget -= amount;
    return true;
  }
  bool spend_bytes(std::size_t bytes) { return spend(&bytes_left_, bytes); }

  template <typename T>
  void discard(T* element) {
    if constexpr (kOwned) std::destroy_at(element);
  }

  // How many elements to make room for: no more than the bytes that no other open
  // container has been promised can hold, so that nested lies do not add up.
  std::size_t promise(std::size_t count, std::size_t smallest_size) {
    const std::size_t free = available() > promised_ ? available() - promised_ : 0;
    const std::size_t room = std::min(count, free / smallest_size);
    promised_ += room * smallest_size;
    return room;
  }

  // Of a CompactVector or an EntryList.
  template <typename Elements>
  bool make_room(Elements* elements, std::size_t capacity) {
    if (capacity == 0) return true;
    if (!spend_bytes(elements->block_bytes(capacity))) return false;
    elements->reserve_in(memory_, capacity);
    return true;
  }

  // A place for one more element, null when the budget is spent. It counts already: the caller
  // constructs an empty one there before anything that may throw.
  template <typename Elements>
  auto* next_place(Elements* elements) {
    auto* place = elements->append_within_capacity();
    return place != nullptr ? place : grown_place(elements);
  }

  template <typename Elements>
  [[gnu::noinline]] auto* grown_place(Elements* elements) {
    using Place = decltype(elements->append_within_capacity());
    if (!spend_bytes(elements->next_block_bytes())) return Place(nullptr);
    return elements->append_uninitialized(memory_);
  }

  // --- Containers that are open ---

  // What comes next of a container: an element, a key or a name; a value; or a look at what has
  // been built.
  enum class Part : std::uint8_t { FIRST, VALUE, SETTLE };

  // A container that is being filled. What it holds is still at its place when all of that
  // which is inside has been built.
  struct Open {
    Variant* container;
    std::uint32_t left;      // elements, entries or properties still to come
    std::uint32_t promised;  // of which the next so many have been promised their bytes
    Part part;
  };

  // Whether what a container at this depth holds is decoded by recursion.
  bool shallow() const { return depth_ < kShallowDepth && open_.empty(); }

  // What the container holds comes next; after the outermost of them, at once.
  [[gnu::noinline]] Error open(Variant* container, std::size_t count, std::size_t room) {
    if (count == 0) return Error::OK;
    open_.push({container, static_cast<std::uint32_t>(count), static_cast<std::uint32_t>(room),
                Part::FIRST});
    ++depth_;
    Error error = Error::OK;
    if (open_.size() > 1) return error;
    while (error == Error::OK && !open_.empty()) error = decode_inside(&open_.back());
    return error;
  }

  // One more of what is still to come. When there is none the container is closed.
  bool take(Open* open, std::size_t smallest_size) {
    if (open->left == 0) {
      open_.pop();
      --depth_;
      return false;
    }
    --open->left;
    if (open->promised > 0) {
      --open->promised;
      promised_ -= smallest_size;
    }
    return true;
  }

  // --- Values ---

  // The kinds that messages are made of are built where they are called for, behind
  // branches that are predicted; the others cost a call and a jump through a table.
  //
  // Recursion ends at kShallowDepth: a peer decides how deep values nest, and the stack must not
  // be its choice. What a deeper container holds comes after it, in the loop of open().
  [[gnu::always_inline]] Error decode_value(Variant* value) {
    if (depth_ > maximum_depth_) return Error::ERR_OUT_OF_MEMORY;
    if (!has(sizeof(std::uint32_t))) return Error::ERR_INVALID_DATA;
    const auto header = load<std::uint32_t>();
    const std::uint32_t type = header & kHeaderTypeMask;
    if (type >= kVariantTypeCount) return Error::ERR_INVALID_DATA;
    if (!spend(&nodes_left_, 1)) return Error::ERR_OUT_OF_MEMORY;
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

  Error build(VariantTag<bool>, Variant* value, std::uint32_t) {
    std::uint32_t word = 0;
    const Error error = read(&word);
    if (error == Error::OK) value->template emplace_in<bool>(memory_, word != 0);
    return error;
  }

  template <typename Narrow, typename Wide>
  Error build_number(Variant* value, std::uint32_t header) {
    if ((header & kHeaderFlag64) != 0) {
      if (!has(sizeof(Wide))) return Error::ERR_INVALID_DATA;
      value->template emplace_in<Wide>(memory_, load<Wide>());
    } else {
      if (!has(sizeof(Narrow))) return Error::ERR_INVALID_DATA;
      value->template emplace_in<Wide>(memory_, static_cast<Wide>(load<Narrow>()));
    }
    return Error::OK;
  }
  Error build(VariantTag<std::int64_t>, Variant* value, std::uint32_t header) {
    return build_number<std::int32_t, std::int64_t>(value, header);
  }
  Error build(VariantTag<double>, Variant* value, std::uint32_t header) {
    return build_number<float, double>(value, header);
  }

  template <typename T>
  requires(std::is_same_v<T, String> || std::is_same_v<T, StringName>) Error
      build(VariantTag<T>, Variant* value, std::uint32_t) {
    String::ShortText short_text;
    if (read_short_text(&short_text)) {
      value->template emplace_in<T>(memory_, String(short_text));
      return Error::OK;
    }
    return build_any_text(VariantTag<T>(), value);
  }

  template <typename T>
  [[gnu::noinline]] Error build_any_text(VariantTag<T>, Variant* value) {
    std::string_view text;
    const Error error = read_text(&text);
    if (error != Error::OK) return error;
    if (!spend_bytes(String::heap_bytes(text.size()))) return Error::ERR_OUT_OF_MEMORY;
    value->template emplace_in<T>(memory_, String::Valid{}, memory_, text);
    return Error::OK;
  }

  template <typename T>
  requires(kIsMath<T>) Error build(VariantTag<T>, Variant* value, std::uint32_t header) {
    constexpr std::size_t kCount = kComponentCount<T>;
    const bool doubles = kHasDoubleForm<T> && (header & kHeaderFlag64) != 0;
    if (!has(kCount * (doubles ? sizeof(double) : sizeof(float)))) return Error::ERR_INVALID_DATA;
    if (Variant::boxed<T>() && !spend_bytes(sizeof(T))) return Error::ERR_OUT_OF_MEMORY;
    T typed;
    if (doubles) {
      load_doubles(reinterpret_cast<std::uint8_t*>(&typed), kCount);
    } else {
      typed = load<T>();
    }
    value->template emplace_in<T>(memory_, typed);
    return Error::OK;
  }

  [[gnu::noinline]] Error build(VariantTag<NodePath>, Variant* value, std::uint32_t) {
    std::uint32_t words[3];  // name count, subname count, flags
    if (!has(sizeof(words[0]))) return Error::ERR_INVALID_DATA;
    std::memcpy(words, position(), sizeof(words[0]));
    if ((words[0] & kNodePathFormatBit) == 0) return Error::ERR_INVALID_DATA;
    if (!has(sizeof(words))) return Error::ERR_INVALID_DATA;
    std::memcpy(words, position(), sizeof(words));
    skip(sizeof(words));
    const std::uint32_t name_count = words[0] & ~kNodePathFormatBit;
    const std::uint32_t extra = (words[2] & kNodePathFlagProperty) != 0 ? 1 : 0;
    // Godot adds in 32 bits: the sum may wrap, and names beyond it are not there.
    const std::uint32_t total = name_count + words[1] + extra;
    NodePath& path = value->template emplace_in<NodePath>(memory_, CompactVector<String>(), 0,
                                                          (words[2] & kNodePathFlagAbsolute) != 0);
    const Error error = build_strings(&path.storage(), total);
    path.set_name_count(std::min<std::size_t>(name_count, path.storage().size()));
    return error;
  }

  [[gnu::noinline]] Error build_strings(CompactVector<String>* strings, std::size_t count) {
    const std::size_t promised_before = promised_;
    const std::size_t room = promise(count, sizeof(std::uint32_t));
    promised_ = promised_before;  // nothing nests in strings
    if (room > elements_left_ || !make_room(strings, room)) return Error::ERR_OUT_OF_MEMORY;
    for (std::size_t i = 0; i < count; ++i) {
      std::string_view text;
      const Error error = read_text(&text);
      if (error != Error::OK) return error;
      if (!spend(&elements_left_, 1)) return Error::ERR_OUT_OF_MEMORY;
      String* place = next_place(strings);
      if (place == nullptr) return Error::ERR_OUT_OF_MEMORY;
      new (place) String();
      if (!spend_bytes(String::heap_bytes(text.size()))) return Error::ERR_OUT_OF_MEMORY;
      *place = String(String::Valid{}, memory_, text);
    }
    return Error::OK;
  }

  Error build(VariantTag<RID>, Variant* value, std::uint32_t) {
    RID rid;
    const Error error = read(&rid.id);
    if (error == Error::OK) value->template emplace_in<RID>(memory_, rid);
    return error;
  }

  Error build(VariantTag<Callable>, Variant* value, std::uint32_t) {
    value->template emplace_in<Callable>(memory_);
    return Error::OK;
  }

  [[gnu::noinline]] Error build(VariantTag<Signal>, Variant* value, std::uint32_t) {
    std::string_view name;
    const Error error = read_text(&name);
    if (error != Error::OK) return error;
    if (!has(sizeof(std::uint64_t))) return Error::ERR_INVALID_DATA;
    const auto id = load<std::uint64_t>();
    if (!spend_bytes(sizeof(Signal) + String::heap_bytes(name.size()))) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    Signal& signal = value->template emplace_in<Signal>(memory_);
    signal.object_id = id;
    signal.name = StringName(String::Valid{}, memory_, name);
    return Error::OK;
  }

  // --- Objects ---

  Error build(VariantTag<Object>, Variant* value, std::uint32_t header) {
    if ((header & kHeaderFlagObjectAsId) != 0) {
      if (!has(sizeof(std::uint64_t))) return Error::ERR_INVALID_DATA;
      value->template emplace_in<Object>(memory_, Object::from_id(load<std::uint64_t>()));
      return Error::OK;
    }
    if (!options_.allow_objects) return Error::ERR_UNAUTHORIZED;
    return build_full_object(value);
  }

  [[gnu::noinline]] Error build_full_object(Variant* value) {
    std::string_view class_name;
    Error error = read_text(&class_name);
    if (error != Error::OK) return error;
    if (class_name.empty()) {
      value->template emplace_in<Object>(memory_);
      return Error::OK;
    }
    if (!is_class_name(class_name) || !class_allowed(class_name)) return Error::ERR_INVALID_DATA;
    std::int32_t count = 0;
    error = read(&count);
    if (error != Error::OK) return error;
    if (!spend_bytes(Object::heap_bytes(class_name.size()))) return Error::ERR_OUT_OF_MEMORY;
    Object& object = value->template emplace_in<Object>(memory_, Object::full(memory_, class_name));
    if (count <= 0) return Error::OK;
    const std::size_t room = promise(static_cast<std::size_t>(count), kSmallestProperty);
    if (!make_room(&object.storage(), room)) return Error::ERR_OUT_OF_MEMORY;
    return open(value, static_cast<std::size_t>(count), room);
  }

  Error decode_properties(Open* open) {
    Object::Properties& properties = open->container->template ref<Object>().storage();
    const std::size_t level = open_.size();
    for (;;) {
      if (open->part == Part::SETTLE) {
        open->part = Part::FIRST;
        const ObjectProperty& property = properties.back();
        if (property.name.view() == kScriptProperty && !script_value_allowed(property.value)) {
          return Error::ERR_INVALID_DATA;
        }
      }
      if (!take(open, kSmallestProperty)) return Error::OK;
      Error error = build_property_name(&properties);
      if (error != Error::OK) return error;
      open->part = Part::SETTLE;
      error = decode_value(&properties.back().value);
      if (error != Error::OK || open_.size() != level) return error;
    }
  }

  [[gnu::noinline]] Error build_property_name(Object::Properties* properties) {
    std::string_view name;
    const Error error = read_text(&name);
    if (error != Error::OK) return error;
    if (!spend(&elements_left_, 1) || !spend_bytes(String::heap_bytes(name.size()))) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    ObjectProperty* place = next_place(properties);
    if (place == nullptr) return Error::ERR_OUT_OF_MEMORY;
    new (place) ObjectProperty();
    place->name = String(String::Valid{}, memory_, name);
    return Error::OK;
  }

  static bool script_value_allowed(const Variant& value) {
    return value.is_nil() ||
           (value.type() == VariantType::STRING && value.as_text().starts_with(kScriptPathPrefix));
  }

  bool class_allowed(std::string_view name) const {
    return options_.allowed_classes.empty() ||
           std::ranges::find(options_.allowed_classes, name) != options_.allowed_classes.end();
  }

  // --- Containers ---

  // Whether the bytes for another value are there; what is too deep is told so first.
  bool has_value() const { return has(kSmallestVariantSize) || depth_ > maximum_depth_; }

  // What a container holds, up to the next container in it.
  Error decode_inside(Open* open) {
    switch (open->container->type()) {
      case VariantType::ARRAY:
        return decode_elements(open);
      case VariantType::DICTIONARY:
        return decode_entries(open);
      default:
        return decode_properties(open);
    }
  }

  [[gnu::noinline]] Error read_container_type(std::uint32_t kind, ContainerType* type) {
    switch (static_cast<ContainerKind>(kind & kContainerKindMask)) {
      case ContainerKind::UNTYPED:
        return Error::OK;
      case ContainerKind::BUILTIN:
        return read_builtin_type(type);
      case ContainerKind::CLASS_NAME:
      case ContainerKind::SCRIPT:
        break;
    }
    std::string_view name;
    const Error error = read_text(&name);
    if (error != Error::OK) return error;
    const bool script =
        (kind & kContainerKindMask) == static_cast<std::uint32_t>(ContainerKind::SCRIPT);
    if (options_.allow_objects && script && !name.starts_with(kScriptPathPrefix)) {
      return Error::ERR_INVALID_DATA;
    }
    if (!options_.allow_objects || name == kEncodedObjectAsIdClass) {
      *type = ContainerType::encoded_object_as_id();
      return Error::OK;
    }
    if (!script && name.empty()) {
      *type = ContainerType::builtin(VariantType::OBJECT);
      return Error::OK;
    }
    if (!script && !class_allowed(name)) return Error::ERR_INVALID_DATA;
    if (!spend_bytes(ContainerType::heap_bytes(name.size()))) return Error::ERR_OUT_OF_MEMORY;
    *type = ContainerType::named(memory_,
                                 script ? ContainerKind::SCRIPT : ContainerKind::CLASS_NAME, name);
    return Error::OK;
  }

  Error read_builtin_type(ContainerType* type) {
    std::uint32_t id = 0;
    const Error error = read(&id);
    if (error != Error::OK) return error;
    if (id >= kVariantTypeCount) return Error::ERR_INVALID_DATA;
    const auto builtin = static_cast<VariantType>(id);
    *type = builtin == VariantType::OBJECT && !options_.allow_objects
                ? ContainerType::encoded_object_as_id()
                : ContainerType::builtin(builtin);
    return Error::OK;
  }

  [[gnu::noinline]] Error build(VariantTag<Array>, Variant* value, std::uint32_t header) {
    Array& array = value->template emplace_in<Array>(memory_);
    if ((header >> kElementKindShift & kContainerKindMask) != 0) {
      const Error error = read_array_type(&array, header);
      if (error != Error::OK) return error;
    }
    if (!has(sizeof(std::uint32_t))) return Error::ERR_INVALID_DATA;
    const std::size_t count = load<std::uint32_t>() & kContainerCountMask;
    const std::size_t room = promise(count, kSmallestVariantSize);
    if (room > nodes_left_ || !make_room(&array.storage(), room)) return Error::ERR_OUT_OF_MEMORY;
    if (!shallow()) return open(value, count, room);
    ++depth_;
    for (std::size_t i = 0; i < count; ++i) {
      if (i < room) promised_ -= kSmallestVariantSize;
      Error error = decode_element(&array);
      if (error == Error::OK && array.is_typed()) error = settle_element(&array);
      if (error != Error::OK) return error;
    }
    --depth_;
    return Error::OK;
  }

  [[gnu::always_inline]] Error decode_element(Array* array) {
    if (!has_value()) return Error::ERR_INVALID_DATA;
    Variant* place = next_place(&array->storage());
    if (place == nullptr) return Error::ERR_OUT_OF_MEMORY;
    new (place) Variant();
    return decode_value(place);
  }

  [[gnu::noinline]] Error decode_elements(Open* open) {
    auto& array = open->container->template ref<Array>();
    const std::size_t level = open_.size();
    for (;;) {
      if (open->part == Part::SETTLE && array.is_typed()) {
        const Error error = settle_element(&array);
        if (error != Error::OK) return error;
      }
      if (!take(open, kSmallestVariantSize)) return Error::OK;
      open->part = Part::SETTLE;
      const Error error = decode_element(&array);
      if (error != Error::OK || open_.size() != level) return error;
    }
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
    if (!has(sizeof(std::uint32_t))) return Error::ERR_INVALID_DATA;
    const std::size_t count = load<std::uint32_t>() & kContainerCountMask;
    const std::size_t room = promise(count, kSmallestEntry);
    if (room > nodes_left_ / 2 || !make_room(&dictionary.storage(), room)) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    if (!shallow()) return open(value, count, room);
    ++depth_;
    for (std::size_t i = 0; i < count; ++i) {
      if (i < room) promised_ -= kSmallestEntry;
      DictionaryEntry* entry = nullptr;
      Error error = begin_entry(&dictionary, &entry);
      if (error == Error::OK) error = decode_value(const_cast<Variant*>(&entry->key));
      if (error == Error::OK) error = decode_value(&entry->value);
      if (error == Error::OK) error = settle_entry(&dictionary, entry);
      if (error != Error::OK) return error;
    }
    --depth_;
    return Error::OK;
  }

  [[gnu::always_inline]] Error begin_entry(Dictionary* dictionary, DictionaryEntry** entry) {
    if (!has_value()) return Error::ERR_INVALID_DATA;
    *entry = next_place(&dictionary->storage());
    if (*entry == nullptr) return Error::ERR_OUT_OF_MEMORY;
    new (*entry) DictionaryEntry();
    return Error::OK;
  }

  [[gnu::noinline]] Error decode_entries(Open* open) {
    auto& dictionary = open->container->template ref<Dictionary>();
    const std::size_t level = open_.size();
    DictionaryEntry* entry = nullptr;
    Error error = Error::OK;
    for (;;) {
      switch (open->part) {
        case Part::FIRST:
          if (!take(open, kSmallestEntry)) return Error::OK;
          error = begin_entry(&dictionary, &entry);
          if (error != Error::OK) return error;
          open->part = Part::VALUE;
          error = decode_value(const_cast<Variant*>(&entry->key));
          if (error != Error::OK || open_.size() != level) return error;
          [[fallthrough]];
        case Part::VALUE:
          open->part = Part::SETTLE;
          error = decode_value(&dictionary.storage().back().value);
          if (error != Error::OK || open_.size() != level) return error;
          [[fallthrough]];
        case Part::SETTLE:
          open->part = Part::FIRST;
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
    if (!spend_bytes(dictionary->next_index_bytes())) return Error::ERR_OUT_OF_MEMORY;
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

  // A type that has been read, until a container has it.
  struct ReadType {
    ContainerType type;
    ~ReadType() {
      if constexpr (!kOwned) type.forget();
    }
  };

  [[gnu::noinline]] Error read_dictionary_types(Dictionary* dictionary, std::uint32_t header) {
    ReadType key;
    ReadType value;
    Error error = read_container_type(header >> kKeyKindShift, &key.type);
    if (error == Error::OK) error = read_container_type(header >> kValueKindShift, &value.type);
    if (error == Error::OK && !spend_bytes(Dictionary::extra_bytes())) {
      error = Error::ERR_OUT_OF_MEMORY;
    }
    if (error == Error::OK && (key.type.is_typed() || value.type.is_typed())) {
      dictionary->set_types_in(memory_, std::move(key.type), std::move(value.type));
    }
    return error;
  }

  // Godot's rule for an element of a typed container: whether it stays, converted perhaps.
  [[gnu::noinline]] Error fit(const ContainerType& type, Variant* element, bool* fits) {
    *fits = true;
    if (!type.is_typed() ||
        (type.type() == element->type() && type.type() != VariantType::OBJECT)) {
      return Error::OK;
    }
    // What a conversion takes is paid for before it is made.
    if (!spend_bytes(converted_bytes(*element, type.type()))) return Error::ERR_OUT_OF_MEMORY;
    Variant converted;
    switch (fit_element(type, *element, &converted)) {
      case ElementFit::AS_IT_IS:
        return Error::OK;
      case ElementFit::REFUSED:
        *fits = false;
        return Error::OK;
      case ElementFit::CONVERTED:
        break;
    }
    if constexpr (kOwned) {
      *element = std::move(converted);
    } else {
      new (element) Variant();
      VariantTree::copy(memory_, converted, element);
    }
    return Error::OK;
  }

  // --- Packed arrays ---

  Error read_count(std::size_t element_size, std::size_t* count) {
    if (!has(sizeof(std::uint32_t))) return Error::ERR_INVALID_DATA;
    const auto word = load<std::int32_t>();
    if (word < 0 || !has(static_cast<std::size_t>(word) * element_size)) {
      return Error::ERR_INVALID_DATA;
    }
    *count = static_cast<std::size_t>(word);
    return spend(&elements_left_, *count) ? Error::OK : Error::ERR_OUT_OF_MEMORY;
  }

  template <typename T>
  [[gnu::noinline]] Error build(VariantTag<CompactVector<T>>, Variant* value,
                                std::uint32_t header) {
    const bool doubles = kHasDoubleForm<T> && (header & kHeaderFlag64) != 0;
    std::size_t count = 0;
    const Error error = read_count(doubles ? 2 * sizeof(T) : sizeof(T), &count);
    if (error != Error::OK) return error;
    if (count != 0 && !spend_bytes(CompactVector<T>::block_bytes(count))) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    auto& packed = value->template emplace_in<CompactVector<T>>(memory_);
    T* elements = packed.fill_uninitialized(memory_, count);
    if (count == 0) return Error::OK;
    if (doubles) {
      load_doubles(reinterpret_cast<std::uint8_t*>(elements), count * sizeof(T) / kComponentSize);
    } else {
      std::memcpy(static_cast<void*>(elements), position(), count * sizeof(T));
      // Only bytes need padding; it need not be there at the very end.
      skip(wire_padded(count * sizeof(T)));
    }
    return Error::OK;
  }

  [[gnu::noinline]] Error build(VariantTag<PackedStringArray>, Variant* value, std::uint32_t) {
    std::int32_t count = 0;
    const Error error = read(&count);
    if (error != Error::OK) return error;
    auto& strings = value->template emplace_in<PackedStringArray>(memory_);
    return build_strings(&strings, count < 0 ? 0 : static_cast<std::size_t>(count));
  }

  Memory& memory_;
  const DecodeOptions& options_;
  std::size_t nodes_left_;
  std::size_t elements_left_;
  std::size_t bytes_left_;
  std::size_t maximum_depth_;
  // Bytes that open containers still need for the elements they have room for.
  std::size_t promised_ = 0;
  std::size_t depth_ = 0;  // of the value to come
  DepthStack<Open> open_;  // what is not decoded by recursion, outermost first
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_DECODER_H_
