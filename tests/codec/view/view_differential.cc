#include "ringpeer/tests/codec/view/view_differential.h"

#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_equality.h"
#include "ringpeer/codec/value/variant_visit.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/codec/view/walk_differential.h"

namespace ringpeer {
namespace {

// Lookups cost the square of the entries: larger dictionaries are compared by
// iteration and by the lookup of their first and last keys.
constexpr std::size_t kMaxLookups = 64;

std::string differs(const VariantView& view, const Variant& value);

std::string mismatch(const char* what, const Variant& value) {
  return std::string(what) + " of " + std::string(value.type_name());
}

std::string compare_strings(const PackedStringsView& view, std::span<const String> strings,
                            const Variant& value) {
  if (view.size() != strings.size()) return mismatch("number of strings", value);
  std::size_t index = 0;
  for (const std::string_view text : view) {
    if (text != strings[index++].view()) return mismatch("string", value);
  }
  if (!strings.empty() && view[strings.size() - 1] != strings.back().view()) {
    return mismatch("last string", value);
  }
  return {};
}

template <typename T>
bool same_bytes(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

template <typename T>
std::string compare_packed(const VariantView& view, const CompactVector<T>& elements,
                           const Variant& value) {
  PackedView<T> packed;
  if (!view.read(&packed)) return mismatch("read", value);
  if (packed.size() != elements.size()) return mismatch("size", value);
  std::vector<T> copied(elements.size());
  if (packed.copy_to(copied) != elements.size()) return mismatch("copy", value);
  std::size_t index = 0;
  for (const T element : packed) {
    // NaN is compared as bytes: what a packed array holds is copied, not computed.
    if (!same_bytes(element, elements[index]) || !same_bytes(copied[index], elements[index])) {
      return mismatch("element", value);
    }
    ++index;
  }
  const std::span<const T> in_place = packed.in_place();
  if (!in_place.empty() &&
      std::memcmp(in_place.data(), elements.data(), in_place.size_bytes()) != 0) {
    return mismatch("elements in place", value);
  }
  return {};
}

std::string compare_array(const VariantView& view, const Array& array, const Variant& value) {
  ArrayView elements;
  if (!view.read(&elements)) return mismatch("read", value);
  if (elements.size() != array.size()) return mismatch("size", value);
  if (elements.element_type() != array.element_type().type()) return mismatch("type", value);
  std::size_t index = 0;
  for (const VariantView element : elements) {
    if (std::string what = differs(element, array[index++]); !what.empty()) return what;
  }
  return elements[array.size()].exists() ? mismatch("end", value) : std::string();
}

std::string compare_lookup(const DictionaryView& entries, const DictionaryEntry& entry,
                           const Variant& value) {
  const VariantView found = entries.find(entry.key);
  // A key that equals none, not even itself, is found in neither.
  if (value.ref<Dictionary>().find(entry.key) == nullptr) {
    return found.exists() ? mismatch("key that is not to be found", value) : std::string();
  }
  if (!found.exists()) return mismatch("key is missing", value);
  if (const auto* number = entry.key.get_if<std::int64_t>();
      number != nullptr && entries.find(*number).at() != found.at()) {
    return mismatch("lookup by int", value);
  }
  if (entry.key.is_text() && entries[entry.key.as_text()].at() != found.at()) {
    return mismatch("lookup by text", value);
  }
  return differs(found, entry.value);
}

// Keys of every kind of type: a typed dictionary converts what is sought.
std::string compare_foreign_lookups(const DictionaryView& entries, const Dictionary& dictionary,
                                    const Variant& value) {
  static const Variant keys[] = {Variant(),
                                 Variant(true),
                                 Variant(0),
                                 Variant(1),
                                 Variant(1.5),
                                 Variant("a"),
                                 Variant("0"),
                                 Variant(StringName("a")),
                                 Variant(NodePath("a")),
                                 Variant(Color()),
                                 Variant(Vector2()),
                                 Variant(Vector2i()),
                                 Variant(Object()),
                                 Variant(Array()),
                                 Variant(PackedByteArray())};
  for (const Variant& key : keys) {
    const Variant* const kept = dictionary.find(key);
    const VariantView found = entries.find(key);
    if (found.exists() != (kept != nullptr))
      return mismatch(("lookup by " + std::string(key.type_name())).c_str(), value);
    if (kept == nullptr) continue;
    if (std::string what = differs(found, *kept); !what.empty()) return what;
  }
  if (const std::int64_t number = 1; entries.find(number).exists() != dictionary.contains(number)) {
    return mismatch("lookup by an int", value);
  }
  return entries.find("no such key").exists() != dictionary.contains("no such key")
             ? mismatch("absent key", value)
             : std::string();
}

std::string compare_dictionary(const VariantView& view, const Dictionary& dictionary,
                               const Variant& value) {
  DictionaryView entries;
  if (!view.read(&entries)) return mismatch("read", value);
  if (entries.key_type() != dictionary.key_type().type()) return mismatch("key type", value);
  if (entries.value_type() != dictionary.value_type().type()) return mismatch("value type", value);
  // The view shows repeated keys again, so entries are inserted one by one.
  Dictionary inserted;
  std::size_t count = 0;
  for (const DictionaryView::Entry entry : entries) {
    inserted[entry.key.to_variant()] = entry.value.to_variant();
    ++count;
  }
  if (count != entries.size()) return mismatch("size", value);
  if (!same_key(Variant(inserted), Variant(dictionary)) && !(inserted == dictionary)) {
    return mismatch("entries", value);
  }
  std::size_t index = 0;
  for (const DictionaryEntry& entry : dictionary) {
    const bool looked_up = index < kMaxLookups || index + 1 == dictionary.size();
    ++index;
    if (!looked_up) continue;
    if (std::string what = compare_lookup(entries, entry, value); !what.empty()) return what;
  }
  return compare_foreign_lookups(entries, dictionary, value);
}

std::string compare_object(const VariantView& view, const Object& object, const Variant& value) {
  ObjectView seen;
  if (!view.read(&seen)) return mismatch("read", value);
  if (seen.is_null() != object.is_null() || seen.id() != object.id()) return mismatch("id", value);
  if (object.is_full() && seen.class_name() != object.class_name()) return mismatch("class", value);
  if (object.properties().size() != seen.size()) return mismatch("properties", value);
  std::size_t index = 0;
  for (const ObjectView::Property property : seen) {
    const ObjectProperty& expected = object.properties()[index++];
    if (property.name != expected.name.view()) return mismatch("property name", value);
    if (!seen.find(property.name).exists()) return mismatch("property lookup", value);
    if (std::string what = differs(property.value, expected.value); !what.empty()) return what;
  }
  return {};
}

std::string compare_node_path(const VariantView& view, const NodePath& path, const Variant& value) {
  NodePathView seen;
  if (!view.read(&seen)) return mismatch("read", value);
  if (seen.absolute != path.absolute()) return mismatch("absolute", value);
  std::string what = compare_strings(seen.names, path.names(), value);
  return what.empty() ? compare_strings(seen.subnames, path.subnames(), value) : what;
}

template <typename T>
std::string compare_plain(const VariantView& view, const T& expected, const Variant& value) {
  T seen{};
  if (!view.read(&seen)) return mismatch("read", value);
  return Variant(seen) == Variant(expected) ? std::string() : mismatch("value", value);
}

template <typename T>
std::string compare_typed(const VariantView& view, const T& typed, const Variant& value) {
  if constexpr (std::is_same_v<T, NilValue>) {
    return view.is_nil() && view.exists() ? std::string() : mismatch("nil", value);
  } else if constexpr (std::is_same_v<T, String> || std::is_same_v<T, StringName>) {
    std::string_view text;
    return view.read(&text) && text == typed.view() ? std::string() : mismatch("text", value);
  } else if constexpr (std::is_same_v<T, Array>) {
    return compare_array(view, typed, value);
  } else if constexpr (std::is_same_v<T, Dictionary>) {
    return compare_dictionary(view, typed, value);
  } else if constexpr (std::is_same_v<T, Object>) {
    return compare_object(view, typed, value);
  } else if constexpr (std::is_same_v<T, NodePath>) {
    return compare_node_path(view, typed, value);
  } else if constexpr (std::is_same_v<T, Signal>) {
    SignalView signal;
    const bool same = view.read(&signal) && signal.name == typed.name.view() &&
                      signal.object_id == typed.object_id;
    return same ? std::string() : mismatch("signal", value);
  } else if constexpr (std::is_same_v<T, Callable>) {
    return {};
  } else if constexpr (std::is_same_v<T, PackedByteArray>) {
    std::span<const std::uint8_t> bytes;
    const bool same =
        view.read(&bytes) && std::equal(bytes.begin(), bytes.end(), typed.begin(), typed.end());
    return same ? std::string() : mismatch("bytes", value);
  } else if constexpr (std::is_same_v<T, PackedStringArray>) {
    PackedStringsView strings;
    if (!view.read(&strings)) return mismatch("read", value);
    return compare_strings(strings, {typed.data(), typed.size()}, value);
  } else if constexpr (requires { compare_packed(view, typed, value); }) {
    return compare_packed(view, typed, value);
  } else {
    return compare_plain(view, typed, value);
  }
}

// Text, arrays and packed arrays that would have to be converted are to_variant()'s.
bool reads_in_place(const VariantView& view) {
  if (!view.is_converted()) return true;
  const VariantType type = view.type();
  return type < VariantType::STRING || (type > VariantType::STRING && type < VariantType::COLOR) ||
         type == VariantType::COLOR || type == VariantType::RID;
}

std::string differs(const VariantView& view, const Variant& value) {
  if (view.type() != value.type()) return mismatch("type", value);
  if (!reads_in_place(view)) {
    return view.to_variant() == value ? std::string() : mismatch("converted", value);
  }
  return visit_variant(value, [&](const auto& typed) { return compare_typed(view, typed, value); });
}

std::vector<std::uint8_t> encoded(const Variant& value) {
  std::size_t size = 0;
  if (encode_variant(value, {}, &size, {.full_objects = true}) != Error::OK) return {};
  std::vector<std::uint8_t> bytes(size);
  if (encode_variant(value, bytes, &size, {.full_objects = true}) != Error::OK) return {};
  return bytes;
}

}  // namespace

std::string view_differs_from_decode(std::span<const std::uint8_t> bytes,
                                     const DecodeOptions& options) {
  Variant value;
  std::size_t consumed = 0;
  const Error error = decode_variant(bytes, &value, &consumed, options);
  Error view_error = Error::OK;
  std::size_t view_consumed = 0;
  const VariantView view = VariantView::parse(bytes, options, &view_error, &view_consumed);
  PacketView packet;
  const Error packet_error = packet.parse(bytes, options);
  if (view_error != error || packet_error != error) {
    return "decode: " + std::string(error_name(error)) +
           ", view: " + std::string(error_name(view_error)) +
           ", packet: " + std::string(error_name(packet_error));
  }
  if (error != Error::OK) {
    const bool empty = !view.exists() && !packet.value().exists() && packet.fields().size() == 0;
    return empty ? std::string() : "a refused packet shows a value";
  }
  if (view_consumed != consumed || packet.consumed() != consumed) return "consumed";
  if (std::string what = differs(view, value); !what.empty()) return what;
  if (const auto* dictionary = value.get_if<Dictionary>()) {
    for (const DictionaryEntry& entry : *dictionary) {
      if (!entry.key.is_text()) continue;
      const std::string what = differs(packet[entry.key.as_text()], entry.value);
      if (!what.empty()) return "packet: " + what;
    }
  }
  if (encoded(view.to_variant()) != encoded(value)) return "to_variant";
  if (walk_differs_from_iterators(view)) return "walk";
  return {};
}

}  // namespace ringpeer
