// What the threads of an explored test do.

#include <algorithm>

#include "ringpeer/tests/interleaving/atomic_value.h"
#include "ringpeer/tests/interleaving/exploration.h"

namespace ringpeer::interleaving {
namespace {

// Atomic operations and fences of one thread: more, and its loops wait without await().
constexpr Stamp kMaxEventsOfThread = 1000;

// What the kernel knows of a futex word, and an eventfd, are objects at no address of the test.
constexpr std::uint64_t kFutexQueue = std::uint64_t{1} << 63;
constexpr std::uint64_t kEventDescriptor = std::uint64_t{1} << 62;
constexpr std::uint64_t kFutexWake = std::uint64_t{1} << 32;  // its value counts wake-ups above

// An operation of the kernel on one of its own objects.
Wish kernel_wish(std::uint64_t object, Modification modification, std::uint64_t operand,
                 std::memory_order order, Site site) {
  Wish wish;
  wish.kind = Wish::Kind::kModify;
  wish.object = {nullptr, sizeof(std::uint64_t)};
  wish.kernel_object = object;
  wish.is_kernel = true;
  wish.modification = modification;
  wish.operand = operand;
  wish.order = order;
  wish.site = site;
  return wish;
}

}  // namespace

std::memory_order Exploration::order_of(Operation operation, std::memory_order order, Site site) {
  if (options_.notes_uses) {
    const SeenUse use{site.file, site.line, operation, order};
    if (std::find(seen_uses_.begin(), seen_uses_.end(), use) == seen_uses_.end()) {
      seen_uses_.push_back(use);
    }
  }
  if (options_.weakening && options_.weakening->use.line == site.line &&
      options_.weakening->use.operation == operation && options_.weakening->use.order == order &&
      options_.weakening->use.file == site.file) {
    return options_.weakening->order;
  }
  return order;
}

Event Exploration::execute(Wish wish) {
  const auto address = reinterpret_cast<std::uint64_t>(wish.object.place);
  if (wish.kernel_object != 0) {
    wish.location = graph_.location(wish.kernel_object, 0);
  } else {
    if (!memory_.contains(address))
      fail("atomic operation on memory that is not the test's", wish.site);
    access(wish.object.place, 1,
           wish.kind == Wish::Kind::kLoad ? Memory::Access::kAtomicRead
                                          : Memory::Access::kAtomicWrite);
    wish.location = graph_.location(address, value_in_memory(wish.object));
  }
  check_room(wish.order, wish.site);
  Event event;
  if (wish.kind == Wish::Kind::kStore) {
    event.kind = EventKind::kWrite;
    event.thread = static_cast<std::uint8_t>(current_);
    event.order = wish.order;
    event.location = wish.location;
    event.site = wish.site;
    event.written = wish.operand;
    event.position = choose_position(wish);
  } else {
    const int choice = choose_source(wish);
    if (choice % 2 != 0) ++threads_[current_].spurious_failures;
    event = event_of(wish, current_, choice);
  }
  const int id = graph_.add(event);
  const Event added = graph_.event(id);
  // A compare_exchange that fails counts: in another execution it may not.
  if (wish.kind != Wish::Kind::kLoad) record_write(added);
  if (added.writes()) {
    const bool is_in_memory = wish.kernel_object == 0;
    if (is_in_memory && id == graph_.newest(added.location))
      set_in_memory(wish.object, added.written);
    offer(id);
    const bool goes_first = std::any_of(threads_.begin(), threads_.begin() + current_,
                                        [](const Thread& t) { return t.state == State::kReady; });
    if (goes_first) yield();
  }
  return added;
}

void Exploration::check_room(std::memory_order order, Site site) {
  const bool has_room = order != std::memory_order_seq_cst || !graph_.is_full();
  if (!has_room || graph_.count(current_) >= kMaxEventsOfThread) {
    fail("a thread that does not end, or does too much,", site);
  }
}

void Exploration::fence(std::memory_order order, Site site) {
  check_room(order, site);
  Event event;
  event.kind = EventKind::kFence;
  event.thread = static_cast<std::uint8_t>(current_);
  event.order = order;
  event.site = site;
  graph_.add(event);
}

void Exploration::construct(AtomicObject object, std::uint64_t value) {
  access(object.place, object.size, Memory::Access::kWrite);
  set_in_memory(object, value);
}

void Exploration::access(const void* place, std::size_t size, Memory::Access kind) {
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  if (!memory_.contains(address)) return;
  const char* const wrong = memory_.access(accessor(), address, size, kind);
  if (wrong != nullptr) fail(wrong, {});
  if (kind != Memory::Access::kWrite || !memory_.was_atomic(address, size)) return;
  // Another object begins where an atomic one was.
  for (std::size_t i = 0; i < size; ++i) graph_.forget_location(address + i);
}

void Exploration::futex_sleep(AtomicObject word, std::uint64_t expected, Site site) {
  const std::uint64_t queue = reinterpret_cast<std::uint64_t>(word.place) | kFutexQueue;
  const Event enqueued =
      execute(kernel_wish(queue, Modification::kAdd, 1, std::memory_order_relaxed, site));
  // Who woke before has changed the word before.
  Wish look;
  look.object = word;
  look.is_kernel = true;
  look.site = site;
  for (int write = enqueued.source; write >= 0; write = graph_.previous(write)) {
    const Event& earlier = graph_.event(write);
    if (earlier.kind == EventKind::kModify && earlier.written - earlier.read == kFutexWake) {
      look.also_visible.join(earlier.clock);
    }
  }
  if (execute(look).read != expected) return;
  const std::uint64_t wakes = enqueued.read / kFutexWake;
  await_kernel_object(queue, std::memory_order_relaxed, site,
                      [wakes](std::uint64_t value) { return value / kFutexWake > wakes; });
}

void Exploration::futex_wake(AtomicObject word, Site site) {
  const std::uint64_t queue = reinterpret_cast<std::uint64_t>(word.place) | kFutexQueue;
  execute(kernel_wish(queue, Modification::kAdd, kFutexWake, std::memory_order_relaxed, site));
}

void Exploration::await_kernel_object(std::uint64_t object, std::memory_order order, Site site,
                                      const std::function<bool(std::uint64_t)>& is_wanted) {
  Wish wish = kernel_wish(object, Modification::kAdd, 0, order, site);
  wish.kind = Wish::Kind::kLoad;
  wish.is_wanted = &is_wanted;
  execute(wish);
}

void Exploration::eventfd_set(int descriptor, std::uint64_t value, Site site) {
  const std::uint64_t object = static_cast<std::uint64_t>(descriptor) | kEventDescriptor;
  execute(kernel_wish(object, Modification::kExchange, value, std::memory_order_acq_rel, site));
}

bool Exploration::eventfd_is_readable(int descriptor, Site site) {
  const std::uint64_t object = static_cast<std::uint64_t>(descriptor) | kEventDescriptor;
  Wish wish = kernel_wish(object, Modification::kAdd, 0, std::memory_order_acquire, site);
  wish.kind = Wish::Kind::kLoad;
  return execute(wish).read != 0;
}

void Exploration::eventfd_await(int descriptor, Site site) {
  const std::uint64_t object = static_cast<std::uint64_t>(descriptor) | kEventDescriptor;
  await_kernel_object(object, std::memory_order_acquire, site,
                      [](std::uint64_t value) { return value != 0; });
}

void* Exploration::allocate(std::size_t size, std::size_t alignment) {
  void* const place = memory_.allocate(current_, size, alignment);
  if (place == nullptr) fail("more memory allocated than the explorer has", {});
  return place;
}

bool Exploration::free(void* place) {
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  if (!memory_.contains(address)) return false;
  const char* const wrong = memory_.free(accessor(), address);
  if (wrong != nullptr) fail(wrong, {});
  return true;
}

}  // namespace ringpeer::interleaving
