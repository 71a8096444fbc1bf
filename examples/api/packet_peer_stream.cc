// PacketPeerStream: Variants in a file's bytes, or over a TCP connection.
#include "ringpeer/packet_peer_stream.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "ringpeer/stream_peer_buffer.h"

namespace {

using namespace ringpeer;  // NOLINT(google-build-using-namespace)

// example: record
// The bytes of values behind each other, each with its length.
std::vector<std::uint8_t> record(const std::vector<Variant>& values) {
  auto buffer = std::make_shared<StreamPeerBuffer>();
  PacketPeerStream peer(buffer);
  for (const Variant& value : values) peer.put_var(value);
  return buffer->get_data_array();
}

std::vector<Variant> replay(std::vector<std::uint8_t> bytes) {
  PacketPeerStream peer(std::make_shared<StreamPeerBuffer>(std::move(bytes)));
  std::vector<Variant> values;
  while (peer.get_available_packet_count() > 0) values.push_back(peer.get_var());
  return values;
}
// end

}  // namespace

int main() {
  const std::vector<Variant> values = {1, "two", Vector3{1, 2, 3}};
  return replay(record(values)) == values ? 0 : 1;
}
