#ifndef RINGPEER_BENCH_RIVALS_ENET_ENET_SENDER_H_
#define RINGPEER_BENCH_RIVALS_ENET_ENET_SENDER_H_

#include "ringpeer/bench/rivals/sender.h"

namespace ringpeer::bench {

// The messages of send_packets() as unreliable ENet packets, each remote a connection.
// Threads: the calling one. Failure: as send_packets().
SendResult send_enet_messages(const SendTask& task);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_ENET_ENET_SENDER_H_
