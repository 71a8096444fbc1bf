#ifndef RINGPEER_TESTS_INTERLEAVING_RUNTIME_H_
#define RINGPEER_TESTS_INTERLEAVING_RUNTIME_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "ringpeer/tests/interleaving/site.h"

// What checked atomics and plain accesses of an explored test go through. Outside of one they
// act on memory as one thread alone would.

namespace ringpeer::interleaving {

enum class Modification : std::uint8_t { kExchange, kAdd, kSubtract, kAnd, kOr, kXor };

// An object of up to eight bytes; its value in the low ones.
struct AtomicObject {
  const void* place;
  std::size_t size;
};

void atomic_construct(AtomicObject object, std::uint64_t value);
std::uint64_t atomic_load(AtomicObject object, std::memory_order order, Site site);
void atomic_store(AtomicObject object, std::uint64_t value, std::memory_order order, Site site);
std::uint64_t atomic_modify(AtomicObject object, Modification modification, std::uint64_t operand,
                            std::memory_order order, Site site);
bool atomic_compare_exchange(AtomicObject object, std::uint64_t& expected, std::uint64_t desired,
                             bool is_weak, std::memory_order success, std::memory_order failure,
                             Site site);
void atomic_fence(std::memory_order order, Site site);
// Waits until it loads a value that is wanted.
std::uint64_t atomic_await(AtomicObject object, const std::function<bool(std::uint64_t)>& is_wanted,
                           std::memory_order order, Site site);

// The kernel's futex: sleep_while_equal() looks at the word and sleeps in one step as far
// as wake_all() is concerned, and returns when it was woken or the word was different. Neither
// is taken to make anything else visible.
void futex_sleep_while_equal(AtomicObject word, std::uint64_t expected, Site site);
void futex_wake_all(AtomicObject word, Site site);

// An eventfd, by a number that stands for its descriptor: whether it is readable. The kernel's lock
// makes every operation on one acquire and release.
void eventfd_notify(int descriptor, Site site);
void eventfd_clear(int descriptor, Site site);
void eventfd_await_readable(int descriptor, Site site);
bool eventfd_is_readable(int descriptor, Site site);

// kCopy may read what nobody has written: padding.
enum class PlainAccess : std::uint8_t { kRead, kWrite, kCopy };
void plain_access(const void* place, std::size_t size, PlainAccess kind);

// Whether a thread of a test asks, and this is memory of the test.
bool is_explored(const void* place);

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_RUNTIME_H_
