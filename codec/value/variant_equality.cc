#include "ringpeer/codec/value/variant_equality.h"

#include <cstring>

#include "ringpeer/codec/base/depth_stack.h"
#include "ringpeer/codec/value/child_cursor.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {
namespace {

// How numbers that are not numbers, and texts of the two kinds, compare.
enum class Leaves {
  ALIKE,  // NaN equals NaN, "a" equals &"a"
  APART,  // neither does
};

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

// Of values of one type that hold none.
struct Comparison {
  const Variant& other;

  bool operator()(NilValue) const { return true; }
  bool operator()(double value) const { return equal_floats(value, other.ref<double>()); }
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
    } else if constexpr (std::is_same_v<T, Array> || std::is_same_v<T, Dictionary> ||
                         std::is_same_v<T, Object>) {
      return false;  // never asked
    } else {
      return value == other.ref<T>();
    }
  }
};

// Values of two types.
bool equal_texts(const Variant& a, const Variant& b, Leaves leaves) {
  return leaves == Leaves::ALIKE && a.is_text() && b.is_text() && a.text() == b.text();
}

// Values of one type that hold none.
inline bool equal_of_a_type(const Variant& a, const Variant& b, Leaves leaves) {
  if (leaves == Leaves::APART && a.is_float()) return a.ref<double>() == b.ref<double>();
  return visit_variant(a, Comparison{b});
}

bool equal_leaves(const Variant& a, const Variant& b, Leaves leaves) {
  return a.type() == b.type() ? equal_of_a_type(a, b, leaves) : equal_texts(a, b, leaves);
}

// What holds values, apart from the values.
bool equal_shells(const Array& a, const Array& b) { return a.size() == b.size(); }
bool equal_shells(const Dictionary& a, const Dictionary& b) { return a.size() == b.size(); }
bool equal_shells(const Object& a, const Object& b) {
  return a.id() == b.id() && a.class_name() == b.class_name() &&
         a.properties().size() == b.properties().size();
}

// Two containers with equal shells, side by side.
class PairCursor {
 public:
  PairCursor(const Array& a, const Array& b) : first_(a), second_(b) {}
  PairCursor(const Object& a, const Object& b) : first_(a), second_(b) {}
  PairCursor(const Dictionary& a, const Dictionary& b) : first_(a), second_(b), dictionary_(&b) {}

  // False behind the last.
  bool next(const Variant** a, const Variant** b) {
    *a = first_.next();
    if (*a == nullptr) return false;
    *b = second_.take(first_.container_type(), first_.at_key());
    return true;
  }
  bool at_key() const { return first_.at_key(); }
  bool same_name() const {
    return first_.container_type() != VariantType::OBJECT ||
           first_.property_name() == ChildCursor::property_before(second_).name;
  }
  const Dictionary& second_dictionary() const { return *dictionary_; }

 private:
  ChildCursor first_;
  ChildPlace second_;
  const Dictionary* dictionary_ = nullptr;  // the second
};

// One comparison, value by value, with what recursion would remember on a stack of its own.
class TreeComparison {
 public:
  enum class Entries { IN_ORDER, IN_ANY_ORDER };

  TreeComparison(Entries entries, Leaves inside) : entries_(entries), inside_(inside) {}

  bool equal_values(const Variant& a, const Variant& b) { return equal(a, b, Leaves::ALIKE); }
  template <typename T>
  bool equal_containers(const T& a, const T& b) {
    return enter(a, b);
  }

 private:
  template <typename T>
  bool enter(const T& a, const T& b) {
    if (!equal_shells(a, b)) return false;
    if (!std::is_same_v<T, Object> && depth_ < kShallowDepth && open_.empty()) {
      ++depth_;
      const bool equal = equal_inside(a, b);
      --depth_;
      return equal;
    }
    return open(PairCursor(a, b));
  }

  // What the pair holds comes next; inside the outermost of them, at once.
  [[gnu::noinline]] bool open(const PairCursor& pair) {
    open_.push(pair);
    ++depth_;
    return open_.size() > 1 || equal_rest();
  }

  bool equal_inside(const Array& a, const Array& b) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!equal_shallow(a[i], b[i], inside_)) return false;
    }
    return true;
  }
  bool equal_inside(const Dictionary& a, const Dictionary& b) {
    EntryList::ConstIterator in_place = b.begin();
    const auto differs = [&](const DictionaryEntry& entry) {
      return !equal_entry(entry, *in_place++, b);
    };
    return a.storage().find_if(differs) == nullptr;
  }
  static bool equal_inside(const Object&, const Object&) { return false; }  // never asked

  bool equal_entry(const DictionaryEntry& a, const DictionaryEntry& in_place, const Dictionary& b) {
    const Variant* value = &in_place.value;
    if (entries_ == Entries::IN_ORDER) {
      if (!equal_shallow(a.key, in_place.key, Leaves::ALIKE)) return false;
    } else if (!equal_keys(a.key, in_place.key)) {
      value = b.find(a.key);
    }
    return value != nullptr && equal_shallow(a.value, *value, inside_);
  }

  static bool equal_keys(const Variant& a, const Variant& b) {
    if (a.is_text() && b.is_text()) return a.text() == b.text();
    return a.holds_values() ? equal_in_order(a, b) : equal_leaves(a, b, Leaves::ALIKE);
  }

  bool equal(const Variant& a, const Variant& b, Leaves leaves) {
    if (depth_ > kMaximumDepth) return false;  // deeper than can be compared
    return equal_shallow(a, b, leaves);
  }

  // Of containers that are compared by recursion: their values are not too deep.
  static_assert(kShallowDepth <= kMaximumDepth);
  bool equal_shallow(const Variant& a, const Variant& b, Leaves leaves) {
    if (a.type() != b.type()) return equal_texts(a, b, leaves);
    if (!a.holds_values()) return equal_of_a_type(a, b, leaves);
    if (a.is_array()) return enter(a.ref<Array>(), b.ref<Array>());
    if (a.is_dictionary()) return enter(a.ref<Dictionary>(), b.ref<Dictionary>());
    return enter(a.ref<Object>(), b.ref<Object>());
  }

  bool equal_rest() {
    while (!open_.empty()) {
      PairCursor& pair = open_.back();
      const Variant* a = nullptr;
      const Variant* b = nullptr;
      if (!pair.next(&a, &b)) {
        open_.pop();
        --depth_;
        continue;
      }
      if (!pair.same_name()) return false;
      Leaves leaves = inside_;
      if (pair.at_key() && entries_ == Entries::IN_ORDER) {
        leaves = Leaves::ALIKE;
      } else if (pair.at_key()) {
        const Variant* const key = a;
        const Variant* const key_in_place = b;
        pair.next(&a, &b);
        // The same place first: a key that equals none, not even itself, is not found.
        if (!equal_in_order(*key, *key_in_place)) b = pair.second_dictionary().find(*key);
        if (b == nullptr) return false;
      }
      if (!equal(*a, *b, leaves)) return false;
    }
    return true;
  }

  // Kept out of the frame above, which is large enough.
  [[gnu::noinline]] static bool equal_in_order(const Variant& a, const Variant& b) {
    return TreeComparison(Entries::IN_ORDER, Leaves::ALIKE).equal_values(a, b);
  }

  Entries entries_;
  Leaves inside_;
  std::size_t depth_ = 0;        // of the values to come
  DepthStack<PairCursor> open_;  // what is not compared by recursion, outermost first
};

using Entries = TreeComparison::Entries;

template <typename T>
bool equal_containers(const T& a, const T& b) {
  return TreeComparison(Entries::IN_ANY_ORDER, Leaves::ALIKE).equal_containers(a, b);
}

}  // namespace

bool same_key(const Variant& a, const Variant& b) {
  if (!a.holds_values() || !b.holds_values()) return equal_leaves(a, b, Leaves::ALIKE);
  return TreeComparison(Entries::IN_ORDER, Leaves::APART).equal_values(a, b);
}

bool operator==(const Variant& a, const Variant& b) {
  if (!a.holds_values() || a.type() != b.type()) return equal_leaves(a, b, Leaves::ALIKE);
  return TreeComparison(Entries::IN_ANY_ORDER, Leaves::ALIKE).equal_values(a, b);
}

bool operator==(const Array& a, const Array& b) { return equal_containers(a, b); }
bool operator==(const Dictionary& a, const Dictionary& b) { return equal_containers(a, b); }
bool operator==(const Object& a, const Object& b) { return equal_containers(a, b); }

}  // namespace ringpeer
