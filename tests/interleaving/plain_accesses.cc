// The functions that code compiled with -fsanitize=thread calls at each access to memory: here
// they tell the explorer, and ThreadSanitizer is not linked. Of atomic operations, only those of
// other people's code come this way; ringpeer's own are the checked ones.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ringpeer/tests/interleaving/runtime.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the compiler chose the names.

namespace interleaving = ringpeer::interleaving;

namespace {

constexpr interleaving::Site kElsewhere{"std::atomic", 0};

void read(const volatile void* place, std::size_t size) {
  interleaving::plain_access(const_cast<const void*>(place), size,
                             interleaving::PlainAccess::kRead);
}
void write(const volatile void* place, std::size_t size) {
  interleaving::plain_access(const_cast<const void*>(place), size,
                             interleaving::PlainAccess::kWrite);
}

template <typename T>
interleaving::AtomicObject object_of(const volatile T* place) {
  return {const_cast<const T*>(place), sizeof(T)};
}
std::memory_order order_of(int order) { return static_cast<std::memory_order>(order); }

template <typename T>
T load(const volatile T* place, int order) {
  const auto object = object_of(place);
  if (!interleaving::is_explored(object.place)) return __atomic_load_n(place, __ATOMIC_SEQ_CST);
  return static_cast<T>(interleaving::atomic_load(object, order_of(order), kElsewhere));
}

template <typename T>
void store(volatile T* place, T value, int order) {
  const auto object = object_of(place);
  if (!interleaving::is_explored(object.place)) {
    return __atomic_store_n(place, value, __ATOMIC_SEQ_CST);
  }
  interleaving::atomic_store(object, value, order_of(order), kElsewhere);
}

template <typename T>
T modify(volatile T* place, interleaving::Modification modification, T operand, int order) {
  const auto object = object_of(place);
  if (interleaving::is_explored(object.place)) {
    return static_cast<T>(
        interleaving::atomic_modify(object, modification, operand, order_of(order), kElsewhere));
  }
  switch (modification) {
    case interleaving::Modification::kExchange:
      return __atomic_exchange_n(place, operand, __ATOMIC_SEQ_CST);
    case interleaving::Modification::kAdd:
      return __atomic_fetch_add(place, operand, __ATOMIC_SEQ_CST);
    case interleaving::Modification::kSubtract:
      return __atomic_fetch_sub(place, operand, __ATOMIC_SEQ_CST);
    case interleaving::Modification::kAnd:
      return __atomic_fetch_and(place, operand, __ATOMIC_SEQ_CST);
    case interleaving::Modification::kOr:
      return __atomic_fetch_or(place, operand, __ATOMIC_SEQ_CST);
    case interleaving::Modification::kXor:
      return __atomic_fetch_xor(place, operand, __ATOMIC_SEQ_CST);
  }
  return operand;
}

template <typename T>
int compare_exchange(volatile T* place, T* expected, T desired, bool is_weak, int success,
                     int failure) {
  const auto object = object_of(place);
  if (!interleaving::is_explored(object.place)) {
    return __atomic_compare_exchange_n(place, expected, desired, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST)
               ? 1
               : 0;
  }
  std::uint64_t word = *expected;
  const bool done = interleaving::atomic_compare_exchange(
      object, word, desired, is_weak, order_of(success), order_of(failure), kElsewhere);
  if (!done) *expected = static_cast<T>(word);
  return done ? 1 : 0;
}

}  // namespace

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void* place, void*) { write(place, sizeof(void*)); }
void __tsan_vptr_read(void* place) { read(place, sizeof(void*)); }
void __tsan_read_range(void* place, std::size_t size) { read(place, size); }
void __tsan_write_range(void* place, std::size_t size) { write(place, size); }

#define RINGPEER_ACCESSES(size)                                                 \
  void __tsan_read##size(void* place) { read(place, size); }                    \
  void __tsan_write##size(void* place) { write(place, size); }                  \
  void __tsan_unaligned_read##size(void* place) { read(place, size); }          \
  void __tsan_unaligned_write##size(void* place) { write(place, size); }        \
  void __tsan_volatile_read##size(void* place) { read(place, size); }           \
  void __tsan_volatile_write##size(void* place) { write(place, size); }         \
  void __tsan_unaligned_volatile_read##size(void* place) { read(place, size); } \
  void __tsan_unaligned_volatile_write##size(void* place) { write(place, size); }
RINGPEER_ACCESSES(1)
RINGPEER_ACCESSES(2)
RINGPEER_ACCESSES(4)
RINGPEER_ACCESSES(8)
RINGPEER_ACCESSES(16)

#define RINGPEER_MODIFY(bits, name, modification)                                            \
  std::uint##bits##_t __tsan_atomic##bits##_##name(volatile std::uint##bits##_t* place,      \
                                                   std::uint##bits##_t operand, int order) { \
    return modify(place, interleaving::Modification::modification, operand, order);          \
  }
#define RINGPEER_ATOMICS(bits)                                                                     \
  std::uint##bits##_t __tsan_atomic##bits##_load(const volatile std::uint##bits##_t* place,        \
                                                 int order) {                                      \
    return load(place, order);                                                                     \
  }                                                                                                \
  void __tsan_atomic##bits##_store(volatile std::uint##bits##_t* place, std::uint##bits##_t value, \
                                   int order) {                                                    \
    store(place, value, order);                                                                    \
  }                                                                                                \
  RINGPEER_MODIFY(bits, exchange, kExchange)                                                       \
  RINGPEER_MODIFY(bits, fetch_add, kAdd)                                                           \
  RINGPEER_MODIFY(bits, fetch_sub, kSubtract)                                                      \
  RINGPEER_MODIFY(bits, fetch_and, kAnd)                                                           \
  RINGPEER_MODIFY(bits, fetch_or, kOr)                                                             \
  RINGPEER_MODIFY(bits, fetch_xor, kXor)                                                           \
  int __tsan_atomic##bits##_compare_exchange_strong(                                               \
      volatile std::uint##bits##_t* place, std::uint##bits##_t* expected,                          \
      std::uint##bits##_t desired, int success, int failure) {                                     \
    return compare_exchange(place, expected, desired, false, success, failure);                    \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_weak(                                                 \
      volatile std::uint##bits##_t* place, std::uint##bits##_t* expected,                          \
      std::uint##bits##_t desired, int success, int failure) {                                     \
    return compare_exchange(place, expected, desired, true, success, failure);                     \
  }                                                                                                \
  std::uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(                                  \
      volatile std::uint##bits##_t* place, std::uint##bits##_t expected,                           \
      std::uint##bits##_t desired, int success, int failure) {                                     \
    compare_exchange(place, &expected, desired, false, success, failure);                          \
    return expected;                                                                               \
  }
RINGPEER_ATOMICS(8)
RINGPEER_ATOMICS(16)
RINGPEER_ATOMICS(32)
RINGPEER_ATOMICS(64)

void __tsan_atomic_thread_fence(int order) {
  interleaving::atomic_fence(order_of(order), kElsewhere);
}
void __tsan_atomic_signal_fence(int) {}

// The linker sends calls of these here (--wrap).
void* __real_memcpy(void* to, const void* from, std::size_t size);
void* __real_memmove(void* to, const void* from, std::size_t size);
void* __real_memset(void* place, int value, std::size_t size);

void* __wrap_memcpy(void* to, const void* from, std::size_t size) {
  interleaving::plain_access(from, size, interleaving::PlainAccess::kCopy);
  write(to, size);
  return __real_memcpy(to, from, size);
}
void* __wrap_memmove(void* to, const void* from, std::size_t size) {
  interleaving::plain_access(from, size, interleaving::PlainAccess::kCopy);
  write(to, size);
  return __real_memmove(to, from, size);
}
void* __wrap_memset(void* place, int value, std::size_t size) {
  write(place, size);
  return __real_memset(place, value, size);
}

}  // extern "C"

// NOLINTEND(bugprone-reserved-identifier)
