#include "ringpeer/codec/text/key_order.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "ringpeer/codec/base/depth_stack.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {
namespace {

template <typename T>
bool less_components(const T& a, const T& b) {
  if (a.x != b.x) return a.x < b.x;
  if constexpr (requires { a.z; }) {
    if (a.y != b.y) return a.y < b.y;
    if constexpr (requires { a.w; }) {
      if (a.z != b.z) return a.z < b.z;
      return a.w < b.w;
    } else {
      return a.z < b.z;
    }
  } else {
    return a.y < b.y;
  }
}

// The types that have Godot's operator <; the others are never less. Arrays are compared
// element by element, by whoever asks.
struct Less {
  const Variant& other;

  template <typename T>
  bool operator()(const T& value) const {
    if constexpr (std::is_arithmetic_v<T>) {
      return value < other.ref<T>();
    } else if constexpr (std::is_same_v<T, String> || std::is_same_v<T, StringName>) {
      return value.view() < other.ref<T>().view();
    } else if constexpr (std::is_same_v<T, Vector2> || std::is_same_v<T, Vector3> ||
                         std::is_same_v<T, Vector4> || std::is_same_v<T, Vector2i> ||
                         std::is_same_v<T, Vector3i> || std::is_same_v<T, Vector4i>) {
      return less_components(value, other.ref<T>());
    } else if constexpr (std::is_same_v<T, RID>) {
      return value.id < other.ref<T>().id;
    } else {
      return false;
    }
  }
};

template <typename Number>
int order_of(Number a, Number b) {
  return a < b ? -1 : static_cast<int>(b < a);
}

// Negative when a is less, positive when b is, 0 when neither.
int compare_leaves(const Variant& a, const Variant& b) {
  if (a.type() != b.type()) return a.type() < b.type() ? -1 : 1;
  if (a.is_number()) {  // the commonest, without a jump through a table
    return a.is_int() ? order_of(a.ref<std::int64_t>(), b.ref<std::int64_t>())
                      : order_of(a.ref<double>(), b.ref<double>());
  }
  if (visit_variant(a, Less{b})) return -1;
  return visit_variant(b, Less{a}) ? 1 : 0;
}

// Two arrays, and how far they have been compared.
struct ArrayPair {
  ArrayPair(const Array& first, const Array& second)
      : a(first.begin()), a_end(first.end()), b(second.begin()), b_end(second.end()) {}

  const Variant* a;
  const Variant* a_end;
  const Variant* b;
  const Variant* b_end;
};

// Behind what two arrays, or what is left of them, have in common.
int compare_ends(const ArrayPair& pair) {
  if (pair.b != pair.b_end) return -1;
  return pair.a != pair.a_end ? 1 : 0;
}

// Each pair of elements is looked at once, whichever of them is less. The first has arrays next.
[[gnu::noinline]] int compare_nested(const ArrayPair& outermost) {
  DepthStack<ArrayPair> open;
  open.push(outermost);
  while (!open.empty()) {
    ArrayPair& pair = open.back();
    if (pair.a == pair.a_end || pair.b == pair.b_end) {
      if (const int order = compare_ends(pair); order != 0) return order;
      open.pop();
      continue;
    }
    const Variant& a = *pair.a++;
    const Variant& b = *pair.b++;
    if (a.is_array() && b.is_array()) {
      // Arrays deeper than this have no order; Godot's own recursion would end there.
      if (!open.full()) open.push(ArrayPair(a.ref<Array>(), b.ref<Array>()));
    } else if (const int order = compare_leaves(a, b); order != 0) {
      return order;
    }
  }
  return 0;
}

// Up to the first arrays inside there is nothing to remember.
int compare_arrays(const Array& first, const Array& second) {
  ArrayPair pair(first, second);
  for (; pair.a != pair.a_end && pair.b != pair.b_end; ++pair.a, ++pair.b) {
    if (pair.a->is_array() && pair.b->is_array()) return compare_nested(pair);
    if (const int order = compare_leaves(*pair.a, *pair.b); order != 0) return order;
  }
  return compare_ends(pair);
}

// UTF-8 sorts as its code points do.
bool less_keys(const Variant& a, const Variant& b) {
  if (a.is_text() && b.is_text()) return a.as_text() < b.as_text();
  if (a.is_array() && b.is_array()) return compare_arrays(a.ref<Array>(), b.ref<Array>()) < 0;
  return a.type() != b.type() ? a.type() < b.type() : visit_variant(a, Less{b});
}

// Godot's introsort on pointers: median of three, unguarded partition, and one
// insertion sort at the end. The order of text against other types has cycles, so
// every loop is bounded by its range and not by the comparisons alone.
class Introsort {
 public:
  using Entry = const DictionaryEntry*;

  explicit Introsort(std::vector<Entry>* entries) : entries_(*entries) {}

  void sort() {
    const std::size_t size = entries_.size();
    if (size < 2) return;
    split(0, size, 2 * (std::bit_width(size) - 1));
    insertion_sort(std::min(size, kThreshold), size);
  }

 private:
  static constexpr std::size_t kThreshold = 16;

  static bool less(Entry a, Entry b) { return less_keys(a->key, b->key); }

  static Entry median(Entry a, Entry b, Entry c) {
    if (less(a, b)) {
      if (less(b, c)) return b;
      return less(a, c) ? c : a;
    }
    if (less(a, c)) return a;
    return less(b, c) ? c : b;
  }

  void split(std::size_t first, std::size_t last, int depth_left) {
    while (last - first > kThreshold) {
      if (depth_left == 0) {
        const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(last);
        std::make_heap(begin, end, less);
        std::sort_heap(begin, end, less);
        return;
      }
      --depth_left;
      const Entry pivot =
          median(entries_[first], entries_[first + (last - first) / 2], entries_[last - 1]);
      const std::size_t cut = partition(first, last, pivot);
      split(cut, last, depth_left);
      if (cut == last) return;  // a pivot above everything: the order has a cycle
      last = cut;
    }
  }

  std::size_t partition(std::size_t first, std::size_t last, Entry pivot) {
    const std::size_t lowest = first;
    const std::size_t highest = last - 1;
    while (true) {
      while (less(entries_[first], pivot) && first != highest) ++first;
      --last;
      while (less(pivot, entries_[last]) && last != lowest) --last;
      if (first >= last) return first;
      std::swap(entries_[first], entries_[last]);
      ++first;
    }
  }

  // Below `guarded` an element may be the least of all; behind it one that is not
  // greater is known to stand before it.
  void insertion_sort(std::size_t guarded, std::size_t size) {
    for (std::size_t i = 1; i < size; ++i) {
      const Entry entry = entries_[i];
      if (i < guarded && less(entry, entries_[0])) {
        std::move_backward(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(i),
                           entries_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        entries_[0] = entry;
      } else {
        insert(i, entry);
      }
    }
  }

  void insert(std::size_t hole, Entry entry) {
    while (hole > 0 && less(entry, entries_[hole - 1])) {
      // With an order that has cycles Godot stops short of the first place.
      if (hole == 1) break;
      entries_[hole] = entries_[hole - 1];
      --hole;
    }
    entries_[hole] = entry;
  }

  std::vector<Entry>& entries_;
};

}  // namespace

std::vector<const DictionaryEntry*> entries_in_text_order(const Dictionary& dictionary) {
  std::vector<const DictionaryEntry*> entries;
  entries.reserve(dictionary.size());
  for (const DictionaryEntry& entry : dictionary) entries.push_back(&entry);
  Introsort(&entries).sort();
  return entries;
}

}  // namespace ringpeer
