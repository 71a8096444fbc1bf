#ifndef RINGPEER_TESTS_SIMULATION_COOKIE_WITNESS_H_
#define RINGPEER_TESTS_SIMULATION_COOKIE_WITNESS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tests/simulation/network.h"

namespace ringpeer::simulation {

// What goes in and out at the ports of servers that ask for a cookie: who has shown that he
// receives where he sends from. Fails when more bytes go to somebody who has not than have come
// from there.
class CookieWitness {
 public:
  void watch(std::uint16_t port) { ports_[port]; }
  bool watches(std::uint16_t port) const { return ports_.contains(port); }

  // The kernel has given a server's socket, or taken from it, a datagram.
  void record_in(std::uint16_t port, const net::Endpoint& from,
                 std::span<const std::uint8_t> payload);
  void record_out(std::uint16_t port, const net::Endpoint& to,
                  std::span<const std::uint8_t> payload);

  // Whether he has sent back a challenge that was sent to him, ever.
  bool has_answered(std::uint16_t port, const net::Endpoint& source) const;
  std::size_t answered_count(std::uint16_t port) const { return ports_.at(port).answered; }
  // Challenges that have left all of them.
  std::uint64_t challenges() const { return challenges_; }

 private:
  struct Source {
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::set<std::uint64_t> codes;  // that were sent to it
    bool has_answered = false;
  };
  struct Port {
    std::map<net::Endpoint, Source, EndpointOrder> sources;
    std::size_t answered = 0;
  };

  std::map<std::uint16_t, Port> ports_;
  std::uint64_t challenges_ = 0;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_COOKIE_WITNESS_H_
