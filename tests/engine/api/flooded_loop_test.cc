// The plain loops of the README under a sender that goes on for as long as they look: each ends,
// after what the queue may hold at most, and nothing that came is lost by it.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using std::chrono::milliseconds;

enum class Who { kPeer, kServersPeer, kTogether };

// An event loop that is told once of what has come, and sleeps until there is more.
class EdgeWatch {
 public:
  explicit EdgeWatch(int descriptor) {
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {}};
    EXPECT_EQ(::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event), 0);
  }
  ~EdgeWatch() { ::close(epoll_); }
  EdgeWatch(const EdgeWatch&) = delete;
  EdgeWatch& operator=(const EdgeWatch&) = delete;

  bool wakes() const {
    epoll_event event{};
    return ::epoll_wait(epoll_, &event, 1, 20000) == 1;
  }

 private:
  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
};

constexpr std::size_t kSize = 40;  // 64 with what a queue counts beside it
constexpr std::size_t kCharge = kSize + 24;
constexpr int kReceiveBuffer = 8191;
constexpr std::size_t kPeerHolds = kReceiveBuffer / kCharge;
constexpr std::size_t kServersPeerHolds = 65535 / kCharge;
constexpr std::size_t kRingHolds = 32768;  // a worker's
constexpr std::uint32_t kBurst = 32;       // fits every queue, and the smallest socket buffer

using Parameters = std::tuple<test::EngineKind, Who>;

class FloodedLoopTest : public testing::TestWithParam<Parameters> {
 protected:
  void SetUp() override {
    const auto [kind, who] = GetParam();
    EngineOptions options = kind.options();
    options.latency_budget = std::chrono::microseconds(0);
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    who == Who::kPeer ? bind() : listen(who);
  }

  void bind() {
    peer_ = std::make_shared<PacketPeerUDP>(engine_);
    ASSERT_EQ(peer_->bind(0, "127.0.0.1", kReceiveBuffer), Error::OK);
    sender_ = std::make_unique<test::Sender>(static_cast<std::uint16_t>(peer_->get_local_port()));
    holds_ = kPeerHolds;
  }
  void listen(Who who) {
    server_ = std::make_unique<UDPServer>(engine_);
    ServerOptions options;
    if (who == Who::kTogether) options.receive = ServerReceive::kTogether;
    ASSERT_EQ(server_->listen(0, "127.0.0.1", options), Error::OK);
    sender_ = std::make_unique<test::Sender>(static_cast<std::uint16_t>(server_->get_local_port()));
    holds_ = kRingHolds * static_cast<std::size_t>(std::max(engine_->workers(), 1));
    if (who == Who::kTogether) return;
    holds_ = kServersPeerHolds;
    peer_ = accept(*sender_);
  }
  std::shared_ptr<PacketPeerUDP> accept(const test::Sender& sender) {
    EXPECT_TRUE(sender.send_numbered(0, kSize));
    std::shared_ptr<PacketPeerUDP> peer;
    EXPECT_TRUE(test::eventually([&] { return (peer = server_->take_connection()) != nullptr; }));
    EXPECT_EQ(peer->get_packet().size(), kSize);
    return peer;
  }

  // The sender keeps that many or so ahead of who takes. With threads, the engine has them too
  // when this returns; without, the kernel does.
  void keep_ahead(std::uint32_t taken) {
    if (sent_ - taken > kBurst / 2) return;
    for (std::uint32_t i = 0; i < kBurst; ++i) ASSERT_TRUE(sender_->send_numbered(++sent_, kSize));
    if (engine_->workers() == 0) return;
    const std::uint64_t all = before_ + sent_;
    ASSERT_TRUE(
        test::eventually([&] { return engine_->counters()[Counter::kReceivedPackets] >= all; }));
    // Counted is not published yet; a worker that answers has published. No tick begins by it.
    ASSERT_EQ(engine_->flush(), Error::OK);
  }

  bool take(bool counts, std::uint32_t number) {
    if (peer_ == nullptr) {
      ReceivedPacket packet;
      if (server_->get_packet(&packet) != Error::OK) return false;
      EXPECT_EQ(test::number_of(packet.payload), number);
      return true;
    }
    if (counts && peer_->get_available_packet_count() <= 0) return false;
    std::span<const std::uint8_t> packet;
    const Error error = peer_->get_packet(&packet);
    if (error != Error::OK) {
      EXPECT_FALSE(counts) << "what was counted is not given";
      return false;
    }
    EXPECT_EQ(test::number_of(packet), number);
    return true;
  }

  // One loop, as long as it goes on. How many it has taken.
  std::size_t loop(bool counts, std::uint32_t* taken) {
    std::size_t looped = 0;
    keep_ahead(*taken);
    while (looped <= 2 * holds_ && !HasFatalFailure() && take(counts, *taken + 1)) {
      ++looped;
      keep_ahead(++*taken);
    }
    return looped;
  }

  void expect_bounded_loops(bool counts) {
    before_ = engine_->counters()[Counter::kReceivedPackets];
    std::uint32_t taken = 0;
    const std::size_t loops = std::get<Who>(GetParam()) == Who::kTogether ? 1 : 3;
    for (std::size_t i = 0; i < loops; ++i) {
      const std::size_t looped = loop(counts, &taken);
      EXPECT_LE(looped, holds_);
      EXPECT_GT(looped, 0u);
      // What waited waits, and "nothing" is said only once.
      EXPECT_TRUE(take(counts, taken + 1));
      ++taken;
      ASSERT_EQ(engine_->sync(), Error::OK);
    }
  }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::shared_ptr<PacketPeerUDP> peer_;
  std::unique_ptr<test::Sender> sender_;
  std::size_t holds_ = 0;
  std::uint32_t sent_ = 0;
  std::uint64_t before_ = 0;
};

TEST_P(FloodedLoopTest, OfCountsEnds) { expect_bounded_loops(true); }
TEST_P(FloodedLoopTest, OfGetsEnds) { expect_bounded_loops(false); }

TEST_P(FloodedLoopTest, OfADrainWithoutABudgetEnds) {
  before_ = engine_->counters()[Counter::kReceivedPackets];
  // A queue counts 24 bytes for an empty packet, so that many may lie in it.
  const std::size_t most =
      peer_ == nullptr ? holds_ : (peer_ != nullptr && server_ == nullptr ? 8191 : 65535) / 24 + 1;
  std::uint32_t taken = 0;
  keep_ahead(taken);
  for (const ReceivedPacket& packet : peer_ == nullptr ? server_->drain() : peer_->drain()) {
    ASSERT_EQ(test::number_of(packet.payload), ++taken);
    ASSERT_LE(taken, most);
    keep_ahead(taken);
  }
}

TEST_P(FloodedLoopTest, EndedEarlyLeavesNobodyAsleep) {
  if (peer_ == nullptr) GTEST_SKIP() << "a loop of a peer's";
  before_ = engine_->counters()[Counter::kReceivedPackets];
  const int descriptor = engine_->workers() == 0 ? -1 : peer_->get_poll_descriptor();
  std::uint32_t taken = 0;
  loop(true, &taken);
  if (descriptor >= 0) {
    pollfd request{descriptor, POLLIN, 0};
    EXPECT_EQ(::poll(&request, 1, 20000), 1);
  }
  EXPECT_EQ(peer_->wait(milliseconds(20000)), Error::OK);
  EXPECT_TRUE(take(true, taken + 1));
}

TEST_P(FloodedLoopTest, EndedEarlyWakesWhoWatchesForEdges) {
  if (engine_->workers() == 0) GTEST_SKIP() << "there is no descriptor";
  before_ = engine_->counters()[Counter::kReceivedPackets];
  const EdgeWatch watch(peer_ == nullptr ? server_->get_poll_descriptor()
                                         : peer_->get_poll_descriptor());
  std::uint32_t taken = 0;
  keep_ahead(taken);
  ASSERT_TRUE(watch.wakes());
  for (const bool counts : {true, false}) {
    loop(counts, &taken);
    ASSERT_TRUE(watch.wakes()) << "more waits, and nobody will say so";
  }
  DrainBatch batch =
      peer_ == nullptr ? server_->drain({.max_packets = 1}) : peer_->drain({.max_packets = 1});
  ReceivedPacket packet;
  EXPECT_TRUE(batch.next(&packet));
  EXPECT_FALSE(batch.next(&packet));
  EXPECT_TRUE(watch.wakes());
}

// Who polls by hand looks at the descriptor again when the queues are empty, however much has
// come since that poll.
TEST_P(FloodedLoopTest, WhoPollsByHandAndWatchesForEdgesIsWokenForWhatComesMeanwhile) {
  if (engine_->workers() == 0) GTEST_SKIP() << "there is no descriptor";
  if (server_ == nullptr) GTEST_SKIP() << "only servers are polled by hand";
  before_ = engine_->counters()[Counter::kReceivedPackets];
  server_->set_automatic_poll(false);
  const EdgeWatch watch(server_->get_poll_descriptor());
  std::uint32_t taken = 0;
  for (int round = 0; round < 5; ++round) {
    keep_ahead(taken);
    ASSERT_TRUE(watch.wakes()) << "in round " << round;
    ASSERT_EQ(server_->poll(), Error::OK);
    if (round % 2 == 0) {
      ASSERT_TRUE(sender_->send_numbered(++sent_, kSize));
    }
    ASSERT_TRUE(test::eventually(
        [&] { return engine_->counters()[Counter::kReceivedPackets] >= before_ + sent_; }));
    ASSERT_EQ(engine_->flush(), Error::OK);
    while (take(false, taken + 1)) ++taken;
  }
}

TEST_P(FloodedLoopTest, WhoOnlyLooksFindsWhatComes) {
  if (peer_ == nullptr) GTEST_SKIP() << "there is no count";
  ASSERT_TRUE(sender_->send_numbered(1, kSize));
  ASSERT_TRUE(test::eventually([&] { return peer_->get_available_packet_count() == 1; }));
  ASSERT_TRUE(sender_->send_numbered(2, kSize));
  ASSERT_TRUE(test::eventually([&] { return peer_->get_available_packet_count() == 2; }));
  EXPECT_TRUE(take(false, 1));
  ASSERT_TRUE(sender_->send_numbered(3, kSize));
  ASSERT_TRUE(test::eventually([&] { return peer_->get_available_packet_count() == 2; }));
}

TEST_P(FloodedLoopTest, EachTickThatIsToldHasAWholeShare) {
  if (peer_ == nullptr) GTEST_SKIP() << "a loop of a peer's";
  const auto most = static_cast<std::uint32_t>(holds_);
  for (std::uint32_t tick = 0; tick < 6; ++tick) {
    const std::uint32_t first = tick * most;
    for (std::uint32_t i = 1; i <= most; ++i) {
      ASSERT_TRUE(sender_->send_numbered(first + i, kSize));
      if (i % kBurst == 0) {
        ASSERT_EQ(engine_->sync(), Error::OK);
      }
    }
    ASSERT_EQ(engine_->sync(), Error::OK);
    if (tick % 3 == 1) {
      ASSERT_EQ(peer_->poll(), Error::OK);
    }
    if (tick % 3 == 2) {
      ASSERT_EQ(peer_->wait(milliseconds(20000)), Error::OK);
    }
    for (std::uint32_t i = 1; i <= most; ++i) ASSERT_TRUE(take(true, first + i)) << tick;
    // Not asked once more: nothing has said yet that the queue is empty.
  }
}

// The flood of one takes nothing from the others: whatever came before a tick is taken in it.
TEST_P(FloodedLoopTest, QuietPlayersAreHeardInEachTick) {
  if (std::get<Who>(GetParam()) != Who::kServersPeer) GTEST_SKIP() << "one queue";
  constexpr int kQuiet = 20;
  std::vector<std::unique_ptr<test::Sender>> quiet;
  std::vector<std::shared_ptr<PacketPeerUDP>> players;
  for (int i = 0; i < kQuiet; ++i) {
    const auto port = static_cast<std::uint16_t>(server_->get_local_port());
    quiet.push_back(std::make_unique<test::Sender>(port));
    players.push_back(accept(*quiet.back()));
  }
  before_ = engine_->counters()[Counter::kReceivedPackets];
  std::uint32_t taken = 0;
  for (std::uint32_t tick = 1; tick <= 5; ++tick) {
    for (const auto& sender : quiet) ASSERT_TRUE(sender->send_numbered(tick, kSize));
    before_ += kQuiet;
    EXPECT_LE(loop(true, &taken), holds_);
    for (const auto& player : players) {
      ASSERT_EQ(player->get_available_packet_count(), 1) << "tick " << tick;
      EXPECT_EQ(test::number_of(player->get_packet()), tick);
      EXPECT_EQ(player->get_available_packet_count(), 0);
    }
  }
}

std::string name_of(const testing::TestParamInfo<Parameters>& parameters) {
  const auto [kind, who] = parameters.param;
  const char* const names[] = {"Peer", "ServersPeer", "Together"};
  const testing::TestParamInfo<test::EngineKind> engine(kind, 0);
  return test::engine_name(engine) + names[static_cast<int>(who)];
}

INSTANTIATE_TEST_SUITE_P(Engines, FloodedLoopTest,
                         testing::Combine(test::every_engine(),
                                          testing::Values(Who::kPeer, Who::kServersPeer,
                                                          Who::kTogether)),
                         name_of);

// ---- Connections.

class FloodOfConnectionsTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    server_ = std::make_unique<UDPServer>(engine_);
    server_->set_max_pending_connections(kMaxPending);
    ASSERT_EQ(server_->listen(0, "127.0.0.1"), Error::OK);
  }
  // A stranger's first packet, which the engine, or the kernel, has when this returns.
  void knock() {
    strangers_.emplace_back(static_cast<std::uint16_t>(server_->get_local_port()));
    ASSERT_TRUE(strangers_.back().send_numbered(1, kSize));
    if (engine_->workers() == 0) return;
    ASSERT_TRUE(test::eventually(
        [&] { return engine_->counters()[Counter::kReceivedPackets] >= strangers_.size(); }));
  }

  // Who comes less often than every 4 ms is no flood. Less in an average, to be sure.
  static bool is_slow(std::chrono::steady_clock::time_point begun, int accepted) {
    return std::chrono::steady_clock::now() - begun > accepted * milliseconds(1);
  }

  static constexpr int kMaxPending = 8;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::vector<test::Sender> strangers_;
  std::vector<std::shared_ptr<PacketPeerUDP>> players_;
};

TEST_P(FloodOfConnectionsTest, LoopOfLooksEnds) {
  for (int loop = 0; loop < 3; ++loop) {
    int accepted = 0;
    knock();
    // Without threads the engine asks the kernel once in a latency budget.
    if (loop == 0) {
      ASSERT_TRUE(test::eventually([&] { return server_->is_connection_available(); }));
    }
    const auto begun = std::chrono::steady_clock::now();
    while (accepted <= 2 * kMaxPending && server_->is_connection_available()) {
      players_.push_back(server_->take_connection());
      ASSERT_NE(players_.back(), nullptr);
      ++accepted;
      knock();
    }
    if (is_slow(begun, accepted)) GTEST_SKIP() << "this machine is too slow for a flood";
    EXPECT_LE(accepted, kMaxPending);
  }
}

TEST_P(FloodOfConnectionsTest, EndedEarlyWakesWhoWatchesForEdges) {
  if (engine_->workers() == 0) GTEST_SKIP() << "there is no descriptor";
  const EdgeWatch watch(server_->get_poll_descriptor());
  knock();
  ASSERT_TRUE(watch.wakes());
  for (int loop = 0; loop < 3; ++loop) {
    while (server_->is_connection_available()) {
      players_.push_back(server_->take_connection());
      // Or the loop leaves something, and who watches for edges must not.
      while (players_.back()->get_available_packet_count() > 0) players_.back()->get_packet();
      knock();
    }
    ASSERT_TRUE(watch.wakes()) << "more wait, and nobody will say so";
  }
}

TEST_P(FloodOfConnectionsTest, LoopOfTakesEnds) {
  knock();
  const auto begun = std::chrono::steady_clock::now();
  int accepted = 0;
  while (accepted <= 2 * kMaxPending) {
    auto player = server_->take_connection();
    if (player == nullptr) break;
    players_.push_back(std::move(player));
    ++accepted;
    knock();
  }
  if (is_slow(begun, accepted)) GTEST_SKIP() << "this machine is too slow for a flood";
  EXPECT_LE(accepted, kMaxPending);
  knock();
  EXPECT_TRUE(test::eventually([&] { return server_->is_connection_available(); }));
}

TEST_P(FloodOfConnectionsTest, LoopThatSetsTheLimitEnds) {
  knock();
  const auto begun = std::chrono::steady_clock::now();
  int accepted = 0;
  while (accepted <= 2 * kMaxPending) {
    server_->set_max_pending_connections(kMaxPending);
    auto player = server_->take_connection();
    if (player == nullptr) break;
    players_.push_back(std::move(player));
    ++accepted;
    knock();
  }
  if (is_slow(begun, accepted)) GTEST_SKIP() << "this machine is too slow for a flood";
  EXPECT_LE(accepted, kMaxPending);
}

INSTANTIATE_TEST_SUITE_P(Engines, FloodOfConnectionsTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
