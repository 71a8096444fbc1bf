#ifndef RINGPEER_BENCH_RIVALS_REGISTRY_H_
#define RINGPEER_BENCH_RIVALS_REGISTRY_H_

#include <memory>
#include <string_view>

#include "ringpeer/bench/rivals/receiver.h"
#include "ringpeer/bench/rivals/transmitter.h"

namespace ringpeer::bench {

// The peer of that name; null when this program has none.
// Threads: any.
std::unique_ptr<Receiver> make_receiver(std::string_view peer);
std::unique_ptr<Transmitter> make_transmitter(std::string_view peer);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_REGISTRY_H_
