// What a server asks of senders before it knows them: lists, rates and places, on loopback.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ringpeer/source_list.h"
#include "ringpeer/tests/engine/server/admission_fixture.h"

namespace ringpeer {
namespace {

SourcePrefix net_of(const std::string& address, int ipv4_bits) {
  return {*net::IpAddress::parse(address), SourcePrefix::kIpv4Bits + ipv4_bits};
}

std::shared_ptr<const SourceList> deny(const std::string& address, int ipv4_bits) {
  const std::array<SourcePrefix, 1> denied{net_of(address, ipv4_bits)};
  return SourceList::create(denied, {});
}

// ---- Lists.

TEST_P(AdmissionTest, WhomAListRefusesIsNobody) {
  server_->set_source_list(deny("127.1.0.0", 16));
  listen();
  const auto stranger = sender("127.1.2.3");
  const auto player = sender();
  send(*stranger, 3);
  send(*player);
  const auto peer = take();
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(peer->get_packet_endpoint(), player->endpoint());
  EXPECT_EQ(take(), nullptr);
  EXPECT_EQ(counted(Counter::kDropDenied), 3U);
  EXPECT_EQ(server_->get_remote_count(), 1U);
  server_->set_source_list(nullptr);
  settle();
  send(*stranger);
  EXPECT_NE(take(), nullptr);
}

TEST_P(AdmissionTest, AListThatChangesShutsOutWhoIsKnown) {
  listen();
  const auto banned = sender("127.1.2.3");
  const auto player = sender();
  send(*banned);
  send(*player);
  const auto banned_peer = take();
  const auto peer = take();
  ASSERT_NE(banned_peer, nullptr);
  ASSERT_NE(peer, nullptr);
  server_->set_source_list(deny("127.1.2.3", 32));
  settle();
  EXPECT_TRUE(banned_peer->is_disconnected());
  EXPECT_FALSE(peer->is_disconnected());
  EXPECT_EQ(server_->next_disconnected(), banned_peer.get());
  EXPECT_EQ(server_->next_disconnected(), nullptr);
  send(*banned, 5);
  send(*player, 5);
  EXPECT_EQ(counted(Counter::kDropDenied), 5U);
  EXPECT_EQ(drain(*peer), 6);
  // It stays so, whatever follows, until its peer is closed.
  server_->set_source_list(nullptr);
  settle();
  send(*banned, 2);
  EXPECT_TRUE(banned_peer->is_disconnected());
  EXPECT_EQ(counted(Counter::kDropDenied), 7U);
  EXPECT_EQ(take(), nullptr);
  banned_peer->close();
  settle();
  send(*banned);
  EXPECT_NE(take(), nullptr);
}

TEST_P(AdmissionTest, AListHoldsForOneQueueOfAll) {
  ServerOptions options;
  options.receive = ServerReceive::kTogether;
  ASSERT_EQ(server_->listen(0, "127.0.0.1", options), Error::OK);
  server_->set_source_list(deny("127.1.2.3", 32));
  settle();
  send(*sender("127.1.2.3"), 4);
  send(*sender(), 2);
  int count = 0;
  for (ReceivedPacket packet; server_->get_packet(&packet) == Error::OK;) ++count;
  EXPECT_EQ(count, 2);
  EXPECT_EQ(counted(Counter::kDropDenied), 4U);
}

// ---- Rates.

// Slow enough that no machine pays off a packet while the test runs.
constexpr double kSlow = 1.0 / 30;

TEST_P(AdmissionTest, ARemoteThatSendsTooMuchHarmsItselfAlone) {
  AdmissionOptions admission;
  admission.limit_rates = true;
  admission.remote = {.packets_per_second = 1, .burst_seconds = 20};
  listen(admission);
  const auto flooder = sender();
  const auto player = sender();
  send(*flooder);
  send(*player);
  const auto flooder_peer = take();
  const auto peer = take();
  ASSERT_NE(flooder_peer, nullptr);
  ASSERT_NE(peer, nullptr);
  drain(*flooder_peer);
  drain(*peer);
  send(*flooder, 500);
  send(*player, 20);
  EXPECT_EQ(drain(*peer), 20);
  const int passed = drain(*flooder_peer);
  EXPECT_GE(passed, 20);
  EXPECT_LE(passed, 60);  // a packet a second comes after those
  EXPECT_EQ(counted(Counter::kDropRemoteRate), 500U - static_cast<unsigned>(passed));
  EXPECT_FALSE(flooder_peer->is_disconnected());
}

TEST_P(AdmissionTest, StrangersOfOneAddressShareARate) {
  AdmissionOptions admission;
  admission.limit_rates = true;
  admission.source = {.packets_per_second = kSlow, .burst_seconds = 60};
  server_->set_max_pending_connections(100);
  listen(admission);
  // Two packets in a minute of each worker, whatever their ports.
  for (int i = 0; i < 20; ++i) send(*sender("127.1.2.3"));
  const std::uint64_t refused = counted(Counter::kDropSourceRate);
  EXPECT_GE(refused, 16U);
  EXPECT_LE(refused, 18U);
  // Others have their own, and who was taken does not need it.
  const auto player = sender();
  send(*player);
  for (std::uint64_t i = refused; i < 20; ++i) ASSERT_NE(take(), nullptr);
  const auto peer = take();
  ASSERT_NE(peer, nullptr);
  ASSERT_EQ(peer->get_packet_endpoint(), player->endpoint());
  send(*player, 30);
  EXPECT_EQ(drain(*peer), 31);
  EXPECT_EQ(counted(Counter::kDropSourceRate), refused);
}

TEST_P(AdmissionTest, NewRemotesHaveARate) {
  AdmissionOptions admission;
  admission.limit_rates = true;
  admission.new_remotes_per_second = 2;
  server_->set_max_pending_connections(100);
  listen(admission);
  std::vector<std::unique_ptr<test::Sender>> senders;
  for (int i = 0; i < 40; ++i) {
    senders.push_back(sender());
    ASSERT_TRUE(senders.back()->send_numbered(0, 40));
  }
  settle();
  int taken = 0;
  std::vector<std::shared_ptr<PacketPeerUDP>> peers;
  while (auto peer = take()) peers.push_back(std::move(peer));
  taken = static_cast<int>(peers.size());
  EXPECT_GE(taken, 2);
  EXPECT_LE(taken, 20);
  EXPECT_EQ(counted(Counter::kDropNewRate), 40U - static_cast<unsigned>(taken));
}

// ---- Places.

TEST_P(AdmissionTest, AFullListLetsNewcomersInByChance) {
  constexpr int kPlaces = 8;
  server_->set_max_pending_connections(kPlaces);
  listen();
  std::vector<std::unique_ptr<test::Sender>> senders;
  std::set<int> first;
  for (int i = 0; i < 400; ++i) {
    senders.push_back(sender());
    if (i < kPlaces) first.insert(senders.back()->endpoint().port);
    send(*senders.back());
  }
  const std::uint64_t replaced = counted(Counter::kPendingReplaced);
  // Of the nth the chance is 8 / n: 31 are to be expected of 400, with two workers a few less.
  EXPECT_GT(replaced, 8U);
  EXPECT_LT(replaced, 80U);
  int taken = 0;
  int of_the_first = 0;
  while (const auto peer = take()) {
    ++taken;
    EXPECT_EQ(drain(*peer), 1);
    of_the_first += first.contains(peer->get_packet_port()) ? 1 : 0;
  }
  EXPECT_EQ(taken, kPlaces);
  EXPECT_LT(of_the_first, kPlaces);
  // Each packet is accounted for: what a loser had sent is dropped with it.
  EXPECT_EQ(counted(Counter::kDropPendingFull), 400U - kPlaces);
  settle();
  EXPECT_EQ(server_->get_remote_count(), 0U);
}

TEST_P(AdmissionTest, WhoeverIsSaidToBeThereCanBeTaken) {
  server_->set_max_pending_connections(1);
  listen();
  std::vector<std::unique_ptr<test::Sender>> senders;
  for (int i = 0; i < 50; ++i) {
    senders.push_back(sender());
    send(*senders.back());
    ASSERT_TRUE(server_->is_connection_available());
    for (int more = 0; more < 10; ++more) {
      senders.push_back(sender());
      ASSERT_TRUE(senders.back()->send_numbered(0, 40));
    }
    ASSERT_EQ(engine_->sync(), Error::OK);  // they may have replaced it, but for the promise
    ASSERT_NE(server_->take_connection(), nullptr);
    while (take() != nullptr) continue;
  }
}

TEST_P(AdmissionTest, PlacesAreKeptWhenAskedFor) {
  AdmissionOptions admission;
  admission.keep_pending = true;
  server_->set_max_pending_connections(4);
  listen(admission);
  std::vector<std::unique_ptr<test::Sender>> senders;
  for (int i = 0; i < 100; ++i) {
    senders.push_back(sender());
    send(*senders.back());
  }
  EXPECT_EQ(counted(Counter::kPendingReplaced), 0U);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto peer = take();
    ASSERT_NE(peer, nullptr);
    EXPECT_EQ(peer->get_packet_endpoint(), senders[i]->endpoint());
  }
}

TEST_P(AdmissionTest, WhoIsNotTakenHoldsLittle) {
  listen();
  const auto stranger = sender();
  send(*stranger, 2000, 1);
  send(*stranger, 1, 30'000);
  const auto peer = take();
  ASSERT_NE(peer, nullptr);
  const int held = drain(*peer);
  EXPECT_GT(held, 300);
  EXPECT_LT(held, 340);  // 8 KiB as a queue counts them
  // One alone may be of any size.
  const auto large = sender();
  send(*large, 1, 60'000);
  const auto large_peer = take();
  ASSERT_NE(large_peer, nullptr);
  EXPECT_EQ(large_peer->get_packet().size(), 60'000U);
}

INSTANTIATE_TEST_SUITE_P(Engines, AdmissionTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
