#ifndef RINGPEER_TESTS_SIMULATION_DROP_REASONS_H_
#define RINGPEER_TESTS_SIMULATION_DROP_REASONS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "ringpeer/admission_options.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/tests/simulation/network.h"
#include "ringpeer/tests/simulation/source_rules.h"

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

  // A port whose strangers have to answer a challenge.
  void set_cookies(std::uint16_t port) { ports_[port].asks_for_cookie = true; }
  // What a worker has for packets.
  void set_budget(std::uint64_t bytes) { budget_ = bytes; }

  // A datagram, or a train, which the engine drops as a whole if at all.
  struct Arrival {
    std::uint16_t port = 0;
    net::Endpoint sender;
    std::uint64_t packets = 1;
    std::uint64_t bytes = 0;
    bool is_handshake = false;
  };
  // The engine has taken it. Whether there is no reason to drop it.
  bool record_taken(const Arrival& arrival);
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

  // The port's workers will be told whom to refuse, and have been told of what was set before.
  void set_list(std::uint16_t port, const SourceRules& rules);
  void forget_lists(std::uint16_t port) { ports_[port].lists.clear(); }
  void record_lists_known();
  // All whom a list of the port has refused are closed.
  void record_refused_closed(std::uint16_t port);
  // Whether all workers know that they refuse what comes from there now.
  bool surely_refuses(std::uint16_t port, const net::IpAddress& address) const;
  // Whether a sender may be shut out, whatever lists there are now: one has refused it since the
  // application has closed its peer last.
  bool is_shut_out(std::uint16_t port, const net::Endpoint& sender) const;

  std::uint64_t most(Counter reason) const { return most_[static_cast<std::size_t>(reason)]; }

 private:
  struct Sums {
    std::uint64_t packets = 0;
    std::uint64_t charge = 0;  // as a queue counts

    void operator+=(const Sums& more) { packets += more.packets, charge += more.charge; }
    void operator-=(const Sums& less) { packets -= less.packets, charge -= less.charge; }
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
    bool is_shut_out = false;
    Owed owed;
  };
  struct Port : Sums {
    Queue queue = Queue::kOfSocket;
    Sums left_by_batch;
    std::map<net::Endpoint, Sender, EndpointOrder> senders;
    std::optional<AdmissionOptions> limits;
    std::map<net::IpAddress, Owed> sources;
    Owed newcomers;
    bool asks_for_cookie = false;
    std::vector<SourceRules> lists;  // that some worker may have; the last is to be everybody's
    bool all_have_list = false;
    Sums of_known;  // of its senders that are accepted
  };

  // Each says whether there is a reason.
  bool allow_in_queue(Port& to, Sender& from, const Arrival& arrival);
  bool allow_beyond_rates(Port& to, Sender& from, const Arrival& arrival);
  bool allow_by_lists(Port& to, Sender& from, const Arrival& arrival);
  bool allow_for_cookies(Port& to, Sender& from, const Arrival& arrival);
  static bool may_be_refused_by(const Port& port, const net::IpAddress& address);
  bool has_memory(const Arrival& arrival) const;
  void allow(Counter reason, std::uint64_t packets) {
    most_[static_cast<std::size_t>(reason)] += packets;
  }

  std::map<std::uint16_t, Port> ports_;
  std::array<std::uint64_t, kCounterCount> most_{};
  bool is_in_batch_ = false;
  std::uint64_t budget_ = 0;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_DROP_REASONS_H_
