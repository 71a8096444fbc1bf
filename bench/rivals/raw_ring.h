#ifndef RINGPEER_BENCH_RIVALS_RAW_RING_H_
#define RINGPEER_BENCH_RIVALS_RAW_RING_H_

#include <sys/socket.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "ringpeer/bench/rivals/kernel_io_uring.h"

namespace ringpeer::bench {

// Memory from mmap, unmapped with the object.
class Mapping {
 public:
  Mapping() = default;
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  // fd -1: fresh memory, on huge pages where the kernel has them free.
  bool map(std::size_t size, int fd, std::uint64_t offset);
  std::byte* data() const { return data_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

struct RawRingOptions {
  unsigned buffers = 0;          // a power of two
  std::size_t buffer_bytes = 0;  // of each
  std::size_t largest_datagram = 0;
  std::size_t control_bytes = 0;  // room for control messages before each datagram
  unsigned min_complete = 0;      // completions that end a wait early
  unsigned min_wait_usec = 0;
};

// An io_uring that does one thing, a multishot recvmsg into a ring of buffers, by raw
// system calls. One thread.
class RawReceiveRing {
 public:
  RawReceiveRing() = default;
  ~RawReceiveRing();
  RawReceiveRing(const RawReceiveRing&) = delete;
  RawReceiveRing& operator=(const RawReceiveRing&) = delete;

  // "" or what went wrong.
  std::string open(int socket, const RawRingOptions& options);
  bool incremental() const { return incremental_; }

  // Blocks until enough has completed or the time is up.
  void wait(std::uint64_t timeout_ns);
  // Runs what the kernel has for this ring, without blocking.
  void poll();

  // Gives each datagram to deliver(data, size, control, control_size) and its buffer
  // back to the kernel; returns how many there were.
  template <typename Deliver>
  std::size_t take(std::size_t most, Deliver&& deliver);

 private:
  static constexpr std::uint16_t kGroup = 0;

  std::string set_up();
  std::string map_rings(const io_uring_params& parameters);
  std::string register_socket(int socket);
  std::string register_buffers();
  void arm();
  void give_back(std::uint16_t buffer);
  void publish_buffers();
  int enter(unsigned submit, unsigned min_complete, unsigned min_wait_usec,
            std::uint64_t timeout_ns);
  std::byte* buffer(std::uint16_t index) const {
    return buffers_.data() + std::size_t{index} * options_.buffer_bytes;
  }

  RawRingOptions options_;
  int fd_ = -1;
  bool incremental_ = false;
  bool armed_ = false;
  Mapping rings_;
  Mapping entries_;
  Mapping buffer_ring_;
  Mapping buffers_;
  msghdr message_{};
  std::vector<std::uint32_t> consumed_;  // bytes used of each buffer
  std::uint16_t buffer_tail_ = 0;
  unsigned* submission_tail_ = nullptr;
  unsigned submission_mask_ = 0;
  unsigned* submission_array_ = nullptr;
  unsigned* completion_head_ = nullptr;
  unsigned* completion_tail_ = nullptr;
  unsigned completion_mask_ = 0;
  io_uring_cqe* completions_ = nullptr;
};

template <typename Deliver>
std::size_t RawReceiveRing::take(std::size_t most, Deliver&& deliver) {
  unsigned head = *completion_head_;
  const unsigned tail = std::atomic_ref(*completion_tail_).load(std::memory_order_acquire);
  const std::size_t skipped = sizeof(io_uring_recvmsg_out) + message_.msg_namelen;
  std::size_t taken = 0;
  for (; head != tail && taken < most; ++head, ++taken) {
    const io_uring_cqe& completion = completions_[head & completion_mask_];
    if ((completion.flags & IORING_CQE_F_MORE) == 0) armed_ = false;
    if ((completion.flags & IORING_CQE_F_BUFFER) == 0) continue;
    const auto index = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
    const std::byte* start = buffer(index) + consumed_[index];
    const std::size_t header = skipped + message_.msg_controllen;
    if (completion.res >= static_cast<int>(header)) {
      const auto used = static_cast<std::size_t>(completion.res);
      io_uring_recvmsg_out received;
      std::memcpy(&received, start, sizeof(received));
      deliver(start + header, used - header, start + skipped, std::size_t{received.controllen});
    }
    if (incremental_ && (completion.flags & kCompletionBufferMore) != 0) {
      consumed_[index] += static_cast<std::uint32_t>(completion.res);
    } else {
      give_back(index);
    }
  }
  std::atomic_ref(*completion_head_).store(head, std::memory_order_release);
  publish_buffers();
  return taken;
}

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_RAW_RING_H_
