#ifndef RINGPEER_BENCH_INSTRUCTIONS_TRAFFIC_H_
#define RINGPEER_BENCH_INSTRUCTIONS_TRAFFIC_H_

#include <fmt/core.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/engine/net/socket.h"

namespace ringpeer::bench {

inline constexpr std::size_t kRemotes = 64;
inline constexpr std::size_t kPacketSize = 64;
// Enough that first touches of memory disappear in the mean.
inline constexpr std::size_t kBatches = 400;

// Each from the same address and port each time: how far a look-up has to go depends on them.
struct Traffic {
  std::vector<net::Socket> remotes{kRemotes};
  std::size_t next = 0;
};

[[noreturn]] void give_up(std::string_view reason);

void connect_all(Traffic& traffic, int port);
// One packet of each of the next remotes; on loopback they are in the receiver's socket
// when the call returns.
void send_batch(Traffic& traffic, std::size_t batch);

std::shared_ptr<Engine> make_engine(BackendKind backend, std::chrono::milliseconds budget);

// Sends each batch, has it taken, and prints the sum. A pass or two: the first may find only a
// part.
template <typename Take>
void receive_batches(Traffic& traffic, std::size_t batch, Take take) {
  constexpr int kMaxPasses = 100;
  std::size_t packets = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < kBatches; ++i) {
    send_batch(traffic, batch);
    std::size_t taken = 0;
    for (int pass = 0; taken < batch && pass < kMaxPasses; ++pass) taken += take(&bytes);
    if (taken != batch) give_up("packets were lost on the way");
    packets += taken;
  }
  if (bytes != packets * kPacketSize) give_up("packets have the wrong size");
  fmt::print("{}\n", packets);
}

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_INSTRUCTIONS_TRAFFIC_H_
