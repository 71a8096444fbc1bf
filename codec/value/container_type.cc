#include "ringpeer/codec/value/container_type.h"

#include <functional>
#include <new>

namespace ringpeer {

// One record for each built-in type and one for EncodedObjectAsID, shared by all
// containers and never changed, so that the common declarations own no memory.
struct ContainerType::BuiltinRecords {
  BuiltinRecords() {
    for (std::uint32_t type = 0; type < kVariantTypeCount; ++type) {
      records[type] = {ContainerKind::BUILTIN, static_cast<VariantType>(type), String()};
    }
    // The name is longer than a String holds inside: this lives as long as the program.
    records[kVariantTypeCount] = {ContainerKind::CLASS_NAME, VariantType::OBJECT,
                                  String(kEncodedObjectAsIdClass)};
  }

  Record records[kVariantTypeCount + 1];
};

const ContainerType::BuiltinRecords& ContainerType::builtin_records() {
  // Never destroyed: values may outlive the end of main().
  static const BuiltinRecords& records = *new BuiltinRecords();
  return records;
}

bool ContainerType::is_shared(const Record* record) {
  const BuiltinRecords& shared = builtin_records();
  return !std::less<>()(record, shared.records) &&
         std::less<>()(record, shared.records + kVariantTypeCount + 1);
}

ContainerType ContainerType::builtin(VariantType type) {
  if (type == VariantType::NIL) return {};
  return ContainerType(&builtin_records().records[static_cast<std::size_t>(type)]);
}

ContainerType ContainerType::encoded_object_as_id() {
  return ContainerType(&builtin_records().records[kVariantTypeCount]);
}

ContainerType ContainerType::object_class(std::string_view class_name) {
  if (class_name == kEncodedObjectAsIdClass) return encoded_object_as_id();
  if (class_name.empty()) return builtin(VariantType::OBJECT);
  HeapMemory memory;
  return named(memory, ContainerKind::CLASS_NAME, String(class_name).view());
}

ContainerType ContainerType::script(std::string_view path) {
  HeapMemory memory;
  return named(memory, ContainerKind::SCRIPT, String(path).view());
}

const ContainerType::Record* ContainerType::clone(const Record* record) {
  if (record == nullptr || is_shared(record)) return record;
  HeapMemory memory;
  return named(memory, record->kind, record->name.view()).detach();
}

void ContainerType::release() noexcept {
  if (is_shared(record_)) return;
  record_->~Record();
  HeapMemory::release(const_cast<Record*>(record_));
}

}  // namespace ringpeer
