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
// The bytes of values behind each other, each with its length; none when one cannot be encoded.
std::vector<std::uint8_t> record(const std::vector<Variant>& values) {
  auto buffer = std::make_shared<StreamPeerBuffer>();
  PacketPeerStream peer(buffer);
  for (const Variant& value : values) {
    if (peer.put_var(value) != Error::OK) return {};  // larger than the encode buffer
  }
  return buffer->get_data_array();
}

std::vector<Variant> replay(std::vector<std::uint8_t> bytes) {
  PacketPeerStream peer(std::make_shared<StreamPeerBuffer>(std::move(bytes)));
  std::vector<Variant> values;
  while (peer.get_available_packet_count() > 0) values.push_back(peer.get_var());
  return values;
}
// end

// example: serve
// Takes what a client has sent. False once it has gone, and nothing of it is left.
bool serve(PacketPeerStream& client, std::vector<Variant>* inputs) {
  while (client.get_available_packet_count() > 0) inputs->push_back(client.get_var());
  return client.poll() == Error::OK;
}
// end

}  // namespace

int main() {
  const std::vector<Variant> values = {1, "two", Vector3{1, 2, 3}};
  PacketPeerStream client(std::make_shared<StreamPeerBuffer>(record(values)));
  std::vector<Variant> inputs;
  const bool is_there = serve(client, &inputs);
  return is_there && inputs == values && replay(record(values)) == values ? 0 : 1;
}
