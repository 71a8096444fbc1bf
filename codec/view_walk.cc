#include "ringpeer/codec/view_walk.h"

namespace ringpeer {

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
  } else if (!open->declared.takes(at_, &type)) {
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

// Makes the value at at_ the current one, and what is in it, or behind it, the next.
void ViewWalk::visit(VariantType type, Role role) {
  depth_ = open_.size();
  role_ = role;
  if (role != Role::PROPERTY) name_ = {};
  value_ = role == Role::TOP ? top_ : VariantView(at_, top_.end(), top_.traits(), type);
  const std::uint32_t header = wire_scan::load_word(at_);
  const std::uint32_t kind = header >> kElementKindShift & kContainerKindMask;
  static_assert(kElementKindShift == kKeyKindShift);
  if (value_.is_converted()) {
    at_ = wire_scan::skip(at_);
  } else if (type == VariantType::ARRAY) {
    const DeclaredType declared = DeclaredType::of_descriptor(at_ + 4, kind, top_.traits());
    at_ = wire_scan::array_count_word(at_) + 4;
    open_.push({wire_scan::load_word(at_ - 4) & kContainerCountMask, Role::ELEMENT, declared});
  } else if (type == VariantType::DICTIONARY) {
    const DeclaredType declared = DeclaredType::of_descriptor(at_ + 4, kind, top_.traits());
    at_ = wire_scan::dictionary_count_word(at_) + 4;
    open_.push({2 * (wire_scan::load_word(at_ - 4) & kContainerCountMask), Role::KEY, declared});
  } else if (type == VariantType::OBJECT && (header & kHeaderFlagObjectAsId) == 0) {
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
