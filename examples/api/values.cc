// Values from packets within limits of one's own, and as text.
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <thread>

#include "ringpeer/codec/decode.h"
#include "ringpeer/codec/text.h"
#include "ringpeer/codec/variant.h"
#include "ringpeer/packet_peer_udp.h"

namespace {

using namespace ringpeer;  // NOLINT(google-build-using-namespace)

// example: limits
// A message of a player: small, flat, and never an object.
Variant read_input(PacketPeer& peer) {
  DecodeOptions options;
  options.limits = {.nodes = 64, .depth = 4, .bytes = 16384, .elements = 256};
  std::span<const std::uint8_t> packet;
  Variant value;
  if (peer.get_packet(&packet) != Error::OK) return value;
  (void)decode_variant(packet, &value, nullptr, options);  // Nil when it is anything else
  return value;
}
// end

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
  const Dictionary input = {{"move", Vector2{1, 2}}};
  Array large;
  large.resize(100);
  if (sender.put_var(input) != Error::OK || sender.put_var(large) != Error::OK) return 1;
  if (!wait_for(receiver, 2)) return 2;
  const Variant value = read_input(receiver);
  if (value != Variant(input)) return 3;
  if (!read_input(receiver).is_nil()) return 4;
  if (var_to_str(value["move"]) != "Vector2(1, 2)") return 5;
  Variant again;
  if (str_to_var(var_to_str(value), &again) != Error::OK || again != value) return 6;
  return 0;
}
