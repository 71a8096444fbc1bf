// Of a server.

#include <arpa/inet.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "ringpeer/bench/instructions/traffic.h"
#include "ringpeer/bench/instructions/ways.h"
#include "ringpeer/engine/admission/client_handshake.h"
#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/source_list.h"
#include "ringpeer/udp_server.h"

// Of a server's remotes.
extern "C" __attribute__((noinline)) std::size_t ringpeer_take_of_all(ringpeer::UDPServer* server,
                                                                      std::size_t* bytes) {
  std::size_t taken = 0;
  for (const ringpeer::ReceivedPacket& packet : server->drain()) {
    *bytes += packet.payload.size();
    ++taken;
  }
  return taken;
}

namespace ringpeer::bench {
namespace {

// A server's drain looks once more, at who has come.
constexpr std::chrono::milliseconds kAnyLook{0};

// Everything that bounds who may send how much, and nothing that keeps these remotes from it.
AdmissionOptions all_limits() {
  AdmissionOptions admission;
  admission.limit_rates = true;
  admission.source = {.packets_per_second = 1e6, .bytes_per_second = 1e9};
  admission.remote = {.packets_per_second = 1e6, .bytes_per_second = 1e9};
  admission.limit_replies = true;
  admission.cookie = true;
  return admission;
}

std::shared_ptr<const SourceList> some_list() {
  constexpr std::uint32_t kPrefixes = 1000;
  std::vector<SourcePrefix> prefixes;
  for (std::uint32_t i = 0; i < kPrefixes; ++i) {
    prefixes.push_back(
        {net::IpAddress::from_ipv4(htonl(0x0a00'0000u + i * 256)), SourcePrefix::kIpv4Bits + 24});
  }
  return SourceList::create(prefixes, {});
}

// Says hello, and answers.
void come_in(const net::Socket& remote, UDPServer& server) {
  admission::ClientHandshake handshake;
  admission::HandshakePacket packet = admission::hello_packet();
  for (int i = 0; i < 2; ++i) {
    if (send(remote.descriptor(), packet.data(), packet.size(), 0) < 0) give_up("a send failed");
    (void)server.poll();
    if (i == 1) return;
    if (recv(remote.descriptor(), packet.data(), packet.size(), MSG_DONTWAIT) < 0) {
      give_up("a hello is not answered");
    }
    bool is_handshake = false;
    const auto answer = handshake.receive(packet, 0, &is_handshake);
    if (!answer) give_up("a challenge makes no sense");
    packet = *answer;
  }
}

void count(BackendKind backend, std::size_t batch, bool has_limits) {
  UDPServer server(make_engine(backend, kAnyLook));
  server.set_max_pending_connections(static_cast<int>(kRemotes));
  ServerOptions options;
  if (has_limits) {
    options.admission = all_limits();
    server.set_source_list(some_list());
  }
  if (server.listen(0, "127.0.0.1", options) != Error::OK) give_up("listen failed");
  Traffic traffic;
  connect_all(traffic, server.get_local_port());
  std::vector<std::shared_ptr<PacketPeerUDP>> peers;
  for (const net::Socket& remote : traffic.remotes) {
    if (has_limits) come_in(remote, server);
    send(remote.descriptor(), "x", 1, 0);
    constexpr int kMaxPolls = 100;
    for (int i = 0; i < kMaxPolls && !server.is_connection_available(); ++i) {
      (void)server.poll();
    }
    if (auto peer = server.take_connection()) peers.push_back(std::move(peer));
  }
  if (peers.size() != kRemotes) give_up("a remote did not come in");
  for (int i = 0; i < 3; ++i) {  // what came before
    for ([[maybe_unused]] const ReceivedPacket& packet : server.drain()) continue;
  }
  receive_batches(traffic, batch,
                  [&](std::size_t* bytes) { return ringpeer_take_of_all(&server, bytes); });
}

}  // namespace

void count_server(BackendKind backend, std::size_t batch) { count(backend, batch, false); }

void count_limits(BackendKind backend, std::size_t batch) { count(backend, batch, true); }

}  // namespace ringpeer::bench
