#include "ringpeer/tests/simulation/attackers.h"

#include <arpa/inet.h>

#include <algorithm>

#include "ringpeer/tests/simulation/payload.h"

namespace ringpeer::simulation {
namespace {

using admission::HandshakeKind;

// Beyond those of hosts and peers.
constexpr std::uint16_t kFirstPort = 30'000;
constexpr std::uint16_t kPorts = 2000;
constexpr std::size_t kOwn = 3;
// TEST-NET-3, and the net for benchmarks.
constexpr std::uint32_t kOwnNet = 0xcb007100;
constexpr std::uint32_t kForgedNet = 0xc6120000;
constexpr std::uint64_t kForgedAddresses = 4096;

// More than a remote may send at once.
constexpr std::size_t kFlood = 60;
// As much as every machine quotes at least.
constexpr std::size_t kQuote = 64;
// What proves nothing of a quote.
constexpr std::size_t kLeastOfQuote = 8;

std::vector<std::uint8_t> to_vector(const admission::HandshakePacket& packet) {
  return {packet.begin(), packet.end()};
}

net::IpAddress ipv6(std::uint8_t net, std::uint64_t interface) {
  net::IpAddress::Bytes bytes{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, net};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[15 - i] = static_cast<std::uint8_t>(interface >> (8 * i));
  }
  return net::IpAddress(bytes);
}

}  // namespace

Attackers::Attackers(Surroundings around, Random random)
    : around_(std::move(around)), random_(random) {
  for (std::size_t i = 0; i < kOwn; ++i) {
    net::Endpoint own;
    own.address = net::IpAddress::from_ipv4(htonl(kOwnNet + static_cast<std::uint32_t>(i / 2)));
    if (i == kOwn - 1) own.address = ipv6(1, i);
    own.port = static_cast<std::uint16_t>(kFirstPort + kPorts + i);
    own_.push_back(own);
    around_.network.add_host(
        own, [this](const SimulatedDatagram& datagram) { take_challenge(datagram); });
  }
}

net::Endpoint Attackers::any_stranger() {
  net::Endpoint stranger;
  const std::uint64_t number = random_.below(kForgedAddresses);
  stranger.address =
      random_.chance(300)
          ? ipv6(static_cast<std::uint8_t>(2 + number % 64), number)
          : net::IpAddress::from_ipv4(htonl(static_cast<std::uint32_t>(kForgedNet + number)));
  stranger.port = static_cast<std::uint16_t>(kFirstPort + random_.below(8));
  return stranger;
}

net::Endpoint Attackers::any_of_one_address() {
  net::Endpoint stranger = own_.front();
  stranger.port = static_cast<std::uint16_t>(kFirstPort + random_.below(kPorts));
  return stranger;
}

std::size_t Attackers::any_size() {
  if (random_.chance(600)) return kStampSize + random_.below(40);
  return kStampSize + random_.below(600);
}

void Attackers::send(const net::Endpoint& from, std::uint16_t port,
                     std::vector<std::uint8_t> payload) {
  around_.network.send({from, around_.on_machine(port, from), std::move(payload)}, nullptr);
}

void Attackers::attack(std::uint16_t port) {
  switch (random_.below(7)) {
    case 0:
      return flood(port, burst());
    case 1:
      for (std::size_t i = burst(); i > 0; --i) send_any(any_of_one_address(), port);
      return;
    case 2:
      return forge_player(port);
    case 3:
      for (std::size_t i = burst(); i > 0; --i) {
        const std::uint64_t who = random_.below(4);
        send_handshake(who == 0   ? any_player()
                       : who == 1 ? any_own()
                       : who == 2 ? any_of_one_address()
                                  : any_stranger(),
                       port);
      }
      return;
    case 4:
      return flood_as_one(port, burst());
    case 5:
      return forge_errors(port);
    default:
      return flood_from_own(port);
  }
}

void Attackers::flood(std::uint16_t port, std::size_t packets) {
  for (std::size_t i = 0; i < packets; ++i) {
    const net::Endpoint from = random_.chance(500) ? any_stranger() : any_of_one_address();
    random_.chance(800) ? send_any(from, port) : send_handshake(from, port);
  }
}

void Attackers::flood_as_one(std::uint16_t port, std::size_t packets) {
  net::Endpoint from = own_.front();
  from.port = kFirstPort;
  for (std::size_t i = 0; i < packets; ++i) send_any(from, port);
}

// Under his very address and port, or as his neighbours; now and then more than he may send.
void Attackers::forge_player(std::uint16_t port) {
  net::Endpoint from = any_player();
  if (random_.chance(400)) {
    from.port = static_cast<std::uint16_t>(kFirstPort + random_.below(kPorts));
    for (std::size_t i = burst(); i > 0; --i) send_any(from, port);
    return;
  }
  for (std::size_t i = random_.chance(200) ? kFlood : 1; i > 0; --i) send_any(from, port);
}

// What is one but for a bit, too, and answers that others were challenged for.
void Attackers::send_handshake(const net::Endpoint& from, std::uint16_t port) {
  const admission::Cookie guess{static_cast<std::uint32_t>(random_.next()), random_.next()};
  const admission::Cookie cookie = random_.chance(700) && seen_ ? *seen_ : guess;
  std::vector<std::uint8_t> packet;
  switch (random_.below(5)) {
    case 0:
      packet = to_vector(admission::hello_packet());
      break;
    case 1:
    case 2:
      packet = to_vector(admission::answer_packet(cookie));
      break;
    case 3:
      packet = to_vector(admission::challenge_packet(cookie));
      break;
    default:
      packet = to_vector(admission::hello_packet());
      packet[8 + random_.below(packet.size() - 8)] ^= 0x40;
      break;
  }
  send(from, port, std::move(packet));
}

void Attackers::flood_from_own(std::uint16_t port) {
  const net::Endpoint& from = any_own();
  send(from, port, to_vector(admission::hello_packet()));
  for (std::size_t i = random_.chance(300) ? kFlood : burst(); i > 0; --i) send_any(from, port);
}

void Attackers::take_challenge(const SimulatedDatagram& datagram) {
  if (admission::handshake_kind(datagram.payload) != HandshakeKind::kChallenge) return;
  seen_ = admission::cookie_of(datagram.payload);
  if (random_.chance(300)) return;
  around_.network.send(
      {datagram.destination, datagram.source, to_vector(admission::answer_packet(*seen_))},
      nullptr);
}

void Attackers::see(std::uint16_t port, const net::Endpoint& to,
                    std::span<const std::uint8_t> payload) {
  const auto beginning = payload.first(std::min(payload.size(), kQuote));
  sent_[port][to].assign(beginning.begin(), beginning.end());
}

void Attackers::forge_errors(std::uint16_t port) {
  for (std::size_t i = burst() / 4 + 1; i > 0; --i) {
    const net::Endpoint& player = any_player();
    const auto sent = sent_[port].find(player);
    const bool is_seen = sent != sent_[port].end() && random_.chance(100);
    std::vector<std::uint8_t> quote = is_seen ? sent->second : around_.new_payload(kQuote);
    Network::Quote kind = is_seen ? Network::Quote::kTrue : Network::Quote::kForged;
    if (random_.chance(200)) {
      quote.resize(random_.below(kLeastOfQuote));
      kind = Network::Quote::kShort;
    }
    around_.network.return_error(port, player, std::move(quote), kind);
  }
}

}  // namespace ringpeer::simulation
