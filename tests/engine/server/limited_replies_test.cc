// What a server sends to whom it does not know to receive, on loopback.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ringpeer/tests/engine/server/admission_fixture.h"

namespace ringpeer {
namespace {

constexpr std::size_t kHello = 50;

class LimitedRepliesTest : public AdmissionTest {
 protected:
  void SetUp() override {
    AdmissionTest::SetUp();
    if (engine_ == nullptr) return;
    AdmissionOptions admission;
    admission.limit_replies = true;
    start(admission);
  }
  void start(const AdmissionOptions& admission) {
    server_->stop();
    listen(admission);
    client_ = sender();
  }
  void send(std::size_t size) const { AdmissionTest::send(*client_, 1, size); }
  static std::vector<std::uint8_t> packet(std::size_t size) {
    return std::vector<std::uint8_t>(size, 7);
  }
  // Bytes that have come to the client.
  std::size_t replied() const {
    EXPECT_EQ(engine_->flush(), Error::OK);
    std::vector<std::uint8_t> bytes(2048);
    std::size_t sum = 0;
    for (;;) {
      const ssize_t size =
          ::recv(client_->socket().descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (size < 0) return sum;
      sum += static_cast<std::size_t>(size);
    }
  }

  std::unique_ptr<test::Sender> client_;
};

TEST_P(LimitedRepliesTest, AreThreeTimesWhatCameUntilTheRemoteIsHeardAgain) {
  send(kHello);
  const auto peer = take();
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(peer->put_packet(packet(2 * kHello)), Error::OK);
  EXPECT_EQ(peer->put_packet(packet(kHello + 1)), Error::ERR_BUSY);
  EXPECT_EQ(counted(Counter::kSendFailedUnverified), 1U);
  EXPECT_EQ(peer->put_packet(packet(kHello)), Error::OK);
  EXPECT_EQ(peer->put_packet(packet(1)), Error::ERR_BUSY);
  EXPECT_EQ(replied(), 3 * kHello);
  send(10);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(peer->put_packet(packet(1000)), Error::OK);
  EXPECT_EQ(replied(), 5000U);
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(counters[Counter::kSendRequestedPackets],
            counters[Counter::kSentPackets] + counters.unsent_packets());
}

// Before anything was sent to it, what comes proves nothing.
TEST_P(LimitedRepliesTest, GrowWithWhatComesBeforeTheFirstReply) {
  send(kHello);
  const auto peer = take();
  ASSERT_NE(peer, nullptr);
  send(kHello);
  send(kHello);
  EXPECT_EQ(peer->put_packet(packet(9 * kHello + 1)), Error::ERR_BUSY);
  EXPECT_EQ(peer->put_packet(packet(9 * kHello)), Error::OK);
  EXPECT_EQ(replied(), 9 * kHello);
}

TEST_P(LimitedRepliesTest, ToAllLeaveOutWhoMayNotBeSentSoMuch) {
  send(kHello);
  const auto peer = take();
  ASSERT_NE(peer, nullptr);
  const auto other = sender();
  AdmissionTest::send(*other, 1, 500);
  const auto other_peer = take();
  ASSERT_NE(other_peer, nullptr);
  EXPECT_EQ(server_->put_packet_to_all(packet(3 * kHello + 1)), Error::OK);
  EXPECT_EQ(counted(Counter::kSendFailedUnverified), 1U);
  EXPECT_EQ(replied(), 0U);
  EXPECT_EQ(server_->put_packet_to_all(packet(3 * kHello)), Error::OK);
  EXPECT_EQ(replied(), 3 * kHello);
  EXPECT_EQ(counted(Counter::kSentPackets), 3U);
}

// The peer outlives its remote, and what is noted of it.
TEST_P(LimitedRepliesTest, APeerOfAServerThatHasStoppedSaysSo) {
  send(kHello);
  const auto peer = take();
  ASSERT_NE(peer, nullptr);
  server_->stop();
  EXPECT_EQ(peer->put_packet(packet(1)), Error::FAILED);
}

TEST_P(LimitedRepliesTest, WhoHasAnsweredAChallengeIsNotLimited) {
  if (GetParam().options().workers == 0) GTEST_SKIP() << "both would have to be polled at a time";
  AdmissionOptions admission;
  admission.limit_replies = true;
  admission.cookie = true;
  start(admission);
  PacketPeerUDP client(engine_);
  SocketOptions with_cookie;
  with_cookie.cookie = true;
  ASSERT_EQ(client.set_socket_options(with_cookie), Error::OK);
  ASSERT_EQ(client.connect_to_host("127.0.0.1", server_->get_local_port()), Error::OK);
  std::shared_ptr<PacketPeerUDP> peer;
  ASSERT_TRUE(test::eventually([&] {
    static_cast<void>(client.put_packet(packet(1)));
    return (peer = take()) != nullptr;
  }));
  EXPECT_EQ(peer->put_packet(packet(1400)), Error::OK);
  EXPECT_EQ(counted(Counter::kSendFailedUnverified), 0U);
}

TEST_P(LimitedRepliesTest, AreOfRemotes) {
  server_->stop();
  ServerOptions options;
  options.admission.limit_replies = true;
  options.receive = ServerReceive::kTogether;
  EXPECT_EQ(server_->listen(0, "127.0.0.1", options), Error::ERR_INVALID_PARAMETER);
}

INSTANTIATE_TEST_SUITE_P(Engines, LimitedRepliesTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
