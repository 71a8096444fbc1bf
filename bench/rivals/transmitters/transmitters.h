#ifndef RINGPEER_BENCH_RIVALS_TRANSMITTERS_TRANSMITTERS_H_
#define RINGPEER_BENCH_RIVALS_TRANSMITTERS_TRANSMITTERS_H_

#include <memory>

#include "ringpeer/bench/rivals/transmitter.h"

namespace ringpeer::bench {

// sendto, a call a packet: what recvfrom servers do.
std::unique_ptr<Transmitter> make_sendto_transmitter();

// sendmmsg, 64 packets a call.
std::unique_ptr<Transmitter> make_sendmmsg_transmitter();

// The tick's packets sorted by destination and sent as UDP_SEGMENT trains by sendmmsg,
// on the calling thread: the least that this traffic can cost.
std::unique_ptr<Transmitter> make_train_transmitter();

// This project: the peers of a server, put_packet on each.
std::unique_ptr<Transmitter> make_ringpeer_transmitter(std::string_view peer);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_TRANSMITTERS_TRANSMITTERS_H_
