#ifndef RINGPEER_TESTS_SIMULATION_LEDGER_H_
#define RINGPEER_TESTS_SIMULATION_LEDGER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <utility>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tests/simulation/drop_reasons.h"
#include "ringpeer/tests/simulation/network.h"
#include "ringpeer/tests/simulation/payload.h"
#include "ringpeer/tests/simulation/udp_socket.h"

namespace ringpeer::simulation {

// The obvious model of an engine: what it took from the kernel comes out under the sender that it
// came from, once, unchanged, in order, unless it was dropped; and what was put goes to the kernel
// likewise. Fails at the first difference.
class Ledger {
 public:
  // max_datagram: what is larger is to be dropped. owes: what nothing is wrong with has to come
  // out; not where packets are doubled, or faults lose some.
  Ledger(std::size_t max_datagram, bool owes) : max_datagram_(max_datagram), owes_(owes) {}

  // ---- Received.

  // The kernel has given the engine a datagram, or a train.
  void record_taken(const UdpSocket& socket, const SimulatedDatagram& datagram, Time now);
  // The application got a packet of `sender` from whoever has the port.
  void record_delivered(std::uint16_t port, const net::Endpoint& sender,
                        std::span<const std::uint8_t> payload);
  std::uint64_t taken() const { return taken_; }
  std::uint64_t taken_bytes() const { return taken_bytes_; }
  struct OfTaken {
    std::uint64_t too_large = 0;
    std::uint64_t too_large_bytes = 0;
    std::uint64_t owed = 0;  // there was no reason to drop them
    std::uint64_t handshakes = 0;
  };
  const OfTaken& of_taken() const { return of_taken_; }
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t delivered_bytes() const { return delivered_bytes_; }
  // Nobody has the port any more: nothing of what was taken there comes out.
  void record_closed_port(std::uint16_t port);
  void record_all_closed();
  // The application has closed a peer: what waits for it is dropped.
  void record_closed(std::uint16_t port, const net::Endpoint& sender);
  // From now on a port refuses some; empty rules refuse nobody.
  void record_list(std::uint16_t port, const SourceRules& rules);
  // Nothing waits anywhere: whatever has not come out was dropped.
  void record_quiet();
  DropReasons& drop_reasons() { return drop_reasons_; }
  const DropReasons& drop_reasons() const { return drop_reasons_; }
  // Whether the engine took something of this sender then, as far as is remembered.
  bool was_taken_between(std::uint16_t port, const net::Endpoint& sender, Time from, Time to) const;

  // ---- Sent.

  Stamp next_stamp(std::uint32_t sender) { return {sender, ++last_number_[sender]}; }
  // The kernel has taken a packet from a socket of the engine.
  void record_accepted(const net::Endpoint& destination, std::span<const std::uint8_t> payload);
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t accepted_bytes() const { return accepted_bytes_; }

 private:
  // Packets of one socket, or sender, of the engine's and somebody else.
  struct Flow {
    std::uint32_t own;  // port, or number
    net::Endpoint other;
    friend bool operator<(const Flow& a, const Flow& b) {
      if (a.own != b.own) return a.own < b.own;
      return EndpointOrder()(a.other, b.other);
    }
  };
  struct Packet {
    Stamp stamp;
    std::size_t size;
    bool is_owed = false;     // no reason to drop it
    bool is_refused = false;  // it must be
  };
  struct Expected {
    std::deque<Packet> packets;
    std::array<Time, 32> taken_at{};  // the last of them, in turn
    std::size_t times = 0;
  };

  void forget(const Flow& flow, Expected& expected, std::deque<Packet>::iterator end);
  static std::deque<Packet>::iterator find(std::deque<Packet>& packets, const Packet& packet);
  static void check_lost(const Flow& flow, std::deque<Packet>::const_iterator begin,
                         std::deque<Packet>::const_iterator end);

  const std::size_t max_datagram_;
  const bool owes_;

  DropReasons drop_reasons_;
  std::map<Flow, Expected> expected_;
  std::uint64_t taken_ = 0;
  std::uint64_t taken_bytes_ = 0;
  OfTaken of_taken_;
  std::uint64_t delivered_ = 0;
  std::uint64_t delivered_bytes_ = 0;

  std::map<std::uint32_t, std::uint32_t> last_number_;
  std::map<Flow, std::uint32_t> last_accepted_;
  std::uint64_t accepted_ = 0;
  std::uint64_t accepted_bytes_ = 0;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_LEDGER_H_
