#include "ringpeer/bench/admission/players.h"

#include <sys/socket.h>

#include <cstring>
#include <thread>

#include "ringpeer/engine/admission/client_handshake.h"
#include "ringpeer/engine/admission/handshake_packet.h"

namespace ringpeer::bench {
namespace {

// No forged packet of this benchmark begins so.
constexpr std::array<std::uint8_t, 8> kBeginning = {'p', 'l', 'a', 'y', 'e', 'r', ' ', 1};
constexpr std::chrono::microseconds kNap{500};
constexpr std::size_t kAtOnce = 64;

net::Endpoint loopback(int port) {
  net::Endpoint endpoint;
  endpoint.address = net::IpAddress::from_ipv4(htonl(INADDR_LOOPBACK));
  endpoint.port = static_cast<std::uint16_t>(port);
  return endpoint;
}

bool send(const net::Socket& socket, std::span<const std::uint8_t> bytes) {
  return ::send(socket.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT) >= 0;
}

}  // namespace

Players::Players(int port, std::size_t count) : sockets_(count) {
  for (net::Socket& socket : sockets_) {
    is_valid_ = is_valid_ && socket.open(net::SocketFamily::kIpv4) == 0 &&
                socket.connect(loopback(port)) == 0;
  }
}

std::uint16_t Players::port_of(std::size_t player) const {
  return sockets_[player].local_endpoint().value_or(net::Endpoint()).port;
}

void Players::knock(bool cookie) {
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    cookie ? send(sockets_[i], admission::hello_packet()) : send_packet(i);
  }
}

void Players::answer_challenges() {
  std::array<std::uint8_t, admission::kHandshakeSize> packet;
  for (const net::Socket& socket : sockets_) {
    for (;;) {
      const auto size = ::recv(socket.descriptor(), packet.data(), packet.size(), MSG_DONTWAIT);
      if (size < 0) break;
      // All of them are answered: when is nothing to it.
      bool is_handshake = false;
      const auto answer = admission::ClientHandshake().receive(
          {packet.data(), static_cast<std::size_t>(size)}, 0, &is_handshake);
      if (answer) send(socket, *answer);
    }
  }
}

void Players::start(double hz) {
  pacer_.reset();
  if (hz != kFlatOut) {
    const double per_second = hz * static_cast<double>(count());
    // Who has no time for a second does not make up for it.
    pacer_.emplace(per_second, tools::Pacer::Clock::now(),
                   static_cast<std::uint64_t>(per_second) + 1);
  }
  thread_.start([this] { return send_some(); });
}

std::size_t Players::send_some() {
  if (!pacer_) return send_next(kAtOnce);
  const auto due = pacer_->take_due(tools::Pacer::Clock::now());
  if (due.count == 0) std::this_thread::sleep_for(kNap);
  return send_next(due.count);
}

std::size_t Players::send_next(std::size_t count) {
  std::size_t sent = 0;
  for (std::size_t i = 0; i < count; ++i) {
    sent += send_packet(next_) ? 1 : 0;
    next_ = (next_ + 1) % sockets_.size();
  }
  return sent;
}

bool Players::send_packet(std::size_t player) const {
  std::array<std::uint8_t, kPacketSize> packet{};
  const auto number = static_cast<std::uint32_t>(player);
  std::memcpy(packet.data(), kBeginning.data(), kBeginning.size());
  std::memcpy(packet.data() + kBeginning.size(), &number, sizeof(number));
  return send(sockets_[player], packet);
}

std::optional<std::size_t> Players::sender_of(std::span<const std::uint8_t> payload) {
  if (payload.size() != kPacketSize ||
      std::memcmp(payload.data(), kBeginning.data(), kBeginning.size()) != 0) {
    return std::nullopt;
  }
  std::uint32_t number = 0;
  std::memcpy(&number, payload.data() + kBeginning.size(), sizeof(number));
  return number;
}

}  // namespace ringpeer::bench
