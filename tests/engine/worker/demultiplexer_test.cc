#include "ringpeer/engine/worker/demultiplexer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <vector>

namespace ringpeer::worker {
namespace {

// Datagrams as a backend hands them over, and the consumer's end of the ring.
class DemultiplexerTest : public testing::Test {
 protected:
  static constexpr std::size_t kSlots = 256;
  static constexpr std::size_t kEventReserve = 64;  // slots that packets leave free

  void SetUp() override {
    buffer_.home = &home_;
    buffer_.open();
    make(kSlots);
  }
  void TearDown() override {
    take_all();
    demultiplexer_.reset();
    buffer_.retire();
    EXPECT_NE(home_.take_all(), nullptr) << "a reference to the buffer was lost";
  }

  void make(std::size_t slots) {
    demultiplexer_ = std::make_unique<Demultiplexer>(std::uint16_t{3}, slots, &shared_);
  }
  Demultiplexer& demultiplexer() { return *demultiplexer_; }

  static net::Endpoint client(std::uint32_t number, std::uint16_t port = 5000) {
    net::Endpoint endpoint;
    endpoint.address = net::IpAddress::from_ipv4(htonl(0x0a000000 + number));
    endpoint.port = port;
    return endpoint;
  }

  void deliver(const net::Endpoint& from, std::uint16_t size = 10, std::uint16_t segment = 0) {
    net::SocketAddress address = net::to_socket_address(from, AF_INET6);
    backend::Datagram datagram{};
    datagram.packet = {payload_.data(), &buffer_, &address.generic, 0, size, segment};
    ++buffer_.issued;
    buffer_.add_references(datagram.packet.packet_count() - 1);
    Delivery delivery(counters_, slabs_, now_us_, true);
    demultiplexer_->deliver({{&datagram, 1}}, delivery);
    demultiplexer_->publish();
  }

  struct Taken {
    bool is_event = false;
    std::uint16_t size = 0;
    Remote* remote = nullptr;
  };
  // Takes what the ring holds; buffers go back.
  std::vector<Taken> take_all() {
    std::vector<Taken> taken;
    while (const packet::PacketDescriptor* front = demultiplexer_->consumer().front()) {
      auto* remote = &demultiplexer_->remote_of(*front);
      const bool is_event = Demultiplexer::is_event(*front);
      taken.push_back({is_event, front->size, remote});
      if (!is_event) {
        remote->taken_bytes.store(remote->taken_bytes.load() + front->charge());
        front->buffer->release(front->packet_count());
      }
      demultiplexer_->consumer().pop();
    }
    return taken;
  }
  // As take_connection() does.
  Remote* take_new_remote() {
    for (const Taken& taken : take_all()) {
      if (taken.is_event && taken.size == Demultiplexer::kNewRemote) {
        shared_.pending.fetch_sub(1);
        return taken.remote;
      }
    }
    return nullptr;
  }
  // What the worker does after request_maintenance().
  void maintain() { demultiplexer_->maintain(); }
  // Frees what the worker has let go of, as the consumer does; says how many.
  std::size_t free_retired() {
    std::size_t freed = 0;
    for (const Taken& taken : take_all()) {
      if (taken.is_event && taken.size == Demultiplexer::kRemoteRetired) {
        delete taken.remote;
        ++freed;
      }
    }
    return freed;
  }
  std::uint64_t counted(Counter counter) const { return counters_.snapshot()[counter]; }

  ServerShared shared_;
  std::uint64_t now_us_ = 0;  // the engine's clock

 private:
  packet::BufferReturn home_;
  packet::PacketBuffer buffer_;
  packet::SlabPool slabs_{0, &home_};
  Counters counters_;
  std::vector<std::uint8_t> payload_ = std::vector<std::uint8_t>(65535);
  std::unique_ptr<Demultiplexer> demultiplexer_;
};

// Whenever that is: a bucket's clock wraps every 268 s, and in its upper half 0 lies ahead.
TEST_F(DemultiplexerTest, WhoIsNewOwesNothing) {
  constexpr std::uint64_t kSecond = 1'000'000;
  constexpr int kPackets = 100;
  shared_.admission.limit_rates = true;
  make(kSlots);
  std::uint32_t number = 0;
  for (const std::uint64_t second : {0, 60, 130, 140, 200, 260, 270, 400, 410, 530, 550, 100'000}) {
    now_us_ = second * kSecond;
    deliver(client(++number));
    Remote* const remote = take_new_remote();
    ASSERT_NE(remote, nullptr);
    ASSERT_TRUE(remote->accept());
    for (int i = 0; i < kPackets; ++i) {
      now_us_ += 20'000;
      deliver(client(number));
      take_all();
    }
    EXPECT_EQ(counted(Counter::kDropRemoteRate), 0U) << second;
  }
}

// Of one who is not read half of the ring is kept from, once others are known.
TEST_F(DemultiplexerTest, OneRemoteHoldsAShareOfARingThatIsHalfFull) {
  shared_.max_pending = 2;
  deliver(client(1));
  Remote* const greedy = take_new_remote();
  ASSERT_NE(greedy, nullptr);
  ASSERT_TRUE(greedy->accept());
  deliver(client(2));
  Remote* const other = take_new_remote();
  ASSERT_NE(other, nullptr);
  ASSERT_TRUE(other->accept());
  for (std::size_t i = 0; i < kSlots; ++i) deliver(client(1), 0);
  EXPECT_EQ(counted(Counter::kDropPeerFull), kSlots / 2);
  EXPECT_EQ(counted(Counter::kDropRingFull), 0U);
  const std::size_t share = kSlots / Demultiplexer::kShareOfOne;
  for (std::size_t i = 0; i < share; ++i) deliver(client(2), 0);
  EXPECT_EQ(counted(Counter::kDropPeerFull), kSlots / 2);
  deliver(client(2), 0);
  EXPECT_EQ(counted(Counter::kDropPeerFull), kSlots / 2 + 1);
  take_all();
  for (std::size_t i = 0; i < kSlots / 2; ++i) deliver(client(1), 0);
  EXPECT_EQ(counted(Counter::kDropPeerFull), kSlots / 2 + 1);
}

// It would be for nobody.
TEST_F(DemultiplexerTest, AloneARemoteMayFillTheRing) {
  deliver(client(1));
  Remote* const remote = take_new_remote();
  ASSERT_NE(remote, nullptr);
  ASSERT_TRUE(remote->accept());
  for (std::size_t i = 0; i < kSlots; ++i) deliver(client(1), 0);
  EXPECT_EQ(counted(Counter::kDropPeerFull), 0U);
  EXPECT_EQ(counted(Counter::kDropRingFull), kEventReserve);
}

TEST_F(DemultiplexerTest, AShareIsNoLimitOfOnePacketsSize) {
  deliver(client(1));
  Remote* const greedy = take_new_remote();
  ASSERT_TRUE(greedy != nullptr && greedy->accept());
  deliver(client(2));
  Remote* const other = take_new_remote();
  ASSERT_TRUE(other != nullptr && other->accept());
  for (std::size_t i = 0; i < kSlots / 2; ++i) deliver(client(1), 0);
  deliver(client(2), 60'000);
  EXPECT_EQ(counted(Counter::kDropPeerFull), 0U);
  deliver(client(2), 0);
  EXPECT_EQ(counted(Counter::kDropPeerFull), 1U);
}

TEST_F(DemultiplexerTest, AnnouncesAStrangerBeforeItsFirstPacket) {
  deliver(client(1), 10);
  deliver(client(1), 20);
  deliver(client(2), 30);
  const std::vector<Taken> taken = take_all();
  ASSERT_EQ(taken.size(), 5u);
  EXPECT_TRUE(taken[0].is_event);
  EXPECT_EQ(taken[0].size, Demultiplexer::kNewRemote);
  EXPECT_EQ(taken[0].remote->endpoint, client(1));
  EXPECT_EQ(taken[0].remote->shard, 3);
  EXPECT_FALSE(taken[1].is_event);
  EXPECT_EQ(taken[1].size, 10);
  EXPECT_EQ(taken[1].remote, taken[0].remote);
  EXPECT_EQ(taken[2].size, 20);
  EXPECT_EQ(taken[2].remote, taken[0].remote);
  EXPECT_TRUE(taken[3].is_event);
  EXPECT_EQ(taken[4].remote, taken[3].remote);
  EXPECT_NE(taken[3].remote, taken[0].remote);
  EXPECT_EQ(demultiplexer().remote_count(), 2u);
}

TEST_F(DemultiplexerTest, SendersDifferInPortToo) {
  deliver(client(1, 1000));
  deliver(client(1, 1001));
  EXPECT_EQ(demultiplexer().remote_count(), 2u);
}

TEST_F(DemultiplexerTest, AnEmptyPacketIsNoEvent) {
  deliver(client(1), 0);
  const std::vector<Taken> taken = take_all();
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_FALSE(taken[1].is_event);
  EXPECT_EQ(taken[1].size, 0);
}

TEST_F(DemultiplexerTest, StrangersBeyondTheLimitStayOutside) {
  shared_.admission.keep_pending = true;
  shared_.max_pending.store(2);
  for (std::uint32_t i = 0; i < 5; ++i) deliver(client(i));
  EXPECT_EQ(demultiplexer().remote_count(), 2u);
  EXPECT_EQ(counted(Counter::kDropPendingFull), 3u);
  deliver(client(0));
  EXPECT_EQ(counted(Counter::kDropPendingFull), 3u) << "who is in stays in";
  ASSERT_NE(take_new_remote(), nullptr);  // one place is free
  deliver(client(3));
  deliver(client(4));
  EXPECT_EQ(demultiplexer().remote_count(), 3u);
  EXPECT_EQ(counted(Counter::kDropPendingFull), 4u);
}

TEST_F(DemultiplexerTest, AFloodOfSpoofedSendersCostsLittleMemory) {
  make(4096);
  shared_.max_pending.store(16);
  deliver(client(0));
  Remote* const player = take_new_remote();
  ASSERT_NE(player, nullptr);
  ASSERT_TRUE(player->accept());
  for (std::uint32_t i = 1; i <= 20000; ++i) deliver(client(i), 100);
  // The nth has a chance of 16 / n of a place: 114 of them take one from another.
  const std::uint64_t replaced = counted(Counter::kPendingReplaced);
  EXPECT_GT(replaced, 50U);
  EXPECT_LT(replaced, 250U);
  EXPECT_EQ(demultiplexer().remote_count(), 17U + replaced);
  EXPECT_EQ(counted(Counter::kDropPendingFull), 20000U - 16 - replaced);
  // Whom a newcomer replaces is told of, once; and comes in again only when that is done.
  std::set<Remote*> replaced_ones;
  for (const Taken& taken : take_all()) {
    if (!taken.is_event || taken.size != Demultiplexer::kRemoteReplaced) continue;
    EXPECT_TRUE(replaced_ones.insert(taken.remote).second);
    EXPECT_FALSE(taken.remote->accept());
  }
  EXPECT_EQ(replaced_ones.size(), replaced);
  shared_.pending.store(0);
  const net::Endpoint back = (*replaced_ones.begin())->endpoint;
  deliver(back);
  EXPECT_TRUE(take_all().empty());
  for (Remote* const remote : replaced_ones) demultiplexer().close(remote);
  maintain();
  EXPECT_EQ(free_retired(), replaced);
  deliver(back);
  EXPECT_NE(take_new_remote(), nullptr);
  deliver(client(0), 55);
  const std::vector<Taken> taken = take_all();
  ASSERT_EQ(taken.size(), 1u) << "a known sender is served through the flood";
  EXPECT_EQ(taken[0].size, 55);
}

TEST_F(DemultiplexerTest, NobodyGetsInWhenNoneMayBePending) {
  shared_.max_pending.store(0);
  deliver(client(1));
  EXPECT_EQ(demultiplexer().remote_count(), 0u);
  EXPECT_EQ(counted(Counter::kDropPendingFull), 1u);
}

TEST_F(DemultiplexerTest, ARefusedTrainCountsItsPackets) {
  shared_.max_pending.store(0);
  deliver(client(1), 250, 100);
  EXPECT_EQ(counted(Counter::kDropPendingFull), 3u);
}

TEST_F(DemultiplexerTest, AClosedRemoteIsNewAtOnce) {
  deliver(client(1));
  Remote* first = take_new_remote();
  ASSERT_NE(first, nullptr);
  demultiplexer().close(first);
  deliver(client(1), 77);  // before the worker has seen the list of closed ones
  const std::vector<Taken> taken = take_all();
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_TRUE(taken[0].is_event);
  EXPECT_EQ(taken[0].size, Demultiplexer::kNewRemote);
  EXPECT_NE(taken[0].remote, first);
  EXPECT_EQ(taken[1].remote, taken[0].remote);
  EXPECT_EQ(taken[1].size, 77);
  maintain();
  EXPECT_EQ(free_retired(), 1u);
  deliver(client(1), 78);
  const std::vector<Taken> after = take_all();
  ASSERT_EQ(after.size(), 1u) << "the second life goes on";
  EXPECT_EQ(after[0].remote, taken[0].remote);
  EXPECT_EQ(demultiplexer().remote_count(), 1u);
}

TEST_F(DemultiplexerTest, NothingNamesARetiredRemote) {
  deliver(client(1));
  Remote* first = take_new_remote();
  demultiplexer().close(first);
  maintain();
  EXPECT_EQ(demultiplexer().remote_count(), 0u);
  ASSERT_EQ(free_retired(), 1u);  // a later use is the address sanitizer's to find
  deliver(client(1));
  const std::vector<Taken> taken = take_all();
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].remote->endpoint, client(1));
}

TEST_F(DemultiplexerTest, AnAddressMayCloseManyTimesBeforeTheWorkerLooks) {
  for (int life = 0; life < 10; ++life) {
    deliver(client(1));
    Remote* remote = take_new_remote();
    ASSERT_NE(remote, nullptr);
    demultiplexer().close(remote);
  }
  maintain();
  EXPECT_EQ(free_retired(), 10u);
  EXPECT_EQ(demultiplexer().remote_count(), 0u);
}

// The destructor frees what is left, whatever state it is in: the leak sanitizer
// watches.
TEST_F(DemultiplexerTest, LeavesNothingBehindWhenItEnds) {
  std::vector<Remote*> remotes;
  for (std::uint32_t i = 0; i < 40; ++i) {
    deliver(client(i));
    remotes.push_back(take_new_remote());
  }
  for (std::size_t i = 0; i < 10; ++i) demultiplexer().close(remotes[i]);
  deliver(client(0));  // a second life of a closed one
  maintain();
  EXPECT_EQ(free_retired(), 10u);
  for (std::size_t i = 10; i < 20; ++i) demultiplexer().close(remotes[i]);
  deliver(client(10));  // and one of a closed one that the worker has not seen
  EXPECT_EQ(demultiplexer().remote_count(), 31u);
}

TEST_F(DemultiplexerTest, BytesAreBoundedPerRemote) {
  shared_.max_bytes_per_remote.store(1000);
  for (int i = 0; i < 5; ++i) deliver(client(1), 276);  // 300 each, as Godot counts
  deliver(client(2), 276);
  EXPECT_EQ(counted(Counter::kDropPeerFull), 2u);
  std::map<Remote*, int> packets;
  for (const Taken& taken : take_all()) {
    if (!taken.is_event) ++packets[taken.remote];
  }
  ASSERT_EQ(packets.size(), 2u);
  deliver(client(1), 276);
  EXPECT_EQ(counted(Counter::kDropPeerFull), 2u) << "what was taken makes room";
}

TEST_F(DemultiplexerTest, AFullRingDropsPacketsButHasRoomForEvents) {
  shared_.max_bytes_per_remote.store(1 << 30);
  deliver(client(1));
  take_new_remote()->accept();
  take_all();
  for (std::size_t i = 0; i < 2 * kSlots; ++i) deliver(client(1));
  EXPECT_EQ(counted(Counter::kDropRingFull), 2 * kSlots - (kSlots - kEventReserve));
  deliver(client(2));
  EXPECT_EQ(demultiplexer().remote_count(), 1u) << "a stranger needs room for its packet, too";
  EXPECT_EQ(shared_.pending.load(), 0) << "and takes no pending place";
  const packet::PacketDescriptor front = *demultiplexer().consumer().front();
  demultiplexer().close(&demultiplexer().remote_of(front));
  maintain();
  EXPECT_EQ(free_retired(), 1u) << "its retirement gets through";
}

// Whoever has not been accepted yet must not fill the ring against those who have.
TEST_F(DemultiplexerTest, StrangersLeaveHalfOfTheRingToEstablishedPeers) {
  shared_.max_bytes_per_remote.store(1 << 30);
  deliver(client(1));
  take_new_remote()->accept();
  take_all();
  for (std::size_t i = 0; i < 2 * kSlots; ++i) deliver(client(2));
  const std::uint64_t dropped = counted(Counter::kDropRingFull);
  EXPECT_EQ(dropped, 2 * kSlots - (kSlots / 2 - 1)) << "one slot holds the announcement";
  deliver(client(1));
  EXPECT_EQ(counted(Counter::kDropRingFull), dropped) << "there is room for the known peer";
}

// More closed at once than the ring has slots: those that find no room follow later.
TEST_F(DemultiplexerTest, ManyRetirementsSurviveASmallRing) {
  constexpr std::size_t kSmallRing = 128;
  constexpr std::uint32_t kRemotes = 500;
  make(kSmallRing);
  std::vector<Remote*> remotes;
  for (std::uint32_t i = 0; i < kRemotes; ++i) {
    deliver(client(i));
    remotes.push_back(take_new_remote());
    ASSERT_NE(remotes.back(), nullptr);
  }
  for (Remote* remote : remotes) demultiplexer().close(remote);
  maintain();
  std::size_t freed = free_retired();
  EXPECT_EQ(freed, kSmallRing);
  for (int i = 0; i < 10 && freed < kRemotes; ++i) {
    demultiplexer().publish();  // as after each batch of packets
    freed += free_retired();
  }
  EXPECT_EQ(freed, kRemotes);
}

TEST_F(DemultiplexerTest, TellsTheConsumerThatTheWorkerHasStopped) {
  demultiplexer().on_worker_stopped();
  EXPECT_TRUE(shared_.life.is_over());
  shared_.signal.prepare_wait();
  EXPECT_TRUE(shared_.signal.wait(net::Deadline::after(std::chrono::milliseconds(0))));
}

}  // namespace
}  // namespace ringpeer::worker
