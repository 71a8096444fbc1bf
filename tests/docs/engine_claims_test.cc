// Claims of docs/api.md on engines, streams and inherited sockets, executed: each test is named
// after the page and the claim. Claims that other tests execute are not repeated here.

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "ringpeer/inherited_sockets.h"
#include "ringpeer/packet_peer_stream.h"
#include "ringpeer/stream_peer_buffer.h"
#include "ringpeer/tests/docs/claims.h"

namespace ringpeer::docs {
namespace {

// ---- docs/api.md, Engine

TEST_P(ClaimsTest, ApiAnEngineThatIsStoppedSaysSoAndItsPortsAreFree) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  const int port = peer.get_local_port();
  EXPECT_TRUE(engine_->is_running());
  engine_->stop();
  engine_->stop();
  EXPECT_FALSE(engine_->is_running());
  EXPECT_EQ(peer.get_available_packet_count(), -1);
  EXPECT_EQ(peer.put_packet_to(kHost, 9, kByte), Error::FAILED);
  peer.close();
  EXPECT_EQ(PacketPeerUDP(Engine::create({})).bind(port, kHost), Error::OK);
}

TEST_P(ClaimsTest, ApiAnEngineSaysWhatItIs) {
  EXPECT_EQ(engine_->workers(), GetParam().workers);
  EXPECT_EQ(engine_->options().workers, GetParam().workers);
  EXPECT_EQ(engine_->backend(), GetParam().backend);
  EXPECT_EQ(engine_->backend_name(),
            GetParam().backend == BackendKind::kIoUring ? "io_uring" : "recvmmsg");
  EXPECT_FALSE(engine_->backend_reason().empty());
}

TEST_P(ClaimsTest, ApiTheSumsOfTheCountersHold) {
  {
    PacketPeerUDP peer(engine_);
    ASSERT_EQ(peer.bind(0, kHost, 64), Error::OK);  // room for five
    test::Sender sender(port_of(peer));
    deliver({&sender}, 20);
    peer.get_packet();
    PacketPeerUDP putting(engine_);
    ASSERT_EQ(putting.set_dest_address(kHost, peer.get_local_port()), Error::OK);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(putting.put_packet(kByte), Error::OK);
    ASSERT_EQ(engine_->flush(), Error::OK);
  }
  engine_->stop();
  const CounterSnapshot counters = engine_->counters();
  EXPECT_GT(counters.dropped_packets(), 0u);
  EXPECT_EQ(counters[Counter::kReceivedPackets],
            counters[Counter::kDeliveredPackets] + counters.dropped_packets());
  EXPECT_EQ(counters[Counter::kSendRequestedPackets],
            counters[Counter::kSentPackets] + counters.unsent_packets());
}

INSTANTIATE_TEST_SUITE_P(Engines, ClaimsTest, test::every_engine(), test::engine_name);

TEST(EngineClaimsTest, ApiTheSharedEngineIsGoneWithItsLastPeer) {
  std::weak_ptr<Engine> shared;
  {
    PacketPeerUDP peer;
    ASSERT_EQ(peer.bind(0, kHost), Error::OK);
    shared = Engine::shared();
    EXPECT_EQ(shared.lock(), Engine::shared());
  }
  EXPECT_TRUE(shared.expired());
}

TEST(InheritedSocketsClaimsTest, ApiThereAreNoneOfAProcessThatWasStartedInAnotherWay) {
  ::unsetenv("LISTEN_PID");
  EXPECT_TRUE(inherited_sockets().empty());
}

// ---- docs/api.md, PacketPeerStream

TEST(StreamClaimsTest, ApiBufferSizes) {
  PacketPeerStream peer;
  EXPECT_EQ(peer.get_input_buffer_max_size(), 65532);
  EXPECT_EQ(peer.get_output_buffer_max_size(), 65532);
  EXPECT_EQ(peer.get_max_packet_size(), 65532);
  peer.set_output_buffer_max_size(1000);
  EXPECT_EQ(peer.get_output_buffer_max_size(), 1020);
  for (const int ignored : {-1, (256 << 20) + 1}) {
    peer.set_output_buffer_max_size(ignored);
    EXPECT_EQ(peer.get_output_buffer_max_size(), 1020) << ignored;
  }
  EXPECT_EQ(peer.get_pending_output(), 0u);
}

TEST(StreamClaimsTest, ApiABufferHasOnePosition) {
  StreamPeerBuffer buffer;
  std::size_t written = 0;
  ASSERT_EQ(buffer.put_partial_data(Bytes{1, 2, 3}, &written), Error::OK);
  EXPECT_EQ(written, 3u);
  EXPECT_EQ(buffer.get_position(), 3u);
  EXPECT_EQ(buffer.seek(4), Error::ERR_INVALID_PARAMETER);
  EXPECT_EQ(buffer.seek(3), Error::OK);
  Bytes room(2);
  std::size_t received = 9;
  EXPECT_EQ(buffer.get_partial_data(room, &received), Error::OK);
  EXPECT_EQ(received, 0u);
  buffer.set_data_array({9});
  EXPECT_EQ(buffer.get_position(), 0u);
  EXPECT_EQ(buffer.get_available_bytes(), 1u);
  buffer.clear();
  EXPECT_EQ(buffer.get_size(), 0u);
}

}  // namespace
}  // namespace ringpeer::docs
