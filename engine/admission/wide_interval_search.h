#ifndef RINGPEER_ENGINE_ADMISSION_WIDE_INTERVAL_SEARCH_H_
#define RINGPEER_ENGINE_ADMISSION_WIDE_INTERVAL_SEARCH_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ringpeer/engine/admission/interval_search.h"

namespace ringpeer::admission {

__extension__ using WideKey = unsigned __int128;

// IntervalSearch for keys of two words. It looks at the first words, and at the second ones only
// of ends that have the key's first word: intervals that begin and end with whole first words, as
// nets of IPv6 do that are /64 or larger, need none.
//
// Immutable; any thread. Failure: the constructor throws std::bad_alloc.
class WideIntervalSearch {
 public:
  explicit WideIntervalSearch(std::span<const WideKey> ends)
      : firsts_(first_words(ends)), count_(ends.size()) {
    if (std::ranges::all_of(ends, [](WideKey end) { return second_word(end) == kNoEnd; })) return;
    seconds_.reserve(count_);
    for (const WideKey end : ends) seconds_.push_back(second_word(end));
  }

  std::size_t find(WideKey key) const noexcept {
    const std::uint64_t word = first_word(key);
    const std::size_t interval = firsts_.find(word);
    if (seconds_.empty() || interval == count_ || firsts_.end(interval) != word) return interval;
    const std::size_t behind = word == kNoEnd ? count_ : firsts_.find(word + 1);
    const auto begin = seconds_.begin();
    return static_cast<std::size_t>(std::lower_bound(begin + static_cast<std::ptrdiff_t>(interval),
                                                     begin + static_cast<std::ptrdiff_t>(behind),
                                                     second_word(key)) -
                                    begin);
  }

  // In bytes; beside the object itself.
  std::size_t memory() const {
    return firsts_.memory() + seconds_.capacity() * sizeof(std::uint64_t);
  }

 private:
  static constexpr int kWordBits = 64;
  static constexpr std::uint64_t kNoEnd = ~std::uint64_t{0};

  static std::uint64_t first_word(WideKey key) {
    return static_cast<std::uint64_t>(key >> kWordBits);
  }
  static std::uint64_t second_word(WideKey key) { return static_cast<std::uint64_t>(key); }
  static IntervalSearch<std::uint64_t> first_words(std::span<const WideKey> ends) {
    std::vector<std::uint64_t> words;
    words.reserve(ends.size());
    for (const WideKey end : ends) words.push_back(first_word(end));
    return IntervalSearch<std::uint64_t>(words);
  }

  IntervalSearch<std::uint64_t> firsts_;
  std::vector<std::uint64_t> seconds_;  // none where each is full of ones
  std::size_t count_;
};

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_WIDE_INTERVAL_SEARCH_H_
