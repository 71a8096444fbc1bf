#include "ringpeer/codec/variant_equality.h"

#include <cstring>

#include "ringpeer/codec/components.h"
#include "ringpeer/codec/variant.h"
#include "ringpeer/codec/variant_visit.h"

namespace ringpeer {
namespace {

enum class Order { MATTERS, IS_IGNORED };

bool equal_at_depth(const Variant& a, const Variant& b, Order order, std::size_t depth);

template <typename Float>
bool equal_floats(Float a, Float b) {
  return a == b || (a != a && b != b);
}

template <typename T>
bool equal_math(const T& a, const T& b) {
  if constexpr (kIsIntegerMath<T>) {
    return a == b;
  } else {
    float first[kComponentCount<T>];
    float second[kComponentCount<T>];
    std::memcpy(first, &a, sizeof(a));
    std::memcpy(second, &b, sizeof(b));
    for (std::size_t i = 0; i < kComponentCount<T>; ++i) {
      if (!equal_floats(first[i], second[i])) return false;
    }
    return true;
  }
}

bool equal_arrays(const Array& a, const Array& b, Order order, std::size_t depth) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal_at_depth(a[i], b[i], order, depth + 1)) return false;
  }
  return true;
}

bool equal_dictionaries(const Dictionary& a, const Dictionary& b, Order order, std::size_t depth) {
  if (a.size() != b.size()) return false;
  const DictionaryEntry* other = b.begin();
  for (const DictionaryEntry& entry : a) {
    if (order == Order::MATTERS) {
      if (!equal_at_depth(entry.key, other->key, order, depth + 1)) return false;
      if (!equal_at_depth(entry.value, other->value, order, depth + 1)) return false;
      ++other;
    } else {
      const Variant* value = b.find(entry.key);
      if (value == nullptr || !equal_at_depth(entry.value, *value, order, depth + 1)) return false;
    }
  }
  return true;
}

bool equal_objects(const Object& a, const Object& b, Order order, std::size_t depth) {
  if (a.id() != b.id() || a.class_name() != b.class_name()) return false;
  if (a.properties().size() != b.properties().size()) return false;
  for (std::size_t i = 0; i < a.properties().size(); ++i) {
    const ObjectProperty& first = a.properties()[i];
    const ObjectProperty& second = b.properties()[i];
    if (first.name != second.name) return false;
    if (!equal_at_depth(first.value, second.value, order, depth + 1)) return false;
  }
  return true;
}

struct Comparison {
  const Variant& other;
  Order order;
  std::size_t depth;

  bool operator()(NilValue) const { return true; }
  bool operator()(double value) const { return equal_floats(value, other.ref<double>()); }
  bool operator()(const Array& value) const {
    return equal_arrays(value, other.ref<Array>(), order, depth);
  }
  bool operator()(const Dictionary& value) const {
    return equal_dictionaries(value, other.ref<Dictionary>(), order, depth);
  }
  bool operator()(const Object& value) const {
    return equal_objects(value, other.ref<Object>(), order, depth);
  }
  template <typename T>
  bool operator()(const CompactVector<T>& values) const {
    const auto& others = other.ref<CompactVector<T>>();
    if (values.size() != others.size()) return false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if constexpr (std::is_floating_point_v<T>) {
        if (!equal_floats(values[i], others[i])) return false;
      } else if constexpr (kIsMath<T>) {
        if (!equal_math(values[i], others[i])) return false;
      } else {
        if (!(values[i] == others[i])) return false;
      }
    }
    return true;
  }
  template <typename T>
  bool operator()(const T& value) const {
    if constexpr (kIsMath<T>) {
      return equal_math(value, other.ref<T>());
    } else {
      return value == other.ref<T>();
    }
  }
};

bool equal_at_depth(const Variant& a, const Variant& b, Order order, std::size_t depth) {
  if (a.type() != b.type()) return a.is_text() && b.is_text() && a.as_text() == b.as_text();
  if (depth > kMaximumDepth) return false;
  return visit_variant(a, Comparison{b, order, depth});
}

}  // namespace

bool same_key(const Variant& a, const Variant& b) {
  return equal_at_depth(a, b, Order::MATTERS, 0);
}

bool operator==(const Variant& a, const Variant& b) {
  return equal_at_depth(a, b, Order::IS_IGNORED, 0);
}

bool operator==(const Array& a, const Array& b) { return equal_arrays(a, b, Order::IS_IGNORED, 0); }

bool operator==(const Dictionary& a, const Dictionary& b) {
  return equal_dictionaries(a, b, Order::IS_IGNORED, 0);
}

bool operator==(const Object& a, const Object& b) {
  return equal_objects(a, b, Order::IS_IGNORED, 0);
}

}  // namespace ringpeer
