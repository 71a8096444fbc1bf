#ifndef RINGPEER_TOOLS_LOAD_RECEIVE_BATCH_H_
#define RINGPEER_TOOLS_LOAD_RECEIVE_BATCH_H_

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringpeer::tools {

// Takes several datagrams from a connected socket with one system call.
//
// Threads: one. A packet is valid until the next receive().
class ReceiveBatch {
 public:
  // A client seldom has more than one reply waiting.
  static constexpr std::size_t kMaxPackets = 16;

  // Packets longer than this are given cut to it and one byte more, so that no reader
  // takes a part for the whole.
  explicit ReceiveBatch(std::size_t largest_packet);
  ReceiveBatch(const ReceiveBatch&) = delete;
  ReceiveBatch& operator=(const ReceiveBatch&) = delete;

  // How many were taken, 0 when none waits; *error is 0 or what the kernel said.
  std::size_t receive(int descriptor, int* error);
  std::span<const std::uint8_t> packet(std::size_t index) const;

 private:
  std::size_t slot_size_;
  std::vector<std::uint8_t> memory_;
  std::array<iovec, kMaxPackets> vectors_{};
  std::array<mmsghdr, kMaxPackets> messages_{};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_RECEIVE_BATCH_H_
