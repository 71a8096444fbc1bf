// What checked atomics, plain accesses and the heap of an explored test come to.

#include "ringpeer/tests/interleaving/runtime.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>

#include "ringpeer/tests/interleaving/atomic_value.h"
#include "ringpeer/tests/interleaving/exploration.h"

namespace ringpeer::interleaving {

// ---- Atomic operations.

void atomic_construct(AtomicObject object, std::uint64_t value) {
  if (!is_in_test()) return set_in_memory(object, value);
  const InRuntime in_runtime;
  g_exploration->construct(object, value);
}

std::uint64_t atomic_load(AtomicObject object, std::memory_order order, Site site) {
  if (!is_in_test()) return value_in_memory(object);
  const InRuntime in_runtime;
  Wish wish;
  wish.object = object;
  wish.order = g_exploration->order_of(Operation::kLoad, order, site);
  wish.site = site;
  return g_exploration->execute(wish).read;
}

std::uint64_t atomic_await(AtomicObject object, const std::function<bool(std::uint64_t)>& is_wanted,
                           std::memory_order order, Site site) {
  const InRuntime in_runtime;
  Wish wish;
  wish.object = object;
  wish.order = g_exploration->order_of(Operation::kLoad, order, site);
  wish.is_wanted = &is_wanted;
  wish.site = site;
  return g_exploration->execute(wish).read;
}

void atomic_store(AtomicObject object, std::uint64_t value, std::memory_order order, Site site) {
  if (!is_in_test()) return set_in_memory(object, value);
  const InRuntime in_runtime;
  Wish wish;
  wish.kind = Wish::Kind::kStore;
  wish.object = object;
  wish.operand = value;
  wish.order = g_exploration->order_of(Operation::kStore, order, site);
  wish.site = site;
  g_exploration->execute(wish);
}

std::uint64_t atomic_modify(AtomicObject object, Modification modification, std::uint64_t operand,
                            std::memory_order order, Site site) {
  if (!is_in_test()) {
    const std::uint64_t before = value_in_memory(object);
    set_in_memory(object, modified(modification, before, operand));
    return before;
  }
  const InRuntime in_runtime;
  Wish wish;
  wish.kind = Wish::Kind::kModify;
  wish.object = object;
  wish.modification = modification;
  wish.operand = operand;
  wish.order = g_exploration->order_of(Operation::kModify, order, site);
  wish.site = site;
  return g_exploration->execute(wish).read;
}

bool atomic_compare_exchange(AtomicObject object, std::uint64_t& expected, std::uint64_t desired,
                             bool is_weak, std::memory_order success, std::memory_order failure,
                             Site site) {
  if (!is_in_test()) {
    const std::uint64_t before = value_in_memory(object);
    if (before == expected) set_in_memory(object, desired);
    return std::exchange(expected, before) == before;
  }
  const InRuntime in_runtime;
  Wish wish;
  wish.kind = Wish::Kind::kCompareExchange;
  wish.object = object;
  wish.operand = desired;
  wish.expected = expected;
  wish.is_weak = is_weak;
  wish.order = g_exploration->order_of(Operation::kModify, success, site);
  wish.failure_order = g_exploration->order_of(Operation::kFailure, failure, site);
  wish.site = site;
  const Event event = g_exploration->execute(wish);
  expected = event.read;
  return event.writes();
}

void atomic_fence(std::memory_order order, Site site) {
  if (!is_in_test()) return;
  const InRuntime in_runtime;
  g_exploration->fence(g_exploration->order_of(Operation::kFence, order, site), site);
}

void futex_sleep_while_equal(AtomicObject word, std::uint64_t expected, Site site) {
  const InRuntime in_runtime;
  g_exploration->futex_sleep(word, expected, site);
}

void futex_wake_all(AtomicObject word, Site site) {
  if (!is_in_test()) return;
  const InRuntime in_runtime;
  g_exploration->futex_wake(word, site);
}

void eventfd_notify(int descriptor, Site site) {
  const InRuntime in_runtime;
  g_exploration->eventfd_set(descriptor, 1, site);
}
void eventfd_clear(int descriptor, Site site) {
  const InRuntime in_runtime;
  g_exploration->eventfd_set(descriptor, 0, site);
}
void eventfd_await_readable(int descriptor, Site site) {
  const InRuntime in_runtime;
  g_exploration->eventfd_await(descriptor, site);
}

bool eventfd_is_readable(int descriptor, Site site) {
  const InRuntime in_runtime;
  return g_exploration->eventfd_is_readable(descriptor, site);
}

void plain_access(const void* place, std::size_t size, PlainAccess kind) {
  if (!is_in_test()) return;
  const InRuntime in_runtime;
  g_exploration->access(place, size,
                        kind == PlainAccess::kRead    ? Memory::Access::kRead
                        : kind == PlainAccess::kWrite ? Memory::Access::kWrite
                                                      : Memory::Access::kCopy);
}

bool is_explored(const void* place) {
  if (!is_in_test()) return false;
  const InRuntime in_runtime;
  return g_exploration->owns(place);
}

namespace {

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  if (is_in_test()) {
    const InRuntime in_runtime;
    return g_exploration->allocate(size, alignment);
  }
  const std::size_t needed = std::max<std::size_t>(size, 1);
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(needed);
  return std::aligned_alloc(alignment, (needed + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  void* const place = allocate(size, alignment);
  if (place == nullptr) throw std::bad_alloc();
  return place;
}

void release(void* place) noexcept {
  if (place == nullptr) return;
  if (is_in_test()) {
    const InRuntime in_runtime;
    if (g_exploration->free(place)) return;
  }
  std::free(place);
}

}  // namespace
}  // namespace ringpeer::interleaving

// ---- The heap of the threads, in place of the C++ library's.

namespace interleaving = ringpeer::interleaving;

// NOLINTNEXTLINE(bugprone-reserved-identifier): what assert() calls; here it ends a run.
extern "C" void __assert_fail(const char* condition, const char* file, unsigned line,
                              const char* function) noexcept {
  interleaving::expect(!interleaving::is_in_test(), condition, {file, static_cast<int>(line)});
  std::fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function, condition);
  std::abort();
}

void* operator new(std::size_t size) {
  return interleaving::allocate_or_throw(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return interleaving::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return operator new(size, alignment);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return interleaving::allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete(void* place) noexcept { interleaving::release(place); }
void operator delete[](void* place) noexcept { interleaving::release(place); }
void operator delete(void* place, std::size_t) noexcept { interleaving::release(place); }
void operator delete[](void* place, std::size_t) noexcept { interleaving::release(place); }
void operator delete(void* place, std::align_val_t) noexcept { interleaving::release(place); }
void operator delete[](void* place, std::align_val_t) noexcept { interleaving::release(place); }
void operator delete(void* place, std::size_t, std::align_val_t) noexcept {
  interleaving::release(place);
}
void operator delete[](void* place, std::size_t, std::align_val_t) noexcept {
  interleaving::release(place);
}
