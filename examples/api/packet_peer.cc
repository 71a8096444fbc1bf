// PacketPeer: packets and Variants, owned, borrowed or decoded.
#include <chrono>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "ringpeer/codec/variant.h"
#include "ringpeer/packet_peer_udp.h"

namespace {

using namespace ringpeer;  // NOLINT(google-build-using-namespace)

// example: packets
// Counts the bytes of everything that waits, without an allocation.
std::size_t count_bytes(PacketPeer& peer) {
  std::size_t bytes = 0;
  while (peer.get_available_packet_count() > 0) {
    std::span<const std::uint8_t> packet;  // valid until the next get of this peer
    if (peer.get_packet(&packet) == Error::OK) bytes += packet.size();
  }
  return bytes;
}
// end

// example: variants
// Adds up the damage of hits like {"hit": 7}; what is no Variant at all is counted.
std::int64_t sum_hits(PacketPeer& peer, int* malformed) {
  std::int64_t damage = 0;
  while (peer.get_available_packet_count() > 0) {
    Variant value;
    if (peer.get_var(&value) == Error::OK) {
      damage += value["hit"].as_int();  // 0 for anything else
    } else {
      ++*malformed;
    }
  }
  return damage;
}
// end

// Waits until `count` packets are there.
bool wait_for(const PacketPeerUDP& peer, int count) {
  for (int i = 0; i < 5000 && peer.get_available_packet_count() < count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return peer.get_available_packet_count() >= count;
}

}  // namespace

int main() {
  PacketPeerUDP receiver;
  PacketPeerUDP sender;
  if (receiver.bind(0, "127.0.0.1") != Error::OK) return 1;
  if (sender.set_dest_address("127.0.0.1", receiver.get_local_port()) != Error::OK) return 1;
  const std::vector<std::uint8_t> five = {1, 2, 3, 4, 5};
  for (int i = 0; i < 2; ++i) {
    if (sender.put_packet(five) != Error::OK) return 1;
  }
  if (!wait_for(receiver, 2) || count_bytes(receiver) != 10) return 1;
  if (sender.put_var(Dictionary{{"hit", 3}}) != Error::OK) return 1;
  if (sender.put_packet(five) != Error::OK) return 1;
  if (sender.put_var(Dictionary{{"hit", 4}}) != Error::OK) return 1;
  int malformed = 0;
  if (!wait_for(receiver, 3) || sum_hits(receiver, &malformed) != 7) return 1;
  return malformed == 1 ? 0 : 1;
}
