#ifndef RINGPEER_CODEC_VALUE_CONTAINER_TYPE_H_
#define RINGPEER_CODEC_VALUE_CONTAINER_TYPE_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <string_view>
#include <utility>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/codec/base/memory.h"
#include "ringpeer/codec/base/wire_format.h"
#include "ringpeer/codec/value/variant_string.h"

namespace ringpeer {

// What the elements of a typed Array, or the keys or values of a typed Dictionary,
// are declared to be. One pointer wide: untyped and built-in types own nothing.
// Threads and failure: as Variant.
class ContainerType {
 public:
  ContainerType() = default;  // untyped

  // NIL is untyped; OBJECT is any object.
  static ContainerType builtin(VariantType type);
  static ContainerType object_class(std::string_view class_name);
  static ContainerType script(std::string_view path);
  // What a container of objects is when only their ids are known.
  static ContainerType encoded_object_as_id();

  ContainerType(const ContainerType& other) : record_(clone(other.record_)) {}
  ContainerType(ContainerType&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  ContainerType& operator=(const ContainerType& other) {
    if (this != &other) ContainerType(other).swap(*this);
    return *this;
  }
  ContainerType& operator=(ContainerType&& other) noexcept {
    ContainerType(std::move(other)).swap(*this);
    return *this;
  }
  ~ContainerType() {
    if (record_ != nullptr) release();
  }

  bool is_typed() const { return record_ != nullptr; }
  ContainerKind kind() const { return record_ == nullptr ? ContainerKind::UNTYPED : record_->kind; }
  VariantType type() const { return record_ == nullptr ? VariantType::NIL : record_->type; }
  // CLASS_NAME: the class. SCRIPT: the script's path. Otherwise empty.
  std::string_view name() const {
    return record_ == nullptr ? std::string_view() : record_->name.view();
  }

  void swap(ContainerType& other) noexcept { std::swap(record_, other.record_); }
  friend bool operator==(const ContainerType& a, const ContainerType& b) {
    return a.kind() == b.kind() && a.type() == b.type() && a.name() == b.name();
  }

  // --- For builders (see memory.h); `name` is strict UTF-8 without NUL. ---

  template <typename Memory>
  static ContainerType named(Memory& memory, ContainerKind kind, std::string_view name) {
    auto* record =
        new (memory.allocate(sizeof(Record))) Record{kind, VariantType::OBJECT, String()};
    RINGPEER_TRY { record->name = String(String::Valid{}, memory, name); }
    RINGPEER_CATCH(...) {
      memory.release(record);
      RINGPEER_RETHROW;
    }
    return ContainerType(record);
  }
  static std::size_t heap_bytes(std::size_t name_size) {
    return sizeof(Record) + String::heap_bytes(name_size);
  }
  // Lets go of a record that an arena owns.
  void forget() noexcept { record_ = nullptr; }

 private:
  struct Record {
    ContainerKind kind;
    VariantType type;
    String name;
  };
  struct BuiltinRecords;

  explicit ContainerType(const Record* record) : record_(record) {}
  static const BuiltinRecords& builtin_records();
  static const Record* clone(const Record* record);
  static bool is_shared(const Record* record);
  void release() noexcept;
  const Record* detach() noexcept { return std::exchange(record_, nullptr); }

  const Record* record_ = nullptr;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_CONTAINER_TYPE_H_
