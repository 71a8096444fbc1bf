#ifndef RINGPEER_CODEC_BASE_DEPTH_STACK_H_
#define RINGPEER_CODEC_BASE_DEPTH_STACK_H_

#include <cassert>
#include <cstddef>
#include <new>
#include <type_traits>

#include "ringpeer/codec/base/wire_format.h"

namespace ringpeer {

// Messages nest a few levels: so many are walked by recursion, which costs less than a DepthStack
// and fits the smallest thread's stack.
inline constexpr std::size_t kShallowDepth = 4;

// The levels of a value that a walk is in, outermost first: what recursion would keep in its
// frames, in a fraction of the memory and in one place. Room for as many levels as a value may
// nest; what is not used is not touched, so an instance in a function costs a shallow value
// nothing.
// Threads: the one that walks. Failure: none; whoever pushes looks at full() first.
template <typename Level>
class DepthStack {
 public:
  // Levels 0 to kMaximumDepth.
  static constexpr std::size_t kCapacity = kMaximumDepth + 1;

  DepthStack() {}  // NOLINT(modernize-use-equals-default): leaves the places alone
  DepthStack(const DepthStack&) = delete;
  DepthStack& operator=(const DepthStack&) = delete;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == kCapacity; }

  // Must not be full.
  Level& push(const Level& level) {
    assert(!full());
    return *new (place(size_++)) Level(level);
  }
  // Must not be empty.
  Level& back() {
    assert(!empty());
    return *std::launder(reinterpret_cast<Level*>(place(size_ - 1)));
  }
  void pop() {
    assert(!empty());
    --size_;
  }

 private:
  static_assert(std::is_trivially_copyable_v<Level> && std::is_trivially_destructible_v<Level>);

  std::byte* place(std::size_t index) { return places_ + index * sizeof(Level); }

  std::size_t size_ = 0;
  alignas(Level) std::byte places_[kCapacity * sizeof(Level)];
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_BASE_DEPTH_STACK_H_
