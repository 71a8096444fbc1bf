#include "ringpeer/engine/packet/mapped_memory.h"

#include <sys/mman.h>

#include <cassert>

namespace ringpeer::packet {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;  // of x86-64 and of arm64 with 4 KiB pages

}  // namespace

MappedMemory::~MappedMemory() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_size_);
}

bool MappedMemory::map(std::size_t size, Pages pages) {
  assert(mapping_ == nullptr && size > 0);
  const bool huge = pages == Pages::kHuge;
  // Huge pages lie at multiples of their size, where mmap seldom begins.
  const std::size_t mapping_size = huge ? size + kHugePage : size;
  void* const mapping =
      ::mmap(nullptr, mapping_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return false;
  mapping_ = mapping;
  mapping_size_ = mapping_size;
  data_ = static_cast<std::uint8_t*>(mapping);
  if (!huge) return true;
  const auto misplaced = reinterpret_cast<std::uintptr_t>(mapping) % kHugePage;
  data_ += misplaced == 0 ? 0 : kHugePage - misplaced;
  ::madvise(data_, size, MADV_HUGEPAGE);
  return true;
}

}  // namespace ringpeer::packet
