#ifndef RINGPEER_BENCH_ADMISSION_PLAYERS_H_
#define RINGPEER_BENCH_ADMISSION_PLAYERS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ringpeer/bench/admission/sending_thread.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/measure/pacer.h"

namespace ringpeer::bench {

// Those who play: a socket each, and one thread that sends for all of them.
//
// Threads: one makes them known, starts and stops them.
class Players {
 public:
  static constexpr std::size_t kPacketSize = 48;
  static constexpr double kFlatOut = 0;

  Players(int port, std::size_t count);

  // False when the machine is out of sockets.
  bool is_valid() const { return is_valid_; }
  std::size_t count() const { return sockets_.size(); }
  std::uint16_t port_of(std::size_t player) const;

  // ---- Before they play.

  // A packet of each, or with a cookie a hello.
  void knock(bool cookie);
  // Answers the challenges that have come.
  void answer_challenges();

  // ---- At play.

  // Each sends so many packets a second, spread evenly, or all together as many as the kernel
  // takes.
  void start(double hz);
  void stop() { thread_.stop(); }
  // Packets that the kernel has taken since start() was first called.
  std::uint64_t sent() const { return thread_.sent(); }
  std::chrono::nanoseconds cpu_time() { return thread_.cpu_time(); }

  // The player whose packet this is; nothing of anything else.
  static std::optional<std::size_t> sender_of(std::span<const std::uint8_t> payload);

 private:
  std::size_t send_some();
  std::size_t send_next(std::size_t count);
  bool send_packet(std::size_t player) const;

  std::vector<net::Socket> sockets_;
  bool is_valid_ = true;
  std::optional<tools::Pacer> pacer_;
  std::size_t next_ = 0;
  SendingThread thread_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_ADMISSION_PLAYERS_H_
