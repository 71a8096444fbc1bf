#ifndef RINGPEER_TESTS_SIMULATION_DROP_REASONS_H_
#define RINGPEER_TESTS_SIMULATION_DROP_REASONS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "ringpeer/admission_options.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/tests/simulation/network.h"

namespace ringpeer::simulation {

// For how many packets there was a queue, or a limit, to drop them for, at most: what waits in the
// engine is known as an upper bound, for of what was dropped nobody knows before something later of
// its sender comes out.
class DropReasons {
 public:
  // How the engine keeps what comes to a port: unless told, in one queue of the socket.
  enum class Queue { kOfSocket, kOfRemotes, kTogether };
  void set_queue(std::uint16_t port, Queue queue) { ports_[port].queue = queue; }
  // What may be sent to a port of remotes, where that is limited.
  void set_limits(std::uint16_t port, const AdmissionOptions& limits) {
    ports_[port].limits = limits;
  }

  // The engine has taken a datagram, or a train, which it drops as a whole if at all.
  void record_taken(std::uint16_t port, const net::Endpoint& sender, std::uint64_t packets,
                    std::uint64_t bytes);
  // A packet has come out, or will not any more.
  void record_gone(std::uint16_t port, const net::Endpoint& sender, std::uint64_t bytes);
  // In a batch, what comes out leaves its queue only at the end.
  void begin_batch() { is_in_batch_ = true; }
  void end_batch();

  // The application accepts a sender, or closes his peer.
  void record_accepted(std::uint16_t port, const net::Endpoint& sender);
  void record_closed(std::uint16_t port, const net::Endpoint& sender);
  // Nobody has the port any more.
  void record_closed_port(std::uint16_t port);

  std::uint64_t most(Counter reason) const { return most_[static_cast<std::size_t>(reason)]; }

 private:
  struct Sums {
    std::uint64_t packets = 0;
    std::uint64_t charge = 0;  // as a queue counts
  };
  // What has come of a source, less what its rate has paid off since.
  struct Owed {
    double packets = 0;
    double bytes = 0;
    std::chrono::steady_clock::time_point since;

    bool is_too_much(const RateLimit& limit, double more_packets, double more_bytes);
  };
  struct Sender : Sums {
    bool is_accepted = false;
    Owed owed;
  };
  struct Port : Sums {
    Queue queue = Queue::kOfSocket;
    Sums left_by_batch;
    std::map<net::Endpoint, Sender, EndpointOrder> senders;
    std::optional<AdmissionOptions> limits;
    std::map<net::IpAddress, Owed> sources;
    Owed newcomers;
  };

  void allow_beyond_rates(Port& to, const net::Endpoint& sender, std::uint64_t packets,
                          std::uint64_t bytes);
  void allow(Counter reason, std::uint64_t packets) {
    most_[static_cast<std::size_t>(reason)] += packets;
  }

  std::map<std::uint16_t, Port> ports_;
  std::array<std::uint64_t, kCounterCount> most_{};
  bool is_in_batch_ = false;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_DROP_REASONS_H_
