// The limits that docs/api.md names, and what is given beyond them.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/inherited_sockets.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/descriptor_limit.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::numbered_payload;

constexpr const char* kHost = "127.0.0.1";

class DocumentedLimitsTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  std::shared_ptr<Engine> engine_;
};

TEST_P(DocumentedLimitsTest, AWorkerServesSoManySockets) {
  constexpr std::size_t kSocketsOfAWorker = 4096;
  if (GetParam().workers > 1) GTEST_SKIP() << "worker_places_test has several workers";
  if (!test::may_open(kSocketsOfAWorker + 200)) GTEST_SKIP() << "too few descriptors (ulimit -n)";
  std::vector<std::unique_ptr<PacketPeerUDP>> peers;
  for (std::size_t i = 0; i < kSocketsOfAWorker; ++i) {
    peers.push_back(std::make_unique<PacketPeerUDP>(engine_));
    ASSERT_EQ(Error::OK, peers.back()->bind(0, kHost, 1024)) << i;
  }
  const net::Socket remote = test::open_receiver();
  PacketPeerUDP late(engine_);
  EXPECT_EQ(Error::ERR_UNAVAILABLE, late.bind(0, kHost));
  EXPECT_EQ(Error::ERR_CANT_OPEN, late.connect_to_host(kHost, test::port_of(remote)));
  ASSERT_EQ(Error::OK, late.set_dest_address(kHost, test::port_of(remote)));
  EXPECT_EQ(Error::ERR_CANT_OPEN, late.put_packet(numbered_payload(1, 8)));
  UDPServer server(engine_);
  EXPECT_EQ(Error::ERR_UNAVAILABLE, server.listen(0, kHost));
  // The last one works, and one place that is left is enough.
  const test::Sender sender(static_cast<std::uint16_t>(peers.back()->get_local_port()));
  ASSERT_TRUE(sender.send_numbered(1, 8));
  EXPECT_EQ(Error::OK, peers.back()->wait(test::kPatience));
  peers.front()->close();
  EXPECT_EQ(Error::OK, late.put_packet(numbered_payload(1, 8)));
}

TEST_P(DocumentedLimitsTest, AServersRingHoldsSoManyPacketsBetweenTwoLooks) {
  constexpr std::uint32_t kRing = 32768;
  constexpr std::uint32_t kMore = 500;
  ServerOptions options;
  options.receive = ServerReceive::kTogether;
  UDPServer server(engine_);
  ASSERT_EQ(Error::OK, server.listen(0, kHost, options));
  const test::Sender sender(static_cast<std::uint16_t>(server.get_local_port()));
  for (std::uint32_t i = 0; i < kRing + kMore; ++i) {
    ASSERT_TRUE(sender.send_numbered(i, 8));
    if (i % 128 == 127) {
      ASSERT_EQ(Error::OK, engine_->sync());
    }
  }
  ASSERT_EQ(Error::OK, engine_->sync());
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(kRing + kMore, counters[Counter::kReceivedPackets]);
  EXPECT_EQ(kMore, counters[Counter::kDropRingFull]);
  std::uint32_t got = 0;
  for (ReceivedPacket packet; server.get_packet(&packet) == Error::OK; ++got) {
    ASSERT_EQ(got, test::number_of(packet.payload)) << "the newest are dropped";
  }
  EXPECT_EQ(kRing, got);
}

TEST_P(DocumentedLimitsTest, AVariantMayBeSoDeep) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::OK, peer.bind(0, kHost));
  ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, peer.get_local_port()));
  Variant deep = 7;
  for (int i = 0; i < 1025; ++i) deep = Array{std::move(deep)};
  EXPECT_EQ(Error::ERR_OUT_OF_MEMORY, peer.put_var(deep));
  // By somebody who does not keep to it.
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 1026; ++i) {
    for (const std::uint8_t byte : {28, 0, 0, 0, 1, 0, 0, 0}) bytes.push_back(byte);
  }
  for (int i = 0; i < 4; ++i) bytes.push_back(0);
  ASSERT_EQ(Error::OK, peer.put_packet(bytes));
  ASSERT_EQ(Error::OK, peer.wait(test::kPatience));
  Variant value = 1;
  EXPECT_EQ(Error::ERR_OUT_OF_MEMORY, peer.get_var(&value));
  EXPECT_TRUE(value.is_nil());
  EXPECT_EQ(0, peer.get_available_packet_count()) << "it is consumed";
}

TEST_P(DocumentedLimitsTest, AScriptNeedsAPath) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::OK, peer.bind(0, kHost));
  ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, peer.get_local_port()));
  Object scripted(String("Node"));
  scripted.set("script", Variant("user://made_up.gd"));
  EXPECT_EQ(Error::ERR_UNAVAILABLE, peer.put_var(scripted, true));
  scripted.set("script", Variant("res://player.gd"));
  EXPECT_EQ(Error::OK, peer.put_var(scripted, true));
  ASSERT_EQ(Error::OK, peer.wait(test::kPatience));
  Variant value;
  EXPECT_EQ(Error::OK, peer.get_var(&value, true));
}

INSTANTIATE_TEST_SUITE_P(Engines, DocumentedLimitsTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
