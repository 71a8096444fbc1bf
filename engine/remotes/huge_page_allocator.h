#ifndef RINGPEER_ENGINE_REMOTES_HUGE_PAGE_ALLOCATOR_H_
#define RINGPEER_ENGINE_REMOTES_HUGE_PAGE_ALLOCATOR_H_

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace ringpeer::worker {

// For large tables that are read at random: asks for huge pages, without which each
// look-up would also wait for the page tables, and filling a new table would take a page
// fault every 4 KiB. A wish: where the kernel has none to give, nothing changes.
// Where there is no memory at all it throws std::bad_alloc, as any allocator.
//
// Threads: any.
template <typename T>
struct HugePageAllocator {
  using value_type = T;
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;

  HugePageAllocator() = default;
  template <typename Other>
  HugePageAllocator(const HugePageAllocator<Other>&) {}

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kHugePage) return static_cast<T*>(::operator new(bytes));
    const std::size_t rounded = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    void* memory = ::operator new (rounded, std::align_val_t{kHugePage});
    ::madvise(memory, rounded, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < kHugePage) {
      ::operator delete(memory);
    } else {
      ::operator delete (memory, std::align_val_t{kHugePage});
    }
  }

  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_REMOTES_HUGE_PAGE_ALLOCATOR_H_
