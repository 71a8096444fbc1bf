// docs/porting.md: what it says of a server that is ported, executed. The programs beside each
// other are those of examples_test.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "ringpeer/tests/docs/claims.h"
#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tests/docs/stated.h"

namespace ringpeer::docs {
namespace {

using std::chrono::milliseconds;
using test::eventually;

// ---- Line by line

TEST(PortingLinesTest, MembersOfWhateverCameAreNilOrNull) {
  const Variant no_dictionary = 7;
  EXPECT_EQ(no_dictionary["move"].get_if<Vector2>(), nullptr);
  const Variant other = Dictionary{{"move", "north"}};
  EXPECT_EQ(other["move"].get_if<Vector2>(), nullptr);
  EXPECT_TRUE(other["missing"].is_nil());
  const Variant right = Dictionary{{"move", Vector2{1, 2}}};
  ASSERT_NE(right["move"].get_if<Vector2>(), nullptr);
  EXPECT_EQ(*right["move"].get_if<Vector2>(), (Vector2{1, 2}));
}

TEST(PortingLinesTest, AnArrayOrDictionaryIsAValue) {
  Array one = {1};
  Array other = one;
  other.push_back(2);
  EXPECT_EQ(one.size(), 1u);
  Dictionary first = {{"a", 1}};
  Dictionary second = first;
  second["b"] = 2;
  EXPECT_EQ(first.size(), 1u);
}

using PortingTest = ClaimsTest;

TEST_P(PortingTest, PropertiesHaveSetters) {
  UDPServer server(engine_);
  server.set_max_pending_connections(64);
  EXPECT_EQ(server.get_max_pending_connections(), 64);
  PacketPeerUDP peer(engine_);
  peer.set_encode_buffer_max_size(2048);
  EXPECT_EQ(peer.get_encode_buffer_max_size(), 2048);
}

// "opening happens in listen and bind"
TEST_P(PortingTest, NothingIsOpenBeforeListenAndBind) {
  const auto server = std::make_shared<UDPServer>(engine_);
  const auto peer = std::make_shared<PacketPeerUDP>(engine_);
  EXPECT_FALSE(server->is_listening() || peer->is_bound());
}

TEST_P(PortingTest, GetVarSaysTheErrorToWhoAsks) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  Variant value = 1;
  EXPECT_EQ(peer.get_var(&value), Error::ERR_UNAVAILABLE);
}

// ---- What may change

// "To see, as in Godot, the same input during a whole tick"
TEST_P(PortingTest, WithoutAutomaticPollATickSeesTheSameInput) {
  Accepted accepted(engine_);
  accepted.server.set_automatic_poll(false);
  EXPECT_EQ(accepted.client.put_packet(kByte), Error::OK);
  EXPECT_EQ(engine_->sync(), Error::OK);
  EXPECT_EQ(accepted.peer->get_available_packet_count(), 0);
  EXPECT_EQ(accepted.server.poll(), Error::OK);
  EXPECT_EQ(accepted.peer->get_available_packet_count(), 1);
}

// "after what the player's queue may hold (65,535 bytes, 24 of them for each packet)"
TEST_P(PortingTest, APlayersQueueHolds65535Bytes) {
  Accepted accepted(engine_);
  const Bytes packet(1000, 1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(accepted.client.put_packet(packet), Error::OK);
    if (i % 20 == 0) {
      EXPECT_EQ(engine_->sync(), Error::OK);
    }
  }
  EXPECT_EQ(engine_->sync(), Error::OK);
  EXPECT_EQ(accepted.peer->get_available_packet_count(), 65535 / (1000 + 24));
}

TEST_P(PortingTest, OtherThreadsMayPut) {
  Accepted accepted(engine_);
  std::thread([&] {
    EXPECT_EQ(accepted.peer->put_packet(kByte), Error::OK);
    EXPECT_EQ(accepted.peer->put_var(1), Error::OK);
  }).join();
  EXPECT_TRUE(eventually([&] { return accepted.client.get_available_packet_count() == 2; }));
}

// "A test that sends to itself and expects something calls engine->sync() before it looks."
TEST_P(PortingTest, AfterASyncWhatWasPutIsThere) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, kHost), Error::OK);
  ASSERT_EQ(peer.set_dest_address(kHost, peer.get_local_port()), Error::OK);
  for (int i = 1; i <= 20; ++i) {
    EXPECT_EQ(peer.put_packet(kByte), Error::OK);
    EXPECT_EQ(engine_->sync(), Error::OK);
    EXPECT_EQ(peer.get_available_packet_count(), i);
  }
}

TEST_P(PortingTest, AServerMayWaitInsteadOfSleeping) {
  Accepted accepted(engine_);
  EXPECT_EQ(accepted.server.wait(milliseconds(1)), Error::ERR_TIMEOUT);
  EXPECT_EQ(accepted.client.put_packet(kByte), Error::OK);
  EXPECT_EQ(accepted.server.wait(test::kPatience), Error::OK);
}

TEST_P(PortingTest, PlayersWhoHaveGoneAreFound) {
  Accepted accepted(engine_);
  accepted.server.set_idle_timeout(milliseconds(20));
  EXPECT_TRUE(
      eventually([&] { return accepted.server.next_disconnected() == accepted.peer.get(); }));
}

// "peer = null": the last shared_ptr gone, as in the loop over next_disconnected().
TEST_P(PortingTest, APlayerWhoHasGoneIsForgotten) {
  Accepted accepted(engine_);
  accepted.server.set_idle_timeout(milliseconds(20));
  EXPECT_TRUE(
      eventually([&] { return accepted.server.next_disconnected() == accepted.peer.get(); }));
  EXPECT_EQ(accepted.peer->get_packet_port(), accepted.client.get_local_port());
  accepted.peer.reset();
  EXPECT_EQ(accepted.server.next_disconnected(), nullptr);
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(accepted.server.poll(), Error::OK);
    return accepted.server.get_remote_count() == 0;
  }));
}

INSTANTIATE_TEST_SUITE_P(Engines, PortingTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer::docs
