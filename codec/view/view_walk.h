#ifndef RINGPEER_CODEC_VIEW_VIEW_WALK_H_
#define RINGPEER_CODEC_VIEW_VIEW_WALK_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ringpeer/codec/base/depth_stack.h"
#include "ringpeer/codec/view/variant_view.h"

namespace ringpeer {

namespace internal {

// Which full objects have a script: what their properties say, from the first to the last. Objects
// within objects are looked through once, with the outermost that was asked for, and not again for
// each that they are in.
class ObjectScripts {
 public:
  ObjectScripts() {}  // NOLINT(modernize-use-equals-default): leaves the notes alone

  // Of the full object whose header is at `at`.
  bool has_script(const std::uint8_t* at);

 private:
  // What is noted at once, from the object that was asked for on: a datagram's.
  static constexpr std::size_t kNotes = kMaximumDatagramSize / sizeof(std::uint32_t) + 1;

  // A container that is being looked through.
  struct Open {
    std::uint32_t left;
    bool is_object;
    std::size_t note;  // of an object the number of its note; one from kNotes on is not kept
  };

  void look_through(const std::uint8_t* object);
  const std::uint8_t* open_object(const std::uint8_t* at, DepthStack<Open>* open);

  const std::uint8_t* begin_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  // A bit for each word of the packet. Left alone until an object is looked through.
  std::uint64_t notes_[kNotes / 64 + 1];
};

}  // namespace internal

// Visits every value of a packet once, each container before what is in it: what to use when the
// whole of an unknown value is looked at. Its cost is bounded by the packet's bytes, while
// iterators within iterators step over each value once for every container that it is in.
//
//   for (ViewWalk walk(packet.value()); walk.next();) look_at(walk.value(), walk.depth());
//
// Visits what decoding would keep. An element that is converted is visited, not what is in it.
// Threads and lifetime as in variant_view.h. Allocates nothing; an instance takes 20 KiB.
class ViewWalk {
 public:
  // What the value is to the container that it is in.
  enum class Role : std::uint8_t { TOP, ELEMENT, KEY, VALUE, PROPERTY };

  // An absent value has nothing to visit.
  explicit ViewWalk(const VariantView& top) : top_(top), at_(top.at()) {}

  // Moves on to the next value, the first at first. False behind the last.
  bool next();

  // Of the value that next() moved to.
  const VariantView& value() const { return value_; }
  Role role() const { return role_; }
  // The number of containers it is in.
  std::size_t depth() const { return depth_; }
  // The name of a PROPERTY, otherwise empty.
  std::string_view property_name() const { return name_; }

 private:
  struct Open {
    std::uint32_t left;  // values still to come; of a Dictionary two an entry
    Role role;           // of the next
    DeclaredType declared;
  };

  bool take_next(Open* open);
  bool takes(const DeclaredType& declared, VariantType* type);
  void visit(VariantType type, Role role);
  void open_object();

  VariantView top_;
  VariantView value_;
  std::string_view name_;
  const std::uint8_t* at_;  // what comes next
  std::size_t depth_ = 0;
  Role role_ = Role::TOP;
  bool started_ = false;
  internal::ObjectScripts scripts_;
  DepthStack<Open> open_;  // the containers around what comes next, outermost first
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VIEW_VIEW_WALK_H_
