#ifndef RINGPEER_TESTS_INTERLEAVING_ORDER_NAME_H_
#define RINGPEER_TESTS_INTERLEAVING_ORDER_NAME_H_

#include <atomic>

namespace ringpeer::interleaving {

// As the standard has it, without "memory_order_".
inline const char* order_name(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
      return "consume";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "";
}

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_ORDER_NAME_H_
