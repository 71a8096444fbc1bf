#ifndef RINGPEER_BENCH_RIVALS_TRANSMITTER_H_
#define RINGPEER_BENCH_RIVALS_TRANSMITTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringpeer::bench {

// One way of sending datagrams to many destinations. The main thread of a transmitting
// process is the calling thread: it alone calls these methods.
class Transmitter {
 public:
  virtual ~Transmitter() = default;

  // Destinations are ports of 127.0.0.1. Returns "" or what went wrong.
  virtual std::string open(const std::vector<int>& ports) = 0;

  // A peer that answers rather than calls has the port that each destination first sends
  // a packet to; accept_one() is called until it has been true for each of them.
  virtual int port() const { return 0; }
  virtual bool accept_one() { return false; }

  // Sends or queues a packet. `data` stays as it is until end_tick() returns, so that
  // a batch of system calls need not copy it. False: refused.
  virtual bool put(std::size_t destination, const std::byte* data, std::size_t size) = 0;

  // The application has put all packets of this tick.
  virtual void end_tick() {}

  // Packets that were accepted by put() and then not given to the kernel. Waits until
  // nothing is queued any more.
  virtual std::uint64_t settle() { return 0; }

  // Opens a further socket, for packets that come in while it sends, and returns its port; 0:
  // this peer takes none.
  virtual int open_incoming() { return 0; }
  // Takes what is there, and says how many.
  virtual std::size_t take_incoming() { return 0; }
  // Packets that came in and that the peer itself dropped.
  virtual std::uint64_t incoming_drops() const { return 0; }

  virtual std::string description() const { return ""; }
};

using TransmitterFactory = std::function<std::unique_ptr<Transmitter>(std::string_view peer)>;

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_TRANSMITTER_H_
