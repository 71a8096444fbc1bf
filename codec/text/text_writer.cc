#include <cmath>
#include <cstring>
#include <string>
#include <string_view>

#include "ringpeer/codec/base/narrow_float.h"
#include "ringpeer/codec/text/key_order.h"
#include "ringpeer/codec/text/shortest_decimal.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {
namespace {

constexpr std::string_view kSeparator = ", ";

class TextWriter {
 public:
  std::string take() { return std::move(text_); }

  void write(const Variant& value, std::size_t depth) {
    visit_variant(value, [this, depth](const auto& typed) { put(typed, depth); });
  }

 private:
  void put(std::string_view text) { text_.append(text); }
  void put_integer(std::int64_t value) { text_.append(std::to_string(value)); }

  // A number inside a constructor. What a float holds exactly is printed as one.
  template <typename Float>
  void put_real(Float value) {
    if (std::isnan(value)) {
      put("nan");
    } else if (std::isinf(value)) {
      put(value > 0 ? "inf" : "inf_neg");
    } else if (static_cast<Float>(narrow_float(value)) == value) {
      append_decimal(&text_, narrow_float(value));
    } else {
      append_decimal(&text_, value);
    }
  }

  // String: only what would end it.
  void put_quoted(std::string_view text) {
    text_.push_back('"');
    for (const char c : text) {
      if (c == '"' || c == '\\') text_.push_back('\\');
      text_.push_back(c);
    }
    text_.push_back('"');
  }

  // StringName, NodePath and the elements of a PackedStringArray: as in C.
  void put_escaped(std::string_view text) {
    constexpr std::string_view kSpecial = "\a\b\f\n\r\t\v\"'\\";
    constexpr std::string_view kEscapes = "abfnrtv\"'\\";
    text_.push_back('"');
    for (const char c : text) {
      const std::size_t special = kSpecial.find(c);
      if (special == std::string_view::npos) {
        text_.push_back(c);
      } else {
        text_.push_back('\\');
        text_.push_back(kEscapes[special]);
      }
    }
    text_.push_back('"');
  }

  void put(NilValue, std::size_t) { put("null"); }
  void put(bool value, std::size_t) { put(value ? "true" : "false"); }
  void put(std::int64_t value, std::size_t) { put_integer(value); }

  void put(double value, std::size_t) {
    const std::size_t start = text_.size();
    put_real(value);
    const std::string_view number = std::string_view(text_).substr(start);
    // So that it reads back as a float; "inf" and "nan" hold no digit.
    if (std::isfinite(value) && number.find_first_of(".e") == std::string_view::npos) put(".0");
  }

  void put(const String& value, std::size_t) { put_quoted(value.view()); }
  void put(const StringName& value, std::size_t) {
    put("&");
    put_escaped(value.view());
  }
  void put(const NodePath& value, std::size_t) {
    put("NodePath(");
    put_escaped(value.str());
    put(")");
  }
  void put(const RID& value, std::size_t) {
    put("RID(");
    if (value.id != 0) put_integer(static_cast<std::int64_t>(value.id));
    put(")");
  }
  void put(const Callable&, std::size_t) { put("Callable()"); }
  void put(const Signal&, std::size_t) { put("Signal()"); }

  template <typename T>
  void put_components(const T& value) {
    using Component = std::conditional_t<kIsIntegerMath<T>, std::int32_t, float>;
    Component components[kComponentCount<T>];
    std::memcpy(components, &value, sizeof(value));
    for (std::size_t i = 0; i < kComponentCount<T>; ++i) {
      if (i > 0) put(kSeparator);
      if constexpr (kIsIntegerMath<T>) {
        put_integer(components[i]);
      } else {
        put_real(components[i]);
      }
    }
  }

  template <typename T>
  requires(kIsMath<T>) void put(const T& value, std::size_t) {
    put(variant_type_name(kVariantTypeOf<T>));
    put("(");
    put_components(value);
    put(")");
  }

  template <typename T>
  void put(const CompactVector<T>& values, std::size_t) {
    put(variant_type_name(kVariantTypeOf<CompactVector<T>>));
    put("(");
    bool first = true;
    for (const T& value : values) {
      if (!first) put(kSeparator);
      first = false;
      if constexpr (std::is_same_v<T, String>) {
        put_escaped(value.view());
      } else if constexpr (std::is_integral_v<T>) {
        put_integer(value);
      } else if constexpr (std::is_floating_point_v<T>) {
        put_real(value);
      } else {
        put_components(value);
      }
    }
    put(")");
  }

  void put(const Object& value, std::size_t depth) {
    if (value.is_null() || depth > kTextDepth) {
      put("null");
      return;
    }
    put("Object(");
    put(value.class_name());
    put(",");
    if (value.is_id()) {
      put_property_name(kEncodedObjectAsIdProperty);
      put_integer(static_cast<std::int64_t>(value.id()));
      put(",");
      put_property_name(kScriptProperty);
      put("null");
    }
    bool first = true;
    for (const ObjectProperty& property : value.properties()) {
      if (!first) put(",");
      first = false;
      put_property_name(property.name.view());
      if (property.name.view() == kScriptProperty && property.value.is_text()) {
        put_resource(property.value.as_text());
      } else {
        write(property.value, depth + 1);
      }
    }
    put(")\n");
  }

  void put_property_name(std::string_view name) {
    put_quoted(name);
    put(":");
  }

  void put_resource(std::string_view path) {
    put("Resource(");
    put_quoted(path);
    put(")");
  }

  void put_type(const ContainerType& type) {
    switch (type.kind()) {
      case ContainerKind::UNTYPED:
        put("Variant");
        break;
      case ContainerKind::BUILTIN:
        put(variant_type_name(type.type()));
        break;
      case ContainerKind::CLASS_NAME:
        put(type.name());
        break;
      case ContainerKind::SCRIPT:
        put_resource(type.name());
        break;
    }
  }

  void put(const Array& value, std::size_t depth) {
    if (value.is_typed()) {
      put("Array[");
      put_type(value.element_type());
      put("](");
    }
    put("[");
    if (depth <= kTextDepth) {
      bool first = true;
      for (const Variant& element : value) {
        if (!first) put(kSeparator);
        first = false;
        write(element, depth + 1);
      }
    }
    put("]");
    if (value.is_typed()) put(")");
  }

  void put(const Dictionary& value, std::size_t depth) {
    if (value.is_typed()) {
      put("Dictionary[");
      put_type(value.key_type());
      put(kSeparator);
      put_type(value.value_type());
      put("](");
    }
    if (value.empty() || depth > kTextDepth) {
      put("{}");
    } else {
      put_entries(value, depth);
    }
    if (value.is_typed()) put(")");
  }

  void put_entries(const Dictionary& value, std::size_t depth) {
    put("{\n");
    bool first = true;
    for (const DictionaryEntry* entry : entries_in_text_order(value)) {
      if (!first) put(",\n");
      first = false;
      write(entry->key, depth + 1);
      put(": ");
      write(entry->value, depth + 1);
    }
    put("\n}");
  }

  std::string text_;
};

}  // namespace

std::string var_to_str(const Variant& value) {
  TextWriter writer;
  writer.write(value, 0);
  return writer.take();
}

}  // namespace ringpeer
