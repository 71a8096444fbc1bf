// Times of arrival: of the packet got last and of no other, however long ago, and whatever
// becomes of the clocks.

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/engine/support/shifted_clock.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using Time = std::chrono::steady_clock::time_point;

Time now() { return std::chrono::steady_clock::now(); }

// The engine's clock counts whole microseconds.
constexpr std::chrono::microseconds kResolution{1};

class ArrivalTimeTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    test::reset_clocks();
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }
  void TearDown() override { test::reset_clocks(); }

  void listen(const ServerOptions& options = {}) {
    server_ = std::make_unique<UDPServer>(engine_);
    ASSERT_EQ(server_->listen(0, "127.0.0.1", options), Error::OK);
  }
  // A client, and the peer that the server has taken for it, its first packet got.
  void connect() {
    const auto port = static_cast<std::uint16_t>(server_->get_local_port());
    clients_.push_back(std::make_unique<test::Sender>(port));
    send(*clients_.back());
    peers_.push_back(server_->take_connection());
    ASSERT_NE(peers_.back(), nullptr);
    ASSERT_FALSE(peers_.back()->get_packet().empty());
  }
  // Returns when it was sent.
  Time send(const test::Sender& sender) {
    const Time before = now();
    EXPECT_TRUE(sender.send_numbered(1, 8));
    EXPECT_EQ(engine_->sync(), Error::OK);
    return before;
  }
  static void expect_between(Time sent, Time arrived, Time got) {
    EXPECT_GE(arrived, sent - kResolution) << (sent - arrived).count() << " ns too early";
    EXPECT_LE(arrived, got) << (arrived - got).count() << " ns too late";
  }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::vector<std::unique_ptr<test::Sender>> clients_;
  std::vector<std::shared_ptr<PacketPeerUDP>> peers_;
};

TEST_P(ArrivalTimeTest, IsThatOfThePeersOwnLastPacket) {
  listen();
  connect();
  connect();
  const Time first_sent = send(*clients_[0]);
  const Time first_there = now();
  std::this_thread::sleep_for(milliseconds(5));
  const Time second_sent = send(*clients_[1]);
  peers_[0]->get_packet();
  peers_[1]->get_packet();
  expect_between(first_sent, peers_[0]->get_packet_arrival(), first_there);
  expect_between(second_sent, peers_[1]->get_packet_arrival(), now());
}

TEST_P(ArrivalTimeTest, StaysTheSameHoweverLateItIsAskedFor) {
  listen();
  connect();
  PacketPeerUDP own(engine_);
  ASSERT_EQ(own.bind(0, "127.0.0.1"), Error::OK);
  EXPECT_EQ(own.get_packet_arrival(), Time()) << "before the first packet";
  const test::Sender to_own(static_cast<std::uint16_t>(own.get_local_port()));
  const std::array<PacketPeerUDP*, 2> both{peers_[0].get(), &own};
  for (const auto step : {minutes(0), minutes(36), minutes(72), minutes(200)}) {
    test::shift_monotonic_clock(step);
    const std::array sent{send(*clients_[0]), send(to_own)};
    const Time there = now();
    for (std::size_t i = 0; i < both.size(); ++i) {
      both[i]->get_packet();
      const Time arrival = both[i]->get_packet_arrival();
      expect_between(sent[i], arrival, there);
      for (const auto later : {minutes(1), minutes(35), minutes(37), minutes(600)}) {
        test::shift_monotonic_clock(later);
        EXPECT_EQ(both[i]->get_packet_arrival(), arrival) << later.count();
      }
    }
  }
}

// It waits, and nobody looks.
TEST_P(ArrivalTimeTest, IsKnownOfAPacketThatHasWaitedForHours) {
  for (const bool by_drain : {false, true}) {
    for (const bool together : {false, true}) {
      ServerOptions options;
      if (together) options.receive = ServerReceive::kTogether;
      listen(options);
      PacketPeerUDP own(engine_);
      ASSERT_EQ(own.bind(0, "127.0.0.1"), Error::OK);
      const test::Sender to_own(static_cast<std::uint16_t>(own.get_local_port()));
      const test::Sender client(static_cast<std::uint16_t>(server_->get_local_port()));
      std::shared_ptr<PacketPeerUDP> peer;
      if (!together) {
        send(client);
        peer = server_->take_connection();
        ASSERT_NE(peer, nullptr);
        peer->get_packet();
      }
      const Time sent = send(client);
      send(to_own);
      const Time there = now();
      test::shift_monotonic_clock(hours(5));
      ReceivedPacket packet;
      if (by_drain) {
        for (const ReceivedPacket& each : own.drain()) expect_between(sent, each.arrived, there);
        for (const ReceivedPacket& each : server_->drain()) {
          expect_between(sent, each.arrived, there);
        }
      } else {
        own.get_packet();
        expect_between(sent, own.get_packet_arrival(), there);
        ASSERT_EQ(server_->get_packet(&packet), Error::OK);
        expect_between(sent, packet.arrived, there);
      }
    }
  }
}

// The kernel's stamps are the wall clock's.
TEST_P(ArrivalTimeTest, LiesNeverInTheFutureWhenTheWallClockIsSet) {
  for (const auto step :
       {milliseconds(-1000), milliseconds(1000), milliseconds(hours(-2)), milliseconds(hours(2))}) {
    SCOPED_TRACE(step.count());
    test::reset_clocks();
    SocketOptions options;
    options.receive_timestamps = true;
    PacketPeerUDP own(engine_);
    ASSERT_EQ(own.bind(0, "127.0.0.1", 65536, options), Error::OK);
    const test::Sender sender(static_cast<std::uint16_t>(own.get_local_port()));
    // The kernel's clock is read by others, and may be a little ahead.
    constexpr milliseconds kSlack{2};
    Time sent = send(sender);
    own.get_packet();
    expect_between(sent - kSlack, own.get_packet_arrival(), now());
    test::shift_wall_clock(step);
    sent = send(sender);
    own.get_packet();
    expect_between(sent - kSlack, own.get_packet_arrival(), now());
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, ArrivalTimeTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
