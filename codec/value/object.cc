#include "ringpeer/codec/value/object.h"

#include "ringpeer/codec/base/wire_format.h"

namespace ringpeer {

Object Object::from_id(std::uint64_t id) {
  Object object;
  object.id_ = id;
  return object;
}

Object::Object(String class_name) {
  if (class_name.empty()) return;
  HeapMemory memory;
  full_ = new (memory.allocate(sizeof(Full))) Full{std::move(class_name), Properties()};
}

Object::Object(const Object& other) : id_(other.id_) {
  if (other.full_ == nullptr) return;
  HeapMemory memory;
  Full copy(*other.full_);  // before there is a block that could be lost
  full_ = new (memory.allocate(sizeof(Full))) Full(std::move(copy));
}

std::string_view Object::class_name() const {
  if (is_full()) return full_->class_name.view();
  return is_id() ? kEncodedObjectAsIdClass : std::string_view();
}

const Object::Properties& Object::properties() const {
  static const Properties& none = *new Properties();
  return is_full() ? full_->properties : none;
}

const Variant* Object::find(std::string_view name) const {
  for (const ObjectProperty& property : properties()) {
    if (property.name.view() == name) return &property.value;
  }
  return String::keeps(name) ? nullptr : find(String(name).view());
}

void Object::set(String name, Variant value) {
  if (!is_full()) return;
  for (ObjectProperty& property : full_->properties) {
    if (property.name == name) {
      property.value = std::move(value);
      return;
    }
  }
  full_->properties.push_back(ObjectProperty{std::move(name), std::move(value)});
}

CompactBlock* Object::detach_properties() noexcept {
  if (full_ == nullptr) return nullptr;
  CompactBlock* block = full_->properties.detach();
  release();
  full_ = nullptr;
  return block;
}

void Object::release() noexcept {
  full_->~Full();
  HeapMemory::release(full_);
}

}  // namespace ringpeer
