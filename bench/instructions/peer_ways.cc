// Of a peer.

#include <chrono>
#include <cstdint>
#include <span>

#include "ringpeer/bench/instructions/traffic.h"
#include "ringpeer/bench/instructions/ways.h"
#include "ringpeer/packet_peer_udp.h"

// C linkage gives them names that callgrind can be told.

// Views, as a server takes them that wants no copy.
extern "C" __attribute__((noinline)) std::size_t ringpeer_take_views(ringpeer::PacketPeerUDP* peer,
                                                                     std::size_t* bytes) {
  std::size_t taken = 0;
  for (const ringpeer::ReceivedPacket& packet : peer->drain()) {
    *bytes += packet.payload.size();
    ++taken;
  }
  return taken;
}

// One by one, as with Godot.
extern "C" __attribute__((noinline)) std::size_t ringpeer_take_packets(
    ringpeer::PacketPeerUDP* peer, std::size_t* bytes) {
  const int available = peer->get_available_packet_count();
  std::span<const std::uint8_t> packet;
  std::size_t taken = 0;
  for (int i = 0; i < available; ++i) {
    if (peer->get_packet(&packet) != ringpeer::Error::OK) break;
    *bytes += packet.size();
    ++taken;
  }
  return taken;
}

namespace ringpeer::bench {
namespace {

// Each batch is there when it is asked for: one look for it, however slow the counting is.
constexpr std::chrono::milliseconds kOneLook{100};

template <typename Take>
void count(BackendKind backend, std::size_t batch, Take take) {
  PacketPeerUDP peer(make_engine(backend, kOneLook));
  if (peer.bind(0, "127.0.0.1") != Error::OK) give_up("bind failed");
  Traffic traffic;
  connect_all(traffic, peer.get_local_port());
  receive_batches(traffic, batch, [&](std::size_t* bytes) { return take(&peer, bytes); });
}

}  // namespace

void count_views(BackendKind backend, std::size_t batch) {
  count(backend, batch, ringpeer_take_views);
}

void count_packets(BackendKind backend, std::size_t batch) {
  count(backend, batch, ringpeer_take_packets);
}

}  // namespace ringpeer::bench
