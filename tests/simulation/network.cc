#include "ringpeer/tests/simulation/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "ringpeer/engine/admission/error_witness.h"
#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/packet_filter.h"

namespace ringpeer::simulation {
namespace {

constexpr Time kLeastDelay = 20 * kMicrosecond;
constexpr Time kMaxDelay = 400 * kMicrosecond;
constexpr Time kLongDelay = 30 * kMillisecond;
constexpr Time kOvertakenBy = 2 * kMillisecond;

// What the kernel joins at most (net/ipv4/udp_offload.c).
constexpr std::size_t kMaxSegments = 64;
constexpr std::size_t kMaxTrainBytes = 65'000;

constexpr std::uint16_t kFirstFreePort = 49'152;

bool is_any(const net::IpAddress& address) {
  return address == net::IpAddress() || (address.is_ipv4() && address.ipv4_network_order() == 0);
}

bool hears(const UdpSocket& socket, const net::Endpoint& destination) {
  const net::Endpoint& local = *socket.local;
  if (local.port != destination.port) return false;
  const bool takes_family =
      destination.address.is_ipv4()
          ? socket.family == AF_INET || socket.option(IPPROTO_IPV6, IPV6_V6ONLY) == 0
          : socket.family == AF_INET6;
  return takes_family && (is_any(local.address) || local.address == destination.address);
}

bool overlap(const net::Endpoint& a, const net::Endpoint& b) {
  return a.port == b.port && (is_any(a.address) || is_any(b.address) || a.address == b.address);
}

}  // namespace

const net::IpAddress& Network::address_for(const net::IpAddress& other) {
  static const net::IpAddress ipv4 = net::IpAddress::from_ipv4(htonl(0x0a000001));
  static const net::IpAddress ipv6 = *net::IpAddress::parse("fd00::1:1");
  return other.is_ipv4() ? ipv4 : ipv6;
}

// ---- Under way.

Time Network::delay() {
  const Time time = random_.between(kLeastDelay, kMaxDelay);
  return faults_.happens(Fault::kDelay) ? time + kLongDelay : time;
}

void Network::send(SimulatedDatagram datagram, const std::shared_ptr<UdpSocket>& socket) {
  if (faults_.happens(Fault::kLoss)) return;
  Time& last = last_arrival_[datagram.source];
  Time when = std::max(scheduler_.now() + delay(), last);
  if (faults_.happens(Fault::kReorder)) {
    when += kOvertakenBy;  // and those that follow do not wait for it
  } else {
    last = when;
  }
  if (faults_.happens(Fault::kDuplicate)) {
    schedule(datagram, socket, when + random_.between(0, kOvertakenBy));
  }
  schedule(std::move(datagram), socket, when);
}

void Network::schedule(SimulatedDatagram datagram, std::weak_ptr<UdpSocket> sender, Time when) {
  scheduler_.at(when, [this, datagram = std::move(datagram), sender = std::move(sender)] {
    deliver(datagram, sender);
  });
}

void Network::deliver(const SimulatedDatagram& datagram, const std::weak_ptr<UdpSocket>& sender) {
  if (const auto host = hosts_.find(datagram.destination); host != hosts_.end()) {
    if (deaf_ == datagram.destination || faults_.happens(Fault::kIcmpError))
      return answer_unreachable(datagram, sender);
    host->second(datagram);
    return;
  }
  const Sockets sockets = candidates(datagram);
  if (sockets.empty()) return answer_unreachable(datagram, sender);
  receive(choose(sockets, datagram), datagram);
}

void Network::answer_unreachable(const SimulatedDatagram& datagram,
                                 const std::weak_ptr<UdpSocket>& sender) {
  // As much as every machine quotes at least (RFC 1812).
  constexpr std::size_t kQuote = 548;
  std::vector<std::uint8_t> quote = datagram.payload;
  quote.resize(std::min(quote.size(), kQuote));
  scheduler_.at(scheduler_.now() + delay(),
                [this, destination = datagram.destination, quote = std::move(quote), sender] {
                  const auto socket = sender.lock();
                  if (socket == nullptr) return;
                  const bool asked = socket->option(IPPROTO_IP, IP_RECVERR) != 0 ||
                                     socket->option(IPPROTO_IPV6, IPV6_RECVERR) != 0;
                  if (!asked && socket->peer != destination) return;
                  if (asked) {
                    socket->error_queue.push_back({destination, ECONNREFUSED, quote});
                    ++returned_[socket->local->port][destination].whole;
                  }
                  socket->error = ECONNREFUSED;
                  ++socket->errors;
                });
}

void Network::return_error(std::uint16_t port, const net::Endpoint& destination,
                           std::vector<std::uint8_t> payload, Quote quote) {
  Sockets found;
  std::copy_if(bound_.begin(), bound_.end(), std::back_inserter(found), [port](const auto& socket) {
    return socket->local->port == port && (socket->option(IPPROTO_IP, IP_RECVERR) != 0 ||
                                           socket->option(IPPROTO_IPV6, IPV6_RECVERR) != 0);
  });
  if (found.empty()) return;
  UdpSocket& socket = *found[random_.below(found.size())];
  socket.error_queue.push_back({destination, ECONNREFUSED, std::move(payload)});
  socket.error = ECONNREFUSED;
  ++socket.errors;
  Returned& returned = returned_[port][destination];
  if (quote == Quote::kTrue) ++returned.whole;
  if (quote == Quote::kShort) ++returned.cut;
}

bool Network::may_be_gone(std::uint16_t port, const net::Endpoint& destination) const {
  const auto of_port = returned_.find(port);
  if (of_port == returned_.end()) return false;
  const auto found = of_port->second.find(destination);
  if (found == of_port->second.end()) return false;
  return found->second.whole > 0 || found->second.cut >= admission::ErrorWitness::kMinShortErrors;
}

// ---- To one of the sockets.

Network::Sockets Network::candidates(const SimulatedDatagram& datagram) const {
  Sockets found;
  for (const auto& socket : bound_) {
    if (!hears(*socket, datagram.destination)) continue;
    if (socket->peer == datagram.source) return {socket};
    if (!socket->peer.has_value()) found.push_back(socket);
  }
  return found;
}

// By the program of the group, or by a hash of the sender.
std::shared_ptr<UdpSocket> Network::choose(const Sockets& sockets,
                                           const SimulatedDatagram& datagram) {
  if (sockets.size() == 1) return sockets[0];
  for (const auto& socket : sockets) {
    if (socket->choice.empty()) continue;
    const std::uint32_t index = run_filter(socket->choice, datagram.source, datagram.destination);
    if (index < sockets.size()) return sockets[index];
  }
  const std::size_t hash = datagram.source.port * std::size_t{2'654'435'761} >> 7;
  return sockets[hash % sockets.size()];
}

void Network::receive(const std::shared_ptr<UdpSocket>& socket, const SimulatedDatagram& datagram) {
  const bool is_kept = socket->filter.empty() ||
                       run_filter(socket->filter, datagram.source, datagram.destination) > 0;
  const bool is_full = socket->receive_memory > socket->receive_buffer;
  if (is_kept && is_full) faults_.record(Fault::kFullReceiveBuffer);
  if (!is_kept) ++filtered_packets_;
  if (!is_kept || is_full) return drop(*socket);
  SimulatedDatagram arrived = datagram;
  arrived.wall_clock_ns = wall_clock_ns();
  arrived.arrived_at = scheduler_.now();
  arrived.ahead = socket->received.size();
  merge_into_train(*socket, std::move(arrived));
}

void Network::drop(UdpSocket& socket) {
  ++socket.drops;
  ++dropped_packets_;
}

void Network::merge_into_train(UdpSocket& socket, SimulatedDatagram datagram) {
  if (!socket.received.empty() && socket.option(IPPROTO_UDP, UDP_GRO) != 0) {
    SimulatedDatagram& last = socket.received.back();
    const std::size_t segment = last.segment_size == 0 ? last.payload.size() : last.segment_size;
    const bool fits = last.source == datagram.source && last.destination == datagram.destination &&
                      !datagram.payload.empty() && segment > 0 &&
                      last.payload.size() % segment == 0 && datagram.payload.size() <= segment &&
                      last.packets() < kMaxSegments &&
                      last.payload.size() + datagram.payload.size() <= kMaxTrainBytes;
    if (fits && faults_.happens(Fault::kTrain)) {
      socket.receive_memory -= last.charge();
      last.segment_size = segment;
      last.payload.insert(last.payload.end(), datagram.payload.begin(), datagram.payload.end());
      socket.receive_memory += last.charge();
      return;
    }
  }
  socket.receive_memory += datagram.charge();
  socket.received.push_back(std::move(datagram));
}

// ---- The machine's sockets.

std::uint16_t Network::free_port() const {
  std::uint16_t port = kFirstFreePort;
  const auto is_taken = [this](std::uint16_t candidate) {
    return std::any_of(bound_.begin(), bound_.end(),
                       [=](const auto& socket) { return socket->local->port == candidate; });
  };
  while (is_taken(port)) ++port;
  return port;
}

int Network::bind(const std::shared_ptr<UdpSocket>& socket, net::Endpoint endpoint) {
  if (socket->local.has_value()) return EINVAL;
  if (endpoint.port == 0) endpoint.port = free_port();
  const bool shares = socket->option(SOL_SOCKET, SO_REUSEPORT) != 0;
  for (const auto& other : bound_) {
    if (!overlap(*other->local, endpoint)) continue;
    if (!shares || other->option(SOL_SOCKET, SO_REUSEPORT) == 0) return EADDRINUSE;
  }
  socket->local = endpoint;
  bound_.push_back(socket);
  return 0;
}

int Network::connect(const std::shared_ptr<UdpSocket>& socket, const net::Endpoint& peer) {
  check(socket->local.has_value(), "a socket is connected before it has a port");  // as at a send
  socket->peer = peer;
  return 0;
}

void Network::close(const std::shared_ptr<UdpSocket>& socket) { std::erase(bound_, socket); }

std::vector<std::uint64_t> Network::sockets_on(const net::Endpoint& endpoint) const {
  std::vector<std::uint64_t> inodes;
  for (const auto& socket : bound_) {
    if (overlap(*socket->local, endpoint)) inodes.push_back(socket->inode);
  }
  return inodes;
}

std::uint64_t Network::waiting_packets() const {
  std::uint64_t packets = 0;
  for (const auto& socket : bound_) {
    for (const SimulatedDatagram& datagram : socket->received) {
      if (!admission::may_be_handshake(datagram.payload)) packets += datagram.packets();
    }
  }
  return packets;
}

}  // namespace ringpeer::simulation
