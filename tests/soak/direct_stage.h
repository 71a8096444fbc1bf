#ifndef RINGPEER_TESTS_SOAK_DIRECT_STAGE_H_
#define RINGPEER_TESTS_SOAK_DIRECT_STAGE_H_

#include <cstdint>
#include <string>

#include "ringpeer/engine.h"
#include "ringpeer/tests/soak/balance.h"
#include "ringpeer/tests/soak/crowd.h"
#include "ringpeer/tests/soak/echo_server.h"

namespace ringpeer::soak {

// A server and its players, with nothing between. Either the players stay for a round and the
// engine for the whole run, or both come and go.
// Threads: one.
class DirectStage {
 public:
  DirectStage(std::string name, const EngineOptions& options, bool fleeting, std::uint64_t seed);

  void begin_round(ServerReceive receive);
  void turn();
  // All players send at once, and the game is held up, and its workers if told so: queues, budgets
  // and buffers are used up, so that memory is soon at its most.
  void flood(bool holds_workers_up);
  // Its players send on meanwhile, and what they send is lost.
  void restart_in_traffic();
  // All stop, and are heard to the end; then the server closes and everything is compared.
  void end_round(Balance* balance);

  // Of all engines so far. After end_round().
  CounterSnapshot totals() const;
  const std::string& backend() const { return server_.backend(); }

 private:
  // The server, for the players to aim at.
  void open();

  std::string name_;
  bool fleeting_;
  EchoServer server_;
  Crowd crowd_;
  ServerReceive receive_ = ServerReceive::kPerRemote;
  bool was_restarted_ = false;
  CounterSnapshot ended_;  // of engines that are gone
};

}  // namespace ringpeer::soak

#endif  // RINGPEER_TESTS_SOAK_DIRECT_STAGE_H_
