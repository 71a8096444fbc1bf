#ifndef RINGPEER_TESTS_INTERLEAVING_ATOMIC_VALUE_H_
#define RINGPEER_TESTS_INTERLEAVING_ATOMIC_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ringpeer/tests/interleaving/runtime.h"

// The values of atomic objects, as words.

namespace ringpeer::interleaving {

inline std::uint64_t modified(Modification modification, std::uint64_t value,
                              std::uint64_t operand) {
  switch (modification) {
    case Modification::kExchange:
      return operand;
    case Modification::kAdd:
      return value + operand;
    case Modification::kSubtract:
      return value - operand;
    case Modification::kAnd:
      return value & operand;
    case Modification::kOr:
      return value | operand;
    case Modification::kXor:
      return value ^ operand;
  }
  return value;
}

inline std::uint64_t in_size(std::uint64_t value, std::size_t size) {
  return size == sizeof(value) ? value : value & ((std::uint64_t{1} << (8 * size)) - 1);
}

inline std::uint64_t value_in_memory(AtomicObject object) {
  std::uint64_t value = 0;
  std::memcpy(&value, object.place, object.size);
  return value;
}
inline void set_in_memory(AtomicObject object, std::uint64_t value) {
  std::memcpy(const_cast<void*>(object.place), &value, object.size);
}

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_ATOMIC_VALUE_H_
