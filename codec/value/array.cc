#include "ringpeer/codec/value/array.h"

namespace ringpeer {

Array::Array(ContainerType element_type, std::initializer_list<Variant> values)
    : type_(std::move(element_type)) {
  reserve(values.size());
  for (const Variant& value : values) push_back(value);
}

}  // namespace ringpeer
