// What waits in a socket when it is connected is dropped, and counted for what it is.

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer {
namespace {

constexpr std::uint8_t kByte[] = {7};

class ConnectDropsTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void create_engine(EngineOptions options) {
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }
  std::shared_ptr<Engine> engine_;
};
INSTANTIATE_TEST_SUITE_P(Engines, ConnectDropsTest, test::every_engine(), test::engine_name);

TEST_P(ConnectDropsTest, AnErrorIsNoPacket) {
  create_engine(GetParam().options());
  if (engine_ == nullptr) return;
  const net::Socket receiver = test::open_receiver();
  std::uint16_t closed_port = 0;
  { closed_port = test::port_of(test::open_receiver()); }
  for (int i = 0; i < 20; ++i) {
    PacketPeerUDP peer(engine_);
    ASSERT_EQ(peer.connect_to_host("127.0.0.1", closed_port), Error::OK);
    static_cast<void>(peer.put_packet(kByte));  // loopback answers before the call returns
    ASSERT_EQ(peer.connect_to_host("127.0.0.1", test::port_of(receiver)), Error::OK);
  }
  EXPECT_EQ(engine_->counters()[Counter::kReceivedPackets], 0u);
  EXPECT_EQ(engine_->counters()[Counter::kDropClosed], 0u);
}

TEST_P(ConnectDropsTest, EachPacketOfATrainIsCountedAndItsBytes) {
  EngineOptions options = GetParam().options();
  options.gro = true;
  create_engine(options);
  if (engine_ == nullptr) return;
  const net::Socket receiver = test::open_receiver();
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, "127.0.0.1"), Error::OK);
  const test::Sender sender(static_cast<std::uint16_t>(peer.get_local_port()));
  if (!sender.send_train(test::numbered_payload(1, 1000), 100)) {
    GTEST_SKIP() << "no UDP_SEGMENT in this kernel";
  }
  ASSERT_TRUE(sender.send_numbered(2, 70));
  ASSERT_EQ(peer.connect_to_host("127.0.0.1", test::port_of(receiver)), Error::OK);
  EXPECT_EQ(engine_->counters()[Counter::kReceivedPackets], 11u);
  EXPECT_EQ(engine_->counters()[Counter::kReceivedBytes], 1070u);
  EXPECT_EQ(engine_->counters()[Counter::kDropClosed], 11u);
}

}  // namespace
}  // namespace ringpeer
