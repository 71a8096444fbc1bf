#include "ringpeer/tests/codec/text/plain_writer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer::testing {
namespace {

std::string plain_real(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "inf_neg";
  std::string text = var_to_str(value);  // which is looked at by itself
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

bool is_less(const Variant& a, const Variant& b) {
  if (a.is_text()) return a.as_text() < b.as_text();
  if (a.is_int()) return a.ref<std::int64_t>() < b.ref<std::int64_t>();
  if (a.is_float()) return a.ref<double>() < b.ref<double>();
  if (a.is<Vector3i>()) {
    const auto& left = a.ref<Vector3i>();
    const auto& right = b.ref<Vector3i>();
    return std::array{left.x, left.y, left.z} < std::array{right.x, right.y, right.z};
  }
  const auto& left = a.ref<Array>();
  const auto& right = b.ref<Array>();
  const auto by_type = [](const Variant& one, const Variant& other) {
    return one.type() != other.type() ? one.type() < other.type() : is_less(one, other);
  };
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(),
                                      by_type);
}

class PlainWriter {
 public:
  static std::string write(const Variant& value, std::size_t depth = 0) {
    return visit_variant(value, [depth](const auto& typed) { return put(typed, depth); });
  }

 private:
  static std::string quoted(std::string_view text, bool as_in_c) {
    std::string result = "\"";
    for (const char c : text) {
      const std::size_t special = std::string_view("\a\b\f\n\r\t\v'").find(c);
      if (c == '"' || c == '\\') {
        result += std::string("\\") + c;
      } else if (as_in_c && special != std::string_view::npos) {
        result += std::string("\\") + "abfnrtv'"[special];
      } else {
        result += c;
      }
    }
    return result + "\"";
  }
  static std::string put(NilValue, std::size_t) { return "null"; }
  static std::string put(bool value, std::size_t) { return value ? "true" : "false"; }
  static std::string put(std::int64_t value, std::size_t) { return std::to_string(value); }
  static std::string put(double value, std::size_t) { return var_to_str(value); }
  static std::string put(const String& value, std::size_t) { return quoted(value.view(), false); }
  static std::string put(const StringName& value, std::size_t) {
    return "&" + quoted(value.view(), true);
  }
  static std::string put(const NodePath& value, std::size_t) {
    return "NodePath(" + quoted(value.str(), true) + ")";
  }
  static std::string put(const RID& value, std::size_t) {
    return value.id == 0 ? "RID()"
                         : "RID(" + std::to_string(static_cast<std::int64_t>(value.id)) + ")";
  }
  static std::string put(const Callable&, std::size_t) { return "Callable()"; }
  static std::string put(const Signal&, std::size_t) { return "Signal()"; }
  static std::string element(std::int32_t value) { return std::to_string(value); }
  static std::string element(std::int64_t value) { return std::to_string(value); }
  static std::string element(std::uint8_t value) { return std::to_string(value); }
  static std::string element(float value) { return plain_real(static_cast<double>(value)); }
  static std::string element(double value) { return plain_real(value); }
  static std::string element(const String& value) { return quoted(value.view(), true); }
  template <typename T>
  requires(kIsMath<T>) static std::string element(const T& value) {
    using Component = std::conditional_t<kIsIntegerMath<T>, std::int32_t, float>;
    Component components[kComponentCount<T>];
    std::memcpy(components, &value, sizeof(value));
    std::string text;
    for (const Component component : components)
      text += (text.empty() ? "" : ", ") + element(component);
    return text;
  }
  template <typename T>
  requires(kIsMath<T>) static std::string put(const T& value, std::size_t) {
    return std::string(variant_type_name(kVariantTypeOf<T>)) + "(" + element(value) + ")";
  }
  template <typename T>
  static std::string put(const CompactVector<T>& values, std::size_t) {
    std::string text;
    for (const T& value : values) text += (text.empty() ? "" : ", ") + element(value);
    return std::string(variant_type_name(kVariantTypeOf<CompactVector<T>>)) + "(" + text + ")";
  }
  static std::string put(const Object& value, std::size_t depth) {
    if (value.is_null() || depth > kTextDepth) return "null";
    std::string text = "Object(" + std::string(value.class_name()) + ",";
    if (value.is_id()) {
      text += "\"object_id\":" + std::to_string(static_cast<std::int64_t>(value.id())) +
              ",\"script\":null";
    }
    bool first = true;
    for (const auto& [name, property] : value.properties()) {
      if (!first) text += ",";
      first = false;
      text += quoted(name.view(), false) + ":";
      text += name.view() == "script" && property.is_text()
                  ? "Resource(" + quoted(property.as_text(), false) + ")"
                  : write(property, depth + 1);
    }
    return text + ")\n";
  }
  static std::string name_of(const ContainerType& type) {
    if (!type.is_typed()) return "Variant";
    if (type.kind() == ContainerKind::BUILTIN) return std::string(variant_type_name(type.type()));
    if (type.kind() == ContainerKind::CLASS_NAME) return std::string(type.name());
    return "Resource(" + quoted(type.name(), false) + ")";
  }
  static std::string put(const Array& value, std::size_t depth) {
    std::string text;
    for (const Variant& element : value) {
      if (depth > kTextDepth) break;
      text += (text.empty() ? "" : ", ") + write(element, depth + 1);
    }
    text = "[" + text + "]";
    return value.is_typed() ? "Array[" + name_of(value.element_type()) + "](" + text + ")" : text;
  }
  static std::string put(const Dictionary& value, std::size_t depth) {
    std::vector<const DictionaryEntry*> entries;
    for (const DictionaryEntry& entry : value) entries.push_back(&entry);
    std::stable_sort(entries.begin(), entries.end(),
                     [](const auto* a, const auto* b) { return is_less(a->key, b->key); });
    std::string text;
    for (const DictionaryEntry* entry : entries) {
      if (depth > kTextDepth) break;
      text += (text.empty() ? "" : ",\n") + write(entry->key, depth + 1) + ": " +
              write(entry->value, depth + 1);
    }
    text = text.empty() ? "{}" : "{\n" + text + "\n}";
    return value.is_typed() ? "Dictionary[" + name_of(value.key_type()) + ", " +
                                  name_of(value.value_type()) + "](" + text + ")"
                            : text;
  }
};

}  // namespace

std::string write_plainly(const Variant& value) { return PlainWriter::write(value); }

}  // namespace ringpeer::testing
