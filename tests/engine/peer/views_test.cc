// A view that a get has given stays as it is until the next get of the same peer or server,
// whatever happens meanwhile; and all that peers hold that way takes nothing from the others.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/buffer_noise.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

struct View {
  std::span<const std::uint8_t> bytes;
  std::uint32_t number;
};

class ViewsTest : public testing::TestWithParam<std::tuple<test::EngineKind, bool>> {
 protected:
  void SetUp() override { make_engine(EngineOptions().payload_budget); }

  void make_engine(std::size_t budget_a_worker) {
    const auto& [kind, copied] = GetParam();
    EngineOptions options = kind.options();
    options.payload_budget = budget_a_worker * static_cast<std::size_t>(std::max(kind.workers, 1));
    std::string message;
    noise_.reset();
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    noise_ = std::make_unique<test::BufferNoise>(engine_);
    if (copied) noise_->make_worker_copy();
  }

  void listen(UDPServer& server, std::size_t clients) {
    server.set_max_pending_connections(static_cast<int>(clients));
    ASSERT_EQ(server.listen(0, "127.0.0.1"), Error::OK);
    for (std::size_t i = 0; i < clients; ++i) {
      senders_.push_back(
          std::make_unique<test::Sender>(static_cast<std::uint16_t>(server.get_local_port())));
      ASSERT_TRUE(senders_.back()->send_numbered(0, 10));
      ASSERT_EQ(engine_->sync(), Error::OK);
      peers_.push_back(server.take_connection());
      ASSERT_NE(peers_.back(), nullptr);
      peers_.back()->get_var();
    }
  }
  void show(std::size_t client, std::uint32_t number, std::size_t size) {
    ASSERT_TRUE(senders_[client]->send_numbered(number, size));
    ASSERT_EQ(engine_->sync(), Error::OK);
    View view{{}, number};
    ASSERT_EQ(peers_[client]->get_packet(&view.bytes), Error::OK);
    ASSERT_EQ(view.bytes.size(), size);
    views_.push_back(view);
  }
  void expect_views() {
    for (const View& view : views_) {
      ASSERT_TRUE(test::is_numbered_payload(view.bytes, view.number)) << view.number;
    }
  }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<test::BufferNoise> noise_;
  std::vector<std::unique_ptr<test::Sender>> senders_;
  std::vector<std::shared_ptr<PacketPeerUDP>> peers_;
  std::vector<View> views_;
};

TEST_P(ViewsTest, OfOnePeerOutlastTheGetsOfOthers) {
  UDPServer server(engine_);
  listen(server, 3);
  show(0, 7, 400);
  for (std::uint32_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(senders_[1]->send_numbered(i, 400));
    ASSERT_TRUE(senders_[2]->send_numbered(i, 400));
    ASSERT_EQ(engine_->sync(), Error::OK);
    std::span<const std::uint8_t> other;
    ASSERT_EQ(peers_[1]->get_packet(&other), Error::OK);
    peers_[2]->get_packet();
    if (i % 50 == 0) noise_->overwrite();
  }
  ReceivedPacket packet;
  EXPECT_EQ(server.get_packet(&packet), Error::ERR_UNAVAILABLE);
  EXPECT_EQ(peers_[0]->get_available_packet_count(), 0);
  noise_->overwrite();
  expect_views();
}

TEST_P(ViewsTest, OfTheServerOutlastTheGetsOfPeers) {
  UDPServer server(engine_);
  listen(server, 2);
  ASSERT_TRUE(senders_[0]->send_numbered(7, 400));
  ASSERT_EQ(engine_->sync(), Error::OK);
  ReceivedPacket packet;
  ASSERT_EQ(server.get_packet(&packet), Error::OK);
  for (std::uint32_t i = 0; i < 100; ++i) show(1, i, 400);
  views_.clear();
  noise_->overwrite();
  EXPECT_TRUE(test::is_numbered_payload(packet.payload, 7));
  server.stop();
  noise_->overwrite();
  EXPECT_TRUE(test::is_numbered_payload(packet.payload, 7));
  EXPECT_EQ(server.get_packet(&packet), Error::ERR_UNCONFIGURED);
}

// 500 views that are as large as the budget together, and lie in more buffers than there are.
TEST_P(ViewsTest, OfManyPeersTakeNothingFromTheOthers) {
  constexpr std::size_t kClients = 500;
  const bool copied = std::get<1>(GetParam());  // then the noise holds half of it
  const std::size_t size = copied ? 20000 : 1000;
  make_engine(copied ? std::size_t{16} << 20 : 2 * kMinPayloadBudgetPerWorker);
  UDPServer server(engine_);
  listen(server, kClients);
  PacketPeerUDP other(engine_);
  ASSERT_EQ(other.bind(0, "127.0.0.1"), Error::OK);
  const test::Sender to_other(static_cast<std::uint16_t>(other.get_local_port()));
  const std::uint64_t dropped = engine_->counters().dropped_packets();
  for (std::uint32_t i = 0; i < kClients; ++i) {
    show(i, i, size);
    // So that the next one lies in another buffer.
    for (std::uint32_t n = 0; n < 8; ++n) ASSERT_TRUE(to_other.send_numbered(n, 1400));
    ASSERT_EQ(engine_->sync(), Error::OK);
    for (std::uint32_t n = 0; n < 8; ++n) {
      ASSERT_TRUE(test::is_numbered_payload(other.get_packet(), n));
    }
  }
  expect_views();
  EXPECT_EQ(engine_->counters().dropped_packets(), dropped);
  // Again, with what each peer has by now.
  views_.clear();
  for (std::uint32_t i = 0; i < kClients; ++i) show(i, 1000 + i, size - 100);
  expect_views();
  EXPECT_EQ(engine_->counters().dropped_packets(), dropped);
}

// ---- What ends a source ends no view.

TEST_P(ViewsTest, OfASocketOutlastItsCloseAndWhatIsOpenedNext) {
  PacketPeerUDP peer(engine_);
  const std::vector<std::function<void()>> ends{
      [&] { peer.close(); },
      [&] { EXPECT_EQ(peer.connect_to_host("127.0.0.1", 9), Error::OK); },
      [&] {
        peer.close();
        ASSERT_EQ(peer.bind(0, "127.0.0.1"), Error::OK);
      },
      [&] { engine_->stop(); },
  };
  for (std::size_t i = 0; i < ends.size(); ++i) {
    SCOPED_TRACE(i);
    peer.close();
    ASSERT_EQ(peer.bind(0, "127.0.0.1"), Error::OK);
    const test::Sender sender(static_cast<std::uint16_t>(peer.get_local_port()));
    for (std::uint32_t n = 0; n < 5; ++n) ASSERT_TRUE(sender.send_numbered(n, 400));
    ASSERT_EQ(engine_->sync(), Error::OK);
    std::span<const std::uint8_t> bytes;
    ASSERT_EQ(peer.get_packet(&bytes), Error::OK);
    ends[i]();
    if (i + 1 < ends.size()) noise_->overwrite();
    EXPECT_TRUE(test::is_numbered_payload(bytes, 0));
    EXPECT_NE(peer.get_packet(&bytes), Error::OK);  // lets it go
  }
}

TEST_P(ViewsTest, OfAServersPeersOutlastTheirCloseAndTheServer) {
  auto server = std::make_unique<UDPServer>(engine_);
  listen(*server, 6);
  for (std::uint32_t i = 0; i < 6; ++i) show(i, i, 400);
  peers_[0]->close();
  peers_[1]->close();
  peers_[2]->close();
  ASSERT_EQ(peers_[1]->bind(0, "127.0.0.1"), Error::OK);
  noise_->overwrite();
  expect_views();
  server->stop();
  noise_->overwrite();
  expect_views();
  server.reset();
  peers_[3]->close();
  noise_->overwrite();
  expect_views();
  engine_->stop();
  engine_.reset();
  noise_.reset();
  expect_views();
  std::span<const std::uint8_t> bytes;
  for (const auto& peer : peers_) EXPECT_NE(peer->get_packet(&bytes), Error::OK);
}

std::string name_of(const testing::TestParamInfo<ViewsTest::ParamType>& info) {
  const auto& [kind, copied] = info.param;
  return test::engine_name({kind, 0}) + (copied ? "Copied" : "");
}

INSTANTIATE_TEST_SUITE_P(Engines, ViewsTest,
                         testing::Combine(test::every_engine(), testing::Bool()), name_of);

}  // namespace
}  // namespace ringpeer
