#include "ringpeer/codec/key_order.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "ringpeer/codec/variant_visit.h"

namespace ringpeer {
namespace {

bool less_variants(const Variant& a, const Variant& b, std::size_t depth);

bool less_arrays(const Array& a, const Array& b, std::size_t depth) {
  // Arrays deeper than this have no order; Godot's own recursion would end there.
  if (depth > kMaximumDepth) return false;
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (less_variants(a[i], b[i], depth + 1)) return true;
    if (less_variants(b[i], a[i], depth + 1)) return false;
  }
  return a.size() < b.size();
}

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

// The types that have Godot's operator <; the others are never less.
struct Less {
  const Variant& other;
  std::size_t depth;

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
    } else if constexpr (std::is_same_v<T, Array>) {
      return less_arrays(value, other.ref<T>(), depth);
    } else {
      return false;
    }
  }
};

bool less_variants(const Variant& a, const Variant& b, std::size_t depth) {
  if (a.type() != b.type()) return a.type() < b.type();
  return visit_variant(a, Less{b, depth});
}

// UTF-8 sorts as its code points do.
bool less_keys(const Variant& a, const Variant& b) {
  if (a.is_text() && b.is_text()) return a.as_text() < b.as_text();
  return less_variants(a, b, 0);
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
