#ifndef RINGPEER_TESTS_INTERLEAVING_CHECKED_ATOMICS_H_
#define RINGPEER_TESTS_INTERLEAVING_CHECKED_ATOMICS_H_

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "ringpeer/tests/interleaving/runtime.h"
#include "ringpeer/tests/interleaving/site.h"

namespace ringpeer::interleaving {

template <typename T>
std::uint64_t to_word(T value) {
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof(value));
  return word;
}
template <typename T>
T from_word(std::uint64_t word) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, &word, sizeof(value));
  return value;
}

// std::atomic for explored tests.
template <typename T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  Atomic() : Atomic(T{}) {}
  Atomic(T value) { atomic_construct(object(), to_word(value)); }  // NOLINT: as std::atomic's
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst, Site site = Site::current()) const {
    return from_word<T>(atomic_load(object(), order, site));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst,
             Site site = Site::current()) {
    atomic_store(object(), to_word(value), order, site);
  }
  T exchange(T value, std::memory_order order = std::memory_order_seq_cst,
             Site site = Site::current()) {
    return modify(Modification::kExchange, value, order, site);
  }
  T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst,
              Site site = Site::current()) {
    return modify(Modification::kAdd, value, order, site);
  }
  T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst,
              Site site = Site::current()) {
    return modify(Modification::kSubtract, value, order, site);
  }
  T fetch_and(T value, std::memory_order order = std::memory_order_seq_cst,
              Site site = Site::current()) {
    return modify(Modification::kAnd, value, order, site);
  }
  T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst,
             Site site = Site::current()) {
    return modify(Modification::kOr, value, order, site);
  }
  T fetch_xor(T value, std::memory_order order = std::memory_order_seq_cst,
              Site site = Site::current()) {
    return modify(Modification::kXor, value, order, site);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure, Site site = Site::current()) {
    return compare_exchange(expected, desired, true, success, failure, site);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Site site = Site::current()) {
    return compare_exchange(expected, desired, false, success, failure, site);
  }
  bool compare_exchange_weak(T& expected, T desired,
                             std::memory_order order = std::memory_order_seq_cst,
                             Site site = Site::current()) {
    return compare_exchange(expected, desired, true, order, failure_order(order), site);
  }
  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order order = std::memory_order_seq_cst,
                               Site site = Site::current()) {
    return compare_exchange(expected, desired, false, order, failure_order(order), site);
  }

  AtomicObject object() const { return {&value_, sizeof(T)}; }

 private:
  static constexpr std::memory_order failure_order(std::memory_order success) {
    return success == std::memory_order_acq_rel   ? std::memory_order_acquire
           : success == std::memory_order_release ? std::memory_order_relaxed
                                                  : success;
  }
  T modify(Modification modification, T value, std::memory_order order, Site site) {
    return from_word<T>(atomic_modify(object(), modification, to_word(value), order, site));
  }
  bool compare_exchange(T& expected, T desired, bool is_weak, std::memory_order success,
                        std::memory_order failure, Site site) {
    std::uint64_t word = to_word(expected);
    const bool done =
        atomic_compare_exchange(object(), word, to_word(desired), is_weak, success, failure, site);
    if (!done) expected = from_word<T>(word);
    return done;
  }

  // Only the runtime looks at it.
  alignas(sizeof(T)) T value_;
};

inline void thread_fence(std::memory_order order, Site site = Site::current()) {
  atomic_fence(order, site);
}

// Waits for a value that `is_wanted`, and returns it.
template <typename T, typename Predicate>
T await(const Atomic<T>& atomic, Predicate is_wanted,
        std::memory_order order = std::memory_order_acquire, Site site = Site::current()) {
  return from_word<T>(atomic_await(
      atomic.object(), [&](std::uint64_t word) { return is_wanted(from_word<T>(word)); }, order,
      site));
}

// A variable that is not atomic, for tests that are not compiled with plain accesses checked.
template <typename T>
class Plain {
 public:
  Plain(T value = T{}) { *this = value; }  // NOLINT: stands for a T
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  Plain& operator=(T value) {
    plain_access(&value_, sizeof(value_), PlainAccess::kWrite);
    value_ = value;
    return *this;
  }
  operator T() const {  // NOLINT: stands for a T
    plain_access(&value_, sizeof(value_), PlainAccess::kRead);
    return value_;
  }

 private:
  T value_;
};

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_CHECKED_ATOMICS_H_
