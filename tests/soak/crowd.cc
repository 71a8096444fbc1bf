#include "ringpeer/tests/soak/crowd.h"

#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "ringpeer/engine/net/datagram_size.h"

namespace ringpeer::soak {
namespace {

// Of a client's turn: it sends in one of so many, leaves if it is fleeting, and sends a burst.
constexpr std::uint64_t kSendsOnceIn = 3;
constexpr std::uint64_t kLeavesOnceIn = 2'000;
constexpr std::uint64_t kBurstsOnceIn = 20'000;
// More than a peer's queue holds.
constexpr int kBurst = 3'000;

// Mostly what games send; also nothing at all, the largest, and what lies between.
std::size_t some_size(std::mt19937_64& random) {
  const std::uint64_t kind = random() % 1000;
  if (kind == 0) return 0;
  if (kind == 1) return net::kLargestIpv4Datagram;
  if (kind < 20) return random() % 9000;
  return 1 + random() % 400;
}

}  // namespace

Crowd::Crowd(std::size_t clients, bool fleeting, std::uint64_t seed)
    : size_(clients), fleeting_(fleeting), random_(seed), packet_(net::kLargestDatagram, 0x5a) {}

void Crowd::aim(const net::Endpoint& server) {
  server_ = net::to_socket_address(server, AF_INET);
  if (clients_.empty()) replace_all();
}

Crowd::Client Crowd::open_client() {
  Client client;
  if (client.socket.open(net::SocketFamily::kIpv4) != 0) {
    throw std::runtime_error("a client gets no socket");
  }
  client.drops_before = client.socket.kernel_drops().value_or(0);
  return client;
}

void Crowd::close(Client* client) {
  receive_of(*client);
  drops_of_closed_ += client->socket.kernel_drops().value_or(0) - client->drops_before;
  client->socket.close();
}

void Crowd::leave() {
  for (Client& client : clients_) close(&client);
  clients_.clear();
}

void Crowd::replace_all() {
  leave();
  for (std::size_t i = 0; i < size_; ++i) clients_.push_back(open_client());
}

void Crowd::send(const Client& client) {
  const std::size_t size = some_size(random_);
  const auto payload = std::span<const std::uint8_t>(packet_).first(size);
  sent_ += client.socket.send_to(payload, server_) == 0 ? 1 : 0;
}

void Crowd::send_burst(const Client& client) {
  for (int i = 0; i < kBurst; ++i) send(client);
}

void Crowd::flood() {
  for (const Client& client : clients_) send_burst(client);
}

void Crowd::send_some() {
  for (Client& client : clients_) {
    if (fleeting_ && chance(kLeavesOnceIn)) {
      close(&client);
      client = open_client();
    }
    if (chance(kSendsOnceIn)) send(client);
    if (chance(kBurstsOnceIn)) send_burst(client);
  }
}

void Crowd::receive_of(const Client& client) {
  std::array<std::uint8_t, 1> byte;  // the rest is cut off
  while (::recv(client.socket.descriptor(), byte.data(), byte.size(), MSG_DONTWAIT) >= 0) {
    ++received_;
  }
}

void Crowd::receive() {
  for (const Client& client : clients_) receive_of(client);
}

std::uint64_t Crowd::kernel_drops() const {
  std::uint64_t drops = drops_of_closed_;
  for (const Client& client : clients_) {
    drops += client.socket.kernel_drops().value_or(0) - client.drops_before;
  }
  return drops;
}

void Crowd::forget() {
  sent_ = received_ = drops_of_closed_ = 0;
  for (Client& client : clients_) client.drops_before = client.socket.kernel_drops().value_or(0);
}

}  // namespace ringpeer::soak
