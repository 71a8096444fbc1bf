#ifndef RINGPEER_ENGINE_ADMISSION_INTERVAL_SEARCH_H_
#define RINGPEER_ENGINE_ADMISSION_INTERVAL_SEARCH_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "ringpeer/engine/admission/aligned_keys.h"

namespace ringpeer::admission {

// Finds the interval of a key. Intervals begin at key 0, follow one another without a gap, and
// cover all keys.
//
// The ends of the intervals stand in groups of a cache line. A binary search over the groups' last
// ends finds the group, and another one in it the interval: so a look-up waits once for memory that
// is far away. What the search compares with stands in the order in which it is looked
// at, level by level (Eytzinger), and all levels are full: the way down is as many comparisons for
// each key, no branch depends on one, and what may follow is fetched meanwhile.
//
// Immutable; any thread. Failure: the constructor throws std::bad_alloc.
template <typename Key>
class IntervalSearch {
 public:
  // `ends`: the last key of each interval but the last one, ascending; equal ones are intervals
  // without a key.
  explicit IntervalSearch(std::span<const Key> ends)
      : height_(static_cast<unsigned>(std::bit_width(group_count(ends.size()) - 1))),
        tree_(height_ == 0 ? 0 : tree_size(), kNoEnd),
        ends_(group_count(ends.size()) * kGroup, kNoEnd) {
    std::copy(ends.begin(), ends.end(), ends_.data());
    for (unsigned level = 0; level < height_; ++level) {
      const std::size_t first = std::size_t{1} << level;
      for (std::size_t i = 0; i < first; ++i) {
        const std::size_t group = ((2 * i + 1) << (height_ - 1 - level)) - 1;
        if ((group + 1) * kGroup > ends.size()) continue;
        tree_.data()[first + i] = ends_.data()[group * kGroup + kGroup - 1];
      }
    }
  }

  // The number of the interval that the key lies in; the first is 0. Of those that end with the
  // key the first.
  std::size_t find(Key key) const noexcept {
    const std::size_t first = group_of(key) * kGroup;
    const Key* const ends = ends_.data() + first;
    std::size_t before = 0;
    for (std::size_t step = kGroup / 2; step > 0; step /= 2) {
      before += step * static_cast<std::size_t>(ends[before + step - 1] < key);
    }
    return first + before + static_cast<std::size_t>(ends[before] < key);
  }
  // The last key of an interval; of the last one, and of none, the last key of all.
  Key end(std::size_t interval) const noexcept { return ends_.data()[interval]; }

  // In bytes; beside the object itself.
  std::size_t memory() const { return tree_.memory() + ends_.memory(); }

 private:
  static constexpr std::size_t kCacheLine = AlignedKeys<Key>::kCacheLine;
  static constexpr std::size_t kGroup = kCacheLine / sizeof(Key);
  static_assert(std::has_single_bit(kGroup));
  // So many comparisons before a group is found, all that it may be are fetched: with fewer the
  // look-up waits for memory, and with more it fetches more than that saves.
  static constexpr unsigned kGroupLevelsAhead = 3;
  // Of places that no interval ends at: no key is greater.
  static constexpr Key kNoEnd = static_cast<Key>(~Key{0});

  // One more than are full, so that find() always has an end to say.
  static std::size_t group_count(std::size_t ends) { return ends / kGroup + 1; }

  // The first place is left free, so that what follows place i stands at 2 i and 2 i + 1.
  std::size_t tree_size() const { return std::size_t{1} << height_; }

  // The groups that end before the key.
  std::size_t group_of(Key key) const noexcept {
    const Key* const tree = tree_.data();
    std::size_t node = 1;
    const auto step_down = [&] { node = 2 * node + static_cast<std::size_t>(tree[node] < key); };
    if (height_ < kGroupLevelsAhead) {
      for (unsigned level = 0; level < height_; ++level) step_down();
      return node - tree_size();
    }
    for (unsigned level = kGroupLevelsAhead; level < height_; ++level) {
      // The line with all that can follow a few levels further down.
      prefetch_line(tree, node);
      step_down();
    }
    const std::size_t first = (node << kGroupLevelsAhead) - tree_size();
    // Loops cost as much as what is in them.
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      (prefetch_line(ends_.data(), first + kIndex), ...);
    }
    (std::make_index_sequence<std::size_t{1} << kGroupLevelsAhead>());
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      ((static_cast<void>(kIndex), step_down()), ...);
    }
    (std::make_index_sequence<kGroupLevelsAhead>());
    return node - tree_size();
  }

  // It may be one behind the end, which does nothing.
  static void prefetch_line(const Key* begin, std::size_t line) {
    __builtin_prefetch(
        reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(begin) + line * kCacheLine));
  }

  unsigned height_;
  AlignedKeys<Key> tree_;
  AlignedKeys<Key> ends_;
};

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_INTERVAL_SEARCH_H_
