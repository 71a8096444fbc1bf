// Which packets go by a system call, which through the worker's queue, and that nobody
// notices but by the time it takes.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/engine/peer/verified_destinations.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/codec/support/allocation_counter.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::loopback_ipv4;
using test::number_of;
using test::numbered_payload;

constexpr const char* kHost = "127.0.0.1";

class SendTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.backend = GetParam();
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }
  static void expect_numbers(const net::Socket& receiver, std::uint32_t count) {
    std::vector<std::uint8_t> bytes(2048);
    for (std::uint32_t i = 0; i < count; ++i) {
      ASSERT_GE(::recv(receiver.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT), 4);
      ASSERT_EQ(number_of(bytes), i);
    }
  }

  std::shared_ptr<Engine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Backends, SendTest, test::every_backend(), test::backend_name);

// One peer that goes round many destinations, first unknown, then verified, and other
// calls between that queue for the same ones.
TEST_P(SendTest, OrderIsKeptWhateverWayPacketsGo) {
  constexpr std::uint32_t kRounds = 30;
  std::vector<net::Socket> receivers;
  for (int i = 0; i < 40; ++i) receivers.push_back(test::open_receiver());
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::OK, peer.bind(0, kHost));
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < receivers.size(); ++i) {
      const std::uint16_t port = test::port_of(receivers[i]);
      const auto packet = numbered_payload(round, 100);
      if ((round + i) % 5 == 0) {
        ASSERT_EQ(Error::OK, peer.put_packet_to(loopback_ipv4(port), packet));
      } else {
        ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, port));
        ASSERT_EQ(Error::OK, peer.put_packet(packet));
      }
    }
  }
  ASSERT_EQ(Error::OK, engine_->flush());
  for (const net::Socket& receiver : receivers) expect_numbers(receiver, kRounds);
}

// The first packet to a destination is refused by its own call; of a verified one a later
// call tells, and from then on each call again.
TEST_P(SendTest, ErrorsEndTheProof) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::OK, peer.bind(0, kHost));
  const net::Socket receiver = test::open_receiver();
  const int port = test::port_of(receiver);
  const auto packet = numbered_payload(0, 10);
  ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, port));
  ASSERT_EQ(Error::OK, peer.put_packet(packet));
  ASSERT_EQ(Error::OK, peer.set_dest_address("127.255.255.255", port));
  EXPECT_EQ(Error::FAILED, peer.put_packet(packet)) << "no broadcast unless allowed";
  EXPECT_EQ(Error::FAILED, peer.put_packet(packet));
  peer.set_broadcast_enabled(true);
  EXPECT_EQ(Error::OK, peer.put_packet(packet));
  peer.set_broadcast_enabled(false);
  ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, port));
  ASSERT_EQ(Error::OK, peer.set_dest_address("127.255.255.255", port));
  EXPECT_EQ(Error::OK, peer.put_packet(packet)) << "queued, because verified before";
  ASSERT_EQ(Error::OK, engine_->flush());
  EXPECT_EQ(Error::FAILED, peer.put_packet(packet)) << "the error of the one before";
  EXPECT_EQ(Error::FAILED, peer.put_packet(packet)) << "its own error";
  EXPECT_EQ(Error::FAILED, peer.put_packet(packet));
  ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, port));
  EXPECT_EQ(Error::OK, peer.put_packet(packet));
  const CounterSnapshot counters = engine_->counters();
  EXPECT_EQ(9u, counters[Counter::kSendRequestedPackets]);
  EXPECT_EQ(3u, counters[Counter::kSentPackets]);
  EXPECT_EQ(6u, counters[Counter::kSendFailedOther]);
}

TEST_P(SendTest, APortOfZeroIsNoDestination) {
  const auto packet = numbered_payload(0, 10);
  PacketPeerUDP peer(engine_);
  EXPECT_EQ(Error::ERR_UNCONFIGURED, peer.put_packet_to(loopback_ipv4(0), packet));
  ASSERT_EQ(Error::OK, peer.bind(0, kHost));
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, peer.put_packet_to(loopback_ipv4(0), packet));
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, peer.put_packet_to(kHost, 0, packet));
  UDPServer server(engine_);
  EXPECT_EQ(Error::ERR_UNCONFIGURED, server.put_packet_to(loopback_ipv4(0), packet));
  ASSERT_EQ(Error::OK, server.listen(0, kHost));
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, server.put_packet_to(loopback_ipv4(0), packet));
}

TEST_P(SendTest, NoPutOfAForkedChildSends) {
  const net::Socket receiver = test::open_receiver();
  const int port = test::port_of(receiver);
  const auto packet = numbered_payload(0, 10);
  PacketPeerUDP fresh(engine_);
  ASSERT_EQ(Error::OK, fresh.bind(0, kHost));
  ASSERT_EQ(Error::OK, fresh.set_dest_address(kHost, port));
  PacketPeerUDP verified(engine_);
  ASSERT_EQ(Error::OK, verified.bind(0, kHost));
  ASSERT_EQ(Error::OK, verified.set_dest_address(kHost, port));
  ASSERT_EQ(Error::OK, verified.put_packet(packet));
  PacketPeerUDP unopened(engine_);
  ASSERT_EQ(Error::OK, unopened.set_dest_address(kHost, port));
  UDPServer server(engine_);
  ASSERT_EQ(Error::OK, server.listen(0, kHost));
  PacketPeerUDP client(engine_);
  ASSERT_EQ(Error::OK, client.connect_to_host(kHost, server.get_local_port()));
  ASSERT_EQ(Error::OK, client.put_packet(packet));
  ASSERT_EQ(Error::OK, engine_->sync());
  const auto peer = server.take_connection();
  ASSERT_NE(nullptr, peer);
  const test::ChildResult child = test::run_in_child([&]() -> std::string {
    ReceivedPacket received;
    received.sender = loopback_ipv4(static_cast<std::uint16_t>(port));
    const std::vector<Error> answers = {
        fresh.put_packet(packet),
        verified.put_packet(packet),
        unopened.put_packet(packet),
        client.put_packet(packet),
        peer->put_packet(packet),
        peer->put_var(1),
        fresh.put_packet_to(received.sender, packet),
        fresh.put_packet_to(kHost, port, packet),
        server.put_packet_to(received.sender, packet),
        server.answer(received, packet),
        server.put_packet_to_all(packet),
    };
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i] != Error::ERR_UNAVAILABLE) return "call " + std::to_string(i);
    }
    return "fine";
  });
  EXPECT_FALSE(child.timed_out);
  EXPECT_EQ("fine", child.output);
  EXPECT_EQ(Error::OK, fresh.put_packet(packet)) << "the parent goes on";
}

TEST_P(SendTest, PutsOfATickAllocateNothing) {
  if (!heap_use_is_counted()) GTEST_SKIP() << "a sanitizer's heap";
  constexpr int kTicks = 20;
  std::vector<net::Socket> receivers;
  for (int i = 0; i < 100; ++i) receivers.push_back(test::open_receiver(1));
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::OK, peer.bind(0, kHost));
  const auto packet = numbered_payload(0, 100);
  std::uint64_t before = 0;
  for (int tick = 0; tick < kTicks; ++tick) {
    if (tick == kTicks / 2) before = heap_use().allocations;
    for (const net::Socket& receiver : receivers) {
      const int port = test::port_of(receiver);
      ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, port));
      for (int i = 0; i < 4; ++i) ASSERT_EQ(Error::OK, peer.put_packet(packet));
    }
    ASSERT_EQ(Error::OK, engine_->flush());
  }
  // A flush hands the worker one command, which its list may take memory for.
  EXPECT_LE(heap_use().allocations - before, static_cast<std::uint64_t>(kTicks));
}

// Destinations of a peer, each in a version of its own: what only the latest version would say is
// not seen.
class VerifiedDestinationsTest : public testing::Test {
 protected:
  static net::Endpoint destination(int port) {
    return loopback_ipv4(static_cast<std::uint16_t>(port));
  }
  bool contains(int port) { return verified_.contains(destination(port), ++version_); }
  void add(int port) { verified_.add(destination(port), ++version_); }
  int count(int most) {
    int found = 0;
    for (int port = 1; port <= most; ++port) found += contains(port) ? 1 : 0;
    return found;
  }

  internal::VerifiedDestinations verified_;
  internal::PutDestination put_;
  std::uint64_t version_ = 0;
};

TEST_F(VerifiedDestinationsTest, KnowsOneByItsVersionUntilItIsToRememberMore) {
  EXPECT_FALSE(verified_.contains(destination(1), 1));
  put_.set({destination(1), false, {}});
  verified_.add(destination(1), 1);
  EXPECT_TRUE(verified_.contains(destination(1), 1));
  EXPECT_FALSE(verified_.contains(destination(2), 2));
  EXPECT_FALSE(verified_.contains(destination(1), 3)) << "what a version says is lost with it";
  verified_.remember_more(put_);
  EXPECT_TRUE(verified_.contains(destination(1), 3)) << "that of before, too";
  EXPECT_FALSE(verified_.contains(destination(2), 4));
  EXPECT_FALSE(verified_.may_have_queued_others());
  verified_.forget();
  EXPECT_FALSE(verified_.contains(destination(1), 3));
  EXPECT_TRUE(verified_.may_have_queued_others());
}

TEST_F(VerifiedDestinationsTest, RemembersNoneThatWasNotVerifiedBefore) {
  put_.set({destination(1), false, {}});
  verified_.remember_more(put_);
  EXPECT_FALSE(contains(1));
}

TEST_F(VerifiedDestinationsTest, RemembersAThousandAndForgetsWhenTold) {
  verified_.remember_more(put_);
  for (int port = 1; port <= 1000; ++port) {
    EXPECT_FALSE(contains(port));
    add(port);
    EXPECT_TRUE(contains(port));
  }
  // Sets of eight, two in each on average: hardly one of them overflows.
  const int kept = count(1000);
  EXPECT_GE(kept, 990);
  EXPECT_EQ(verified_.may_have_queued_others(), kept < 1000);
  for (int port = 1; port <= 1000; ++port) {
    if (contains(port)) add(port);
  }
  EXPECT_EQ(count(1000), kept) << "those were known already";
  verified_.forget();
  EXPECT_EQ(count(1000), 0);
}

TEST_F(VerifiedDestinationsTest, SaysWhenItHasToForget) {
  verified_.remember_more(put_);
  constexpr int kMany = 8000;
  for (int port = 1; port <= kMany; ++port) add(port);
  EXPECT_LE(count(kMany), static_cast<int>(internal::VerifiedDestinations::kEntries));
  EXPECT_TRUE(verified_.may_have_queued_others());
}

}  // namespace
}  // namespace ringpeer
