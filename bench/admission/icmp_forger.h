#ifndef RINGPEER_BENCH_ADMISSION_ICMP_FORGER_H_
#define RINGPEER_BENCH_ADMISSION_ICMP_FORGER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringpeer::bench {

// Says to a server on 127.0.0.1, in ICMP errors, that nobody listens where a player does: as
// anybody can who knows both ports. What the server has sent is not known, so it is not quoted
// rightly. Needs CAP_NET_RAW.
//
// Threads: one.
class IcmpForger {
 public:
  // quoted_bytes: of payload behind the headers; 0 is what old routers quote.
  IcmpForger(int server_port, std::uint16_t player_port, std::size_t quoted_bytes);
  ~IcmpForger();
  IcmpForger(const IcmpForger&) = delete;
  IcmpForger& operator=(const IcmpForger&) = delete;

  // False when the machine refuses.
  bool is_valid() const { return socket_ >= 0; }

  // The same error so many times, kMaxBatch at most. Returns how many the kernel took.
  static constexpr std::size_t kMaxBatch = 64;
  std::size_t send(std::size_t count);

 private:
  int socket_ = -1;
  std::vector<std::uint8_t> packet_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_ADMISSION_ICMP_FORGER_H_
