#ifndef RINGPEER_BENCH_RIVALS_ENET_ENET_RECEIVER_H_
#define RINGPEER_BENCH_RIVALS_ENET_ENET_RECEIVER_H_

#include <memory>

#include "ringpeer/bench/rivals/receiver.h"

namespace ringpeer::bench {

// An ENet host that serves as many peers as connect.
// Threads, lifetime and failure: as Receiver.
std::unique_ptr<Receiver> make_enet_receiver();

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_ENET_ENET_RECEIVER_H_
