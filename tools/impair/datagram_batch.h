#ifndef RINGPEER_TOOLS_IMPAIR_DATAGRAM_BATCH_H_
#define RINGPEER_TOOLS_IMPAIR_DATAGRAM_BATCH_H_

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ringpeer/engine/backend/control_messages.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/local_address.h"

namespace ringpeer::tools {

// Takes several datagrams from a socket with one system call: what they are, who sent them, and to
// which address of this machine.
//
// Threads: one. All is valid until the next receive().
class DatagramBatch {
 public:
  static constexpr std::size_t kMaxDatagrams = 64;

  DatagramBatch();
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  // How many were taken, 0 when none waits; *error is 0 or what the kernel said.
  std::size_t receive(int descriptor, int* error);

  std::span<const std::uint8_t> payload(std::size_t index) const;
  net::Endpoint sender(std::size_t index) const;
  // Not known unless the socket reports it.
  net::LocalAddress local_address(std::size_t index) const;

 private:
  // No datagram is larger.
  static constexpr std::size_t kSlotSize = std::size_t{1} << 16;

  struct Control {
    alignas(cmsghdr) std::array<std::uint8_t, backend::kFullControlSize> bytes;
  };

  std::vector<std::uint8_t> memory_;
  std::array<net::SocketAddress, kMaxDatagrams> senders_;
  std::array<Control, kMaxDatagrams> controls_;
  std::array<iovec, kMaxDatagrams> vectors_{};
  std::array<mmsghdr, kMaxDatagrams> messages_{};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIR_DATAGRAM_BATCH_H_
