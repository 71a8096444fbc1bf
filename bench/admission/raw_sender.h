#ifndef RINGPEER_BENCH_ADMISSION_RAW_SENDER_H_
#define RINGPEER_BENCH_ADMISSION_RAW_SENDER_H_

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ringpeer::bench {

// Sends datagrams of one address and any port of it to a port of 127.0.0.1, at the rate of one
// socket: 60,000 bound ones are more than a process may have. The port may be somebody else's: so
// datagrams are forged of who is known. Needs CAP_NET_RAW, which who has entered a network of its
// own has in it.
//
// Threads: one.
class RawSender {
 public:
  // address: "127.x.y.z", which belongs to this machine.
  RawSender(const std::string& address, int port);
  ~RawSender();
  RawSender(const RawSender&) = delete;
  RawSender& operator=(const RawSender&) = delete;

  // False when the machine refuses.
  bool is_valid() const { return socket_ >= 0; }

  // From the ports first_port, first_port + step, and so on; kMaxBatch at most. Returns how many
  // the kernel took.
  static constexpr std::size_t kMaxBatch = 64;
  std::size_t send(std::uint16_t first_port, std::uint16_t step, std::size_t count,
                   std::span<const std::uint8_t> payload);

 private:
  int socket_ = -1;
  const std::uint16_t port_;
  sockaddr_in destination_{};
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_ADMISSION_RAW_SENDER_H_
