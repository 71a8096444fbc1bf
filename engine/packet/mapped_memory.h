#ifndef RINGPEER_ENGINE_PACKET_MAPPED_MEMORY_H_
#define RINGPEER_ENGINE_PACKET_MAPPED_MEMORY_H_

#include <cstddef>
#include <cstdint>

namespace ringpeer::packet {

// Zeroed memory straight from the kernel, touched only as far as it is used.
//
// Threads: one.
class MappedMemory {
 public:
  enum class Pages {
    kSmall,
    // Huge ones where the kernel has some to give (a wish: without any nothing changes).
    // The kernel then copies packets without a look at the page tables for each; but the
    // first byte that is touched takes 2 MiB, so only memory that is used densely.
    kHuge,
  };

  MappedMemory() = default;
  ~MappedMemory();
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;

  // False when there is none to be had (errno). Once only.
  bool map(std::size_t size, Pages pages);

  std::uint8_t* data() const { return data_; }  // null before map()

 private:
  void* mapping_ = nullptr;
  std::size_t mapping_size_ = 0;
  std::uint8_t* data_ = nullptr;
};

}  // namespace ringpeer::packet

#endif  // RINGPEER_ENGINE_PACKET_MAPPED_MEMORY_H_
