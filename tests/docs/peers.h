#ifndef RINGPEER_TESTS_DOCS_PEERS_H_
#define RINGPEER_TESTS_DOCS_PEERS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

// What the tests of pages try their claims with.

namespace ringpeer::docs {

using EnginePointer = std::shared_ptr<Engine>;
using Bytes = std::vector<std::uint8_t>;

inline constexpr const char* kHost = "127.0.0.1";
inline const Bytes kByte = {7};

// Of a PacketPeerUDP or UDPServer that is open.
template <typename Peer>
std::uint16_t port_of(const Peer& peer) {
  return static_cast<std::uint16_t>(peer.get_local_port());
}

// One that nobody listens on.
int free_port();

Bytes encoded(const Variant& value, bool full_objects = false);

// An array in an array, and so on.
Variant nested(int levels);

// A test that runs once with each kind of engine; skips where there is none.
class EachEngineTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override;

  EnginePointer engine_;
};

// A server, a client that it has heard of, and the client's peer.
struct Accepted {
  explicit Accepted(const EnginePointer& engine);

  UDPServer server;
  PacketPeerUDP client;
  std::shared_ptr<PacketPeerUDP> peer;
};

}  // namespace ringpeer::docs

#endif  // RINGPEER_TESTS_DOCS_PEERS_H_
