#ifndef RINGPEER_BENCH_RIVALS_RECEIVER_H_
#define RINGPEER_BENCH_RIVALS_RECEIVER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/bench/rivals/application.h"

namespace ringpeer::bench {

struct ReceiverOptions {
  // SO_RCVBUF to ask for; 0 leaves the kernel's default.
  int receive_buffer = 0;
  // UDP_GRO for the peers that can split its trains.
  bool gro = false;
  // How long a packet may wait for others, for the peers that have such a budget; the bound of
  // those that choose it themselves.
  std::chrono::microseconds latency_budget{200};
  // Bytes of payload that may wait for the application, for the peers that keep a queue
  // of their own; 0: their default.
  int queue_bytes = 0;
  // No wait may take longer, so that the process sees the end of its round.
  std::chrono::milliseconds longest_wait{50};
};

// One way of receiving datagrams. A receiving process makes one, and its main thread
// is the application thread: it alone calls these methods.
class Receiver {
 public:
  virtual ~Receiver() = default;

  // Binds a port of 127.0.0.1. Returns "" or what went wrong.
  virtual std::string open(const ReceiverOptions& options) = 0;
  virtual int port() const = 0;

  // Waits for packets in this peer's own way, at most about longest_wait, and gives
  // what arrived to the application.
  virtual void wait_and_receive(Application& application) = 0;

  // Gives the application what is there without waiting, about `most` packets where
  // the peer can stop: what a game calls once a frame.
  virtual void receive_available(Application& application, std::size_t most) = 0;

  // Packets that the peer itself took from the kernel and did not deliver.
  virtual std::uint64_t own_drops() const { return 0; }

  // One line on what was really used: a fallback, a granted size.
  virtual std::string description() const { return ""; }
};

using ReceiverFactory = std::function<std::unique_ptr<Receiver>(std::string_view peer)>;

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_RECEIVER_H_
