#ifndef RINGPEER_CODEC_WIRE_OPEN_CONTAINERS_H_
#define RINGPEER_CODEC_WIRE_OPEN_CONTAINERS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ringpeer/codec/base/depth_stack.h"
#include "ringpeer/codec/value/variant.h"

namespace ringpeer {

// What comes next of a container: an element, a key or a name; a value; or a look at what has
// been built.
enum class ContainerPart : std::uint8_t { FIRST, VALUE, SETTLE };

// A container that is being filled. What it holds is still at its place when all of that
// which is inside has been built.
struct OpenContainer {
  Variant* container;
  std::uint32_t left;      // elements, entries or properties still to come
  std::uint32_t promised;  // of which the next so many have been promised their bytes
  ContainerPart part;
};

// How deep a decode is, and the containers that it fills from a list instead of by recursion:
// a peer decides how deep values nest, and the stack must not be its choice.
//
// Part of the decoder, not for direct use. Threads: the one that decodes.
class OpenContainers {
 public:
  explicit OpenContainers(std::size_t depth_limit)
      : maximum_depth_(std::min(depth_limit, kMaximumDepth)) {}

  // Of the value to come.
  bool too_deep() const { return depth_ > maximum_depth_; }
  // Whether what a container at this depth holds is decoded by recursion.
  bool shallow() const { return depth_ < kShallowDepth && open_.empty(); }

  // Around what a container holds that is decoded by recursion.
  void enter() { ++depth_; }
  void leave() { --depth_; }

  // How many are on the list; the outermost comes first.
  std::size_t size() const { return open_.size(); }
  bool empty() const { return open_.empty(); }
  OpenContainer* innermost() { return &open_.back(); }

  // What the container holds comes next.
  void push(Variant* container, std::size_t count, std::size_t room) {
    open_.push({container, static_cast<std::uint32_t>(count), static_cast<std::uint32_t>(room),
                ContainerPart::FIRST});
    ++depth_;
  }

  // One more of what the innermost still expects. When there is none, it is closed.
  template <typename Budget>
  bool take(OpenContainer* open, std::size_t smallest_size, Budget* budget) {
    if (open->left == 0) {
      open_.pop();
      --depth_;
      return false;
    }
    --open->left;
    if (open->promised > 0) {
      --open->promised;
      budget->redeem(smallest_size);
    }
    return true;
  }

 private:
  std::size_t maximum_depth_;
  std::size_t depth_ = 0;
  DepthStack<OpenContainer> open_;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_OPEN_CONTAINERS_H_
