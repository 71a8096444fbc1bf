#include "ringpeer/codec/view/view_walk.h"

#include <algorithm>

namespace ringpeer {

bool internal::ObjectScripts::has_script(const std::uint8_t* at) {
  if (begin_ == nullptr || at < begin_ || at >= end_) look_through(at);
  const std::size_t note = static_cast<std::size_t>(at - begin_) / sizeof(std::uint32_t);
  return (notes_[note / 64] >> note % 64 & 1) != 0;
}

void internal::ObjectScripts::look_through(const std::uint8_t* object) {
  if (begin_ == nullptr) std::ranges::fill(notes_, 0);
  begin_ = object;
  DepthStack<Open> open;
  const std::uint8_t* at = open_object(object, &open);
  while (!open.empty()) {
    Open& level = open.back();
    if (level.left == 0) {
      open.pop();
      continue;
    }
    --level.left;
    if (level.is_object) {
      const bool is_script = wire_scan::string_text(at, false) == kScriptProperty;
      at = wire_scan::after_string(at);
      const bool is_nil = (wire_scan::load_word(at) & kHeaderTypeMask) == 0;
      if (is_script && !is_nil && level.note < kNotes) {
        notes_[level.note / 64] |= std::uint64_t{1} << level.note % 64;
      }
    }
    const std::uint32_t header = wire_scan::load_word(at);
    const auto type = static_cast<VariantType>(header & kHeaderTypeMask);
    if (type == VariantType::ARRAY) {
      at = wire_scan::array_count_word(at) + 4;
      open.push({wire_scan::load_word(at - 4) & kContainerCountMask, false, 0});
    } else if (type == VariantType::DICTIONARY) {
      at = wire_scan::dictionary_count_word(at) + 4;
      open.push({2 * (wire_scan::load_word(at - 4) & kContainerCountMask), false, 0});
    } else if (type == VariantType::OBJECT && (header & kHeaderFlagObjectAsId) == 0) {
      at = open_object(at, &open);
    } else {
      at = wire_scan::skip(at);
    }
  }
  constexpr auto kNoted = static_cast<std::ptrdiff_t>(kNotes * sizeof(std::uint32_t));
  end_ = begin_ + std::min(at - begin_, kNoted);
}

// Behind the number of properties, or behind a null object.
const std::uint8_t* internal::ObjectScripts::open_object(const std::uint8_t* at,
                                                         DepthStack<Open>* open) {
  const std::size_t note = static_cast<std::size_t>(at - begin_) / sizeof(std::uint32_t);
  if (note < kNotes) notes_[note / 64] &= ~(std::uint64_t{1} << note % 64);
  const bool is_null = wire_scan::string_text(at + 4, false).empty();
  at = wire_scan::after_string(at + 4);
  if (is_null) return at;
  const std::uint32_t count = wire_scan::load_word(at);
  // Negative: none, as in Godot.
  open->push({count > 0x7fffffff ? 0 : count, true, note});
  return at + 4;
}

bool ViewWalk::next() {
  if (!started_) {
    started_ = true;
    if (!top_.exists()) return false;
    visit(top_.type(), Role::TOP);
    return true;
  }
  while (!open_.empty()) {
    if (open_.back().left == 0) {
      open_.pop();
    } else if (take_next(&open_.back())) {
      return true;
    }
  }
  return false;
}

// False when decoding leaves the value out.
bool ViewWalk::take_next(Open* open) {
  --open->left;
  const Role role = open->role;
  auto type = static_cast<VariantType>(wire_scan::load_word(at_) & kHeaderTypeMask);
  if (role == Role::PROPERTY) {
    name_ = wire_scan::string_text(at_, top_.traits().plain);
    at_ = wire_scan::after_string(at_);
    type = static_cast<VariantType>(wire_scan::load_word(at_) & kHeaderTypeMask);
  } else if (role == Role::VALUE) {
    open->role = Role::KEY;
  } else if (!takes(open->declared, &type)) {
    at_ = wire_scan::skip(at_);
    if (role == Role::ELEMENT) return false;
    at_ = wire_scan::skip(at_);
    --open->left;
    return false;
  } else if (role == Role::KEY) {
    open->role = Role::VALUE;
  }
  visit(type, role);
  return true;
}

// DeclaredType::takes, which looks through an object for itself.
bool ViewWalk::takes(const DeclaredType& declared, VariantType* type) {
  const bool is_full = *type == VariantType::OBJECT &&
                       (wire_scan::load_word(at_) & kHeaderFlagObjectAsId) == 0 &&
                       !wire_scan::string_text(at_ + 4, false).empty();
  if (!is_full || !declared.wants_script) return declared.takes(at_, type);
  return scripts_.has_script(at_);
}

// Makes the value at at_ the current one, and what is in it, or behind it, the next.
void ViewWalk::visit(VariantType type, Role role) {
  depth_ = open_.size();
  role_ = role;
  if (role != Role::PROPERTY) name_ = {};
  value_ = role == Role::TOP ? top_ : VariantView(at_, top_.end(), top_.traits(), type);
  const std::uint32_t header = wire_scan::load_word(at_);
  const std::uint32_t kind = header >> kElementKindShift & kContainerKindMask;
  static_assert(kElementKindShift == kKeyKindShift);
  const bool is_open = !value_.is_converted();
  if (is_open && type == VariantType::ARRAY) {
    const DeclaredType declared = DeclaredType::of_descriptor(at_ + 4, kind, top_.traits());
    at_ = wire_scan::array_count_word(at_) + 4;
    open_.push({wire_scan::load_word(at_ - 4) & kContainerCountMask, Role::ELEMENT, declared});
  } else if (is_open && type == VariantType::DICTIONARY) {
    const DeclaredType declared = DeclaredType::of_descriptor(at_ + 4, kind, top_.traits());
    at_ = wire_scan::dictionary_count_word(at_) + 4;
    open_.push({2 * (wire_scan::load_word(at_ - 4) & kContainerCountMask), Role::KEY, declared});
  } else if (is_open && type == VariantType::OBJECT && (header & kHeaderFlagObjectAsId) == 0) {
    open_object();
  } else {
    at_ = wire_scan::skip(at_);
  }
}

void ViewWalk::open_object() {
  const bool is_null = wire_scan::string_text(at_ + 4, top_.traits().plain).empty();
  at_ = wire_scan::after_string(at_ + 4);
  if (is_null) return;
  const std::uint32_t count = wire_scan::load_word(at_);
  at_ += 4;
  // Negative: none, as in Godot.
  open_.push({count > 0x7fffffff ? 0 : count, Role::PROPERTY, {}});
}

}  // namespace ringpeer
