#ifndef RINGPEER_TESTS_SOAK_IMPAIRED_STAGE_H_
#define RINGPEER_TESTS_SOAK_IMPAIRED_STAGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/soak/balance.h"
#include "ringpeer/tests/soak/echo_server.h"
#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::soak {

// A server without a thread, the library's own clients, and `ringpeer impair` between them, in a
// process of its own: what each of the three counts must fit what the next one does.
// Threads: one.
class ImpairedStage {
 public:
  explicit ImpairedStage(std::uint64_t seed);

  void begin_minute();
  void turn();
  // Waits until nothing more comes, ends the relay and compares.
  void end_minute(Balance* balance);

  // Of the minutes that are over.
  CounterSnapshot totals() const;
  std::uint64_t lost() const { return lost_; }  // on purpose, by the relay
  const std::string& backend() const { return server_.backend(); }

 private:
  // What the relay says of one direction, summed over all minutes.
  struct Way {
    std::uint64_t arrived = 0;  // or dropped by the kernel before
    std::uint64_t forwarded = 0;
  };

  void receive();
  void settle();
  void end_relay(Balance* balance);

  std::mt19937_64 random_;
  std::shared_ptr<Engine> engine_;  // the clients'
  std::vector<std::unique_ptr<PacketPeerUDP>> clients_;
  EchoServer server_;
  std::optional<tools::CommandProcess> relay_;
  Way to_server_;
  Way to_client_;
  std::uint64_t lost_ = 0;
  std::uint64_t taken_ = 0;  // by the clients
  // Of the minutes that are over.
  CounterSnapshot ended_clients_;
  CounterSnapshot ended_server_;
  std::uint64_t taken_by_server_ = 0;
};

}  // namespace ringpeer::soak

#endif  // RINGPEER_TESTS_SOAK_IMPAIRED_STAGE_H_
