#ifndef RINGPEER_BENCH_SCALE_SPOOFING_SENDER_H_
#define RINGPEER_BENCH_SCALE_SPOOFING_SENDER_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringpeer::bench {

// Sends datagrams to one port of 127.0.0.1 as if from many machines: through sockets
// on every local address, each datagram with a source address of its own out of
// 127.0.0.0/8, which belongs to this machine as a whole. Real datagrams through the
// real kernel; nothing needs privileges.
//
// Senders are numbered: each number is one address and port, always the same.
//
// Threads: one.
class SpoofingSender {
 public:
  // Addresses begin at 127.first_block.0.1, so that two senders do not overlap.
  SpoofingSender(int port, std::uint8_t first_block);
  ~SpoofingSender();
  SpoofingSender(const SpoofingSender&) = delete;
  SpoofingSender& operator=(const SpoofingSender&) = delete;

  // False when the machine refuses (out of descriptors).
  bool is_valid() const { return socket_ >= 0; }

  // One datagram of each of these senders. Returns how many the kernel took.
  std::size_t send(std::uint32_t first_sender, std::size_t count,
                   std::span<const std::uint8_t> payload);

 private:
  static constexpr std::size_t kBatch = 64;
  std::size_t send_batch(std::uint32_t first_sender, std::size_t count,
                         std::span<const std::uint8_t> payload);

  const std::uint8_t first_block_;
  int socket_ = -1;
  sockaddr_in destination_{};
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_SCALE_SPOOFING_SENDER_H_
