// Engine: workers and memory that several peers share.
#include "ringpeer/engine.h"

#include <cstdio>
#include <memory>
#include <string>

#include "ringpeer/packet_peer_udp.h"

namespace {

using namespace ringpeer;  // NOLINT(google-build-using-namespace)

// example: create
// An engine that wakes at once for each packet, or null and why on stderr.
std::shared_ptr<Engine> create_engine() {
  EngineOptions options;
  options.latency_budget = std::chrono::microseconds(0);
  std::string why;
  auto engine = Engine::create(options, nullptr, &why);
  if (engine == nullptr) std::fprintf(stderr, "no engine: %s\n", why.c_str());
  return engine;
}
// end

}  // namespace

int main() {
  const auto engine = create_engine();
  if (engine == nullptr) return 1;
  PacketPeerUDP peer(engine);
  if (peer.bind(0, "127.0.0.1") != Error::OK) return 1;
  PacketPeerUDP sender(engine);
  if (sender.set_dest_address("127.0.0.1", peer.get_local_port()) != Error::OK) return 1;
  if (sender.put_var(1) != Error::OK) return 1;
  // example: sync
  // What was sent to this machine is in the peers' queues after this.
  const bool arrived = engine->sync() == Error::OK && peer.get_available_packet_count() == 1;
  // end
  return arrived ? 0 : 1;
}
