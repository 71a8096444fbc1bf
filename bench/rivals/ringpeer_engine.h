#ifndef RINGPEER_BENCH_RIVALS_RINGPEER_ENGINE_H_
#define RINGPEER_BENCH_RIVALS_RINGPEER_ENGINE_H_

#include <memory>
#include <string>
#include <string_view>

#include "ringpeer/bench/rivals/receiver.h"
#include "ringpeer/engine.h"

namespace ringpeer::bench {

// The engine that a peer name of this project stands for; null and a message when it
// cannot be made. It chooses how long a packet may wait for others, up to the options' budget;
// "ringpeer/fixed" keeps to that, "ringpeer/wake_at_once" to 0.
// Threads: any.
std::shared_ptr<Engine> make_engine(std::string_view peer, const ReceiverOptions& options,
                                    std::string* message);

// What it really runs on, and why.
std::string describe(const Engine& engine);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_RINGPEER_ENGINE_H_
