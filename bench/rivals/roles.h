#ifndef RINGPEER_BENCH_RIVALS_ROLES_H_
#define RINGPEER_BENCH_RIVALS_ROLES_H_

#include <functional>
#include <optional>

#include "ringpeer/bench/rivals/receiver.h"
#include "ringpeer/bench/rivals/sender.h"
#include "ringpeer/bench/rivals/transmitter.h"

namespace ringpeer::bench {

// What a program of the benchmark can be started as by the runner.
struct Roles {
  ReceiverFactory receiver;
  TransmitterFactory transmitter;
  std::function<SendResult(const SendTask&)> send;
};

// Runs `receive JSON`, `send JSON`, `transmit JSON` or `sink CPU SOCKETS` and returns the
// exit status; nothing when the arguments name no role.
// Threads: the main one.
std::optional<int> run_role(int argc, char** argv, const Roles& roles);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_ROLES_H_
