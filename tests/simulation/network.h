#ifndef RINGPEER_TESTS_SIMULATION_NETWORK_H_
#define RINGPEER_TESTS_SIMULATION_NETWORK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tests/simulation/faults.h"
#include "ringpeer/tests/simulation/scheduler.h"
#include "ringpeer/tests/simulation/udp_socket.h"

namespace ringpeer::simulation {

// Any order will do that is the same in each run.
struct EndpointOrder {
  bool operator()(const net::Endpoint& a, const net::Endpoint& b) const {
    std::array<std::uint64_t, 3> left;
    std::array<std::uint64_t, 3> right;
    std::memcpy(left.data(), &a, sizeof(left));
    std::memcpy(right.data(), &b, sizeof(right));
    return left < right;  // an endpoint has no indeterminate bytes
  }
};

// The sockets of a machine, the hosts around it, and what lies between. Datagrams between two
// endpoints stay in order unless a fault overtakes.
class Network {
 public:
  // Of a host: a datagram has come to one of its endpoints.
  using Host = std::function<void(const SimulatedDatagram&)>;
  Network(Scheduler& scheduler, Faults& faults, Random random)
      : scheduler_(scheduler), faults_(faults), random_(random) {}

  // Somebody listens there, elsewhere than on the machine.
  void add_host(const net::Endpoint& endpoint, Host host) { hosts_[endpoint] = std::move(host); }
  // Nobody listens there any more: whoever sends there is told so. Null: somebody does.
  void set_deaf(const net::Endpoint* host) {
    deaf_ = host == nullptr ? std::nullopt : std::optional(*host);
  }

  // How much of what was sent an ICMP error quotes.
  enum class Quote { kTrue, kShort, kForged };
  // An error that says that nobody listens at `destination`, to one of the sockets of a port that
  // read such; from whomever.
  void return_error(std::uint16_t port, const net::Endpoint& destination,
                    std::vector<std::uint8_t> payload, Quote quote);
  // Whether what has been returned may make the sender count as gone.
  bool may_be_gone(std::uint16_t port, const net::Endpoint& destination) const;

  // On its way, from whichever side. The sender's error, if anybody answers with one, goes to
  // `socket`, which may be null.
  void send(SimulatedDatagram datagram, const std::shared_ptr<UdpSocket>& socket);

  // No socket is rid of anything until then.
  void take_nothing_until(Time time) { takes_nothing_until_ = time; }
  bool takes_nothing() const { return scheduler_.now() < takes_nothing_until_; }

  // ---- The machine's sockets. 0 or errno.

  int bind(const std::shared_ptr<UdpSocket>& socket, net::Endpoint endpoint);
  int connect(const std::shared_ptr<UdpSocket>& socket, const net::Endpoint& peer);
  void close(const std::shared_ptr<UdpSocket>& socket);
  // Those that overlap with the endpoint.
  std::vector<std::uint64_t> sockets_on(const net::Endpoint& endpoint) const;

  // Packets that wait in all of the machine's sockets, but for those of handshakes, which come at
  // any time.
  std::uint64_t waiting_packets() const;
  // Dropped in sockets, closed ones too.
  std::uint64_t dropped_packets() const { return dropped_packets_; }
  // By the filters of sockets.
  std::uint64_t filtered_packets() const { return filtered_packets_; }
  // The part of them that has been told to who asks, since he asked first.
  std::uint64_t told_drops() const { return told_drops_; }
  std::uint32_t tell_drops(UdpSocket& socket) {
    told_drops_ += socket.drops - socket.drops_told.value_or(socket.drops);
    socket.drops_told = socket.drops;
    return socket.drops;
  }
  std::int64_t wall_clock_ns() const { return scheduler_.now() + wall_clock_offset_; }
  void set_wall_clock(std::int64_t offset_ns) { wall_clock_offset_ = offset_ns; }
  // The machine's own address, of the same family as the other's.
  static const net::IpAddress& address_for(const net::IpAddress& other);

 private:
  struct Returned {
    std::uint64_t whole = 0;  // quotes of what was sent
    std::uint64_t cut = 0;
  };

  using Sockets = std::vector<std::shared_ptr<UdpSocket>>;

  Time delay();
  void schedule(SimulatedDatagram datagram, std::weak_ptr<UdpSocket> sender, Time when);
  void deliver(const SimulatedDatagram& datagram, const std::weak_ptr<UdpSocket>& sender);
  Sockets candidates(const SimulatedDatagram& datagram) const;
  std::shared_ptr<UdpSocket> choose(const Sockets& sockets, const SimulatedDatagram& datagram);
  void receive(const std::shared_ptr<UdpSocket>& socket, const SimulatedDatagram& datagram);
  void drop(UdpSocket& socket);
  void merge_into_train(UdpSocket& socket, SimulatedDatagram datagram);
  void answer_unreachable(const SimulatedDatagram& datagram,
                          const std::weak_ptr<UdpSocket>& sender);
  std::uint16_t free_port() const;

  Scheduler& scheduler_;
  Faults& faults_;
  Random random_;
  std::map<net::Endpoint, Host, EndpointOrder> hosts_;
  std::optional<net::Endpoint> deaf_;
  Time takes_nothing_until_ = 0;
  Sockets bound_;
  // When the last datagram of an endpoint arrives: its next comes after it.
  std::map<net::Endpoint, Time, EndpointOrder> last_arrival_;
  // Errors, by who listens nowhere, of each port.
  std::map<std::uint16_t, std::map<net::Endpoint, Returned, EndpointOrder>> returned_;
  std::uint64_t dropped_packets_ = 0;
  std::uint64_t filtered_packets_ = 0;
  std::uint64_t told_drops_ = 0;
  std::int64_t wall_clock_offset_ = 1'700'000'000 * kSecond;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_NETWORK_H_
