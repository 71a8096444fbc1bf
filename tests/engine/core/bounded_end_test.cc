// close(), stop(), flush() and sync() end within their bound, however fast other threads go on
// putting.
//
// RINGPEER_RUNS sets the number of runs; the worst time of each call is printed:
//   RINGPEER_RUNS=200 bazel-bin/tests/engine/core/bounded_end_test

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* kHost = "127.0.0.1";
constexpr int kDefaultRuns = 3;
constexpr int kThreads = 4;
// How long the threads put before a call is made.
constexpr milliseconds kLead{20};

// What the contract gives a close or a stop, what it gives any call beyond the time that the
// kernel takes for what was queued, and what a machine with more threads than cores needs
// beyond that to run the worker and the caller at all.
constexpr milliseconds kBound{500};
constexpr milliseconds kStall{100};
constexpr int kMachineMs = 700;

int from_environment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  const int wanted = text == nullptr ? 0 : std::atoi(text);
  return wanted > 0 ? wanted : otherwise;
}
int runs() { return from_environment("RINGPEER_RUNS", kDefaultRuns); }
// An emulated machine is slower by a factor that nobody knows.
milliseconds machine() { return milliseconds(from_environment("RINGPEER_MACHINE_MS", kMachineMs)); }

class BoundedEndTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    receiver_ = test::open_receiver(1);
    if (make_engine() == nullptr) GTEST_SKIP() << message_;
  }
  std::shared_ptr<Engine> make_engine() {
    return Engine::create(GetParam().options(), nullptr, &message_);
  }

  // start() gives what kThreads threads then do without a pause, while call() is made. It gives
  // the time that the contract allows it.
  void expect_bounded(const char* what, const std::function<std::function<void()>()>& start,
                      const std::function<Clock::duration()>& call) {
    Clock::duration worst{};
    Clock::duration worst_excess{};
    for (int run = 0; run < runs(); ++run) {
      const std::function<void()> put = start();
      std::atomic<bool> ends{false};
      std::vector<std::thread> threads;
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
          while (!ends) put();
        });
      }
      std::this_thread::sleep_for(kLead);
      const Clock::time_point before = Clock::now();
      const Clock::duration allowed = call();
      const Clock::duration lasted = Clock::now() - before;
      worst = std::max(worst, lasted);
      worst_excess = std::max(worst_excess, lasted - allowed);
      ends = true;
      for (std::thread& thread : threads) thread.join();
    }
    std::printf("%s: %lld ms in the worst of %d runs, %lld ms beyond its bound\n", what,
                in_ms(worst), runs(), in_ms(worst_excess));
    EXPECT_LE(worst_excess, machine());
  }
  static long long in_ms(Clock::duration time) {
    return std::chrono::duration_cast<milliseconds>(time).count();
  }

  // Makes a call that waits for what is queued, and says how long the kernel took for as much.
  static Clock::duration time_for_queued(const Engine& engine, const std::function<void()>& call) {
    const CounterSnapshot before = engine.counters();
    const Clock::time_point begun = Clock::now();
    call();
    const Clock::duration lasted = Clock::now() - begun;
    const auto sent = static_cast<double>(engine.counters()[Counter::kSentPackets] -
                                          before[Counter::kSentPackets]);
    const auto queued = static_cast<double>(before[Counter::kSendRequestedPackets] - done(before));
    const double share = sent > queued ? queued / sent : 1;
    return std::chrono::duration_cast<Clock::duration>(lasted * share) + kStall;
  }

  static std::uint64_t done(const CounterSnapshot& counters) {
    return counters[Counter::kSentPackets] + counters[Counter::kSendFailedQueueFull] +
           counters[Counter::kSendFailedRefused] + counters[Counter::kSendFailedOther] +
           counters[Counter::kSendFailedClosed];
  }
  static void expect_balance(const Engine& engine) {
    const CounterSnapshot counters = engine.counters();
    EXPECT_EQ(counters[Counter::kSendRequestedPackets], done(counters));
  }

  std::string message_;
  net::Socket receiver_;
  const std::vector<std::uint8_t> packet_ = test::numbered_payload(1, 64);
};

INSTANTIATE_TEST_SUITE_P(Engines, BoundedEndTest, test::every_engine(), test::engine_name);

TEST_P(BoundedEndTest, CloseOfThePeerThatThreadsPutTo) {
  const auto engine = make_engine();
  std::unique_ptr<PacketPeerUDP> peer;
  expect_bounded(
      "close() of the peer",
      [&]() -> std::function<void()> {
        peer = std::make_unique<PacketPeerUDP>(engine);
        EXPECT_EQ(peer->set_dest_address(kHost, test::port_of(receiver_)), Error::OK);
        EXPECT_EQ(Error::OK, peer->bind(0, kHost));
        return [&] { (void)peer->put_packet(packet_); };
      },
      [&] {
        peer->close();
        return kBound;
      });
  peer.reset();
  expect_balance(*engine);
}

TEST_P(BoundedEndTest, CloseOfAnotherPeerOfTheWorker) {
  const auto engine = make_engine();
  PacketPeerUDP busy(engine);
  EXPECT_EQ(busy.set_dest_address(kHost, test::port_of(receiver_)), Error::OK);
  std::unique_ptr<PacketPeerUDP> peer;
  expect_bounded(
      "close() of another peer",
      [&]() -> std::function<void()> {
        peer = std::make_unique<PacketPeerUDP>(engine);
        EXPECT_EQ(peer->set_dest_address(kHost, test::port_of(receiver_)), Error::OK);
        EXPECT_EQ(Error::OK, peer->put_packet(packet_));
        return [&] { (void)busy.put_packet(packet_); };
      },
      [&] {
        peer->close();
        return kBound;
      });
  busy.close();
  expect_balance(*engine);
}

TEST_P(BoundedEndTest, StopOfTheServerThatThreadsPutTo) {
  const auto engine = make_engine();
  UDPServer server(engine);
  const net::Endpoint to = test::loopback_ipv4(test::port_of(receiver_));
  expect_bounded(
      "stop() of the server",
      [&]() -> std::function<void()> {
        EXPECT_EQ(Error::OK, server.listen(0, kHost));
        return [&] { (void)server.put_packet_to(to, packet_); };
      },
      [&] {
        server.stop();
        return kBound;
      });
  expect_balance(*engine);
}

TEST_P(BoundedEndTest, StopOfTheEngine) {
  std::shared_ptr<Engine> engine;
  std::unique_ptr<PacketPeerUDP> peer;
  expect_bounded(
      "stop() of the engine",
      [&]() -> std::function<void()> {
        peer.reset();
        engine = make_engine();
        peer = std::make_unique<PacketPeerUDP>(engine);
        EXPECT_EQ(peer->set_dest_address(kHost, test::port_of(receiver_)), Error::OK);
        EXPECT_EQ(Error::OK, peer->bind(0, kHost));
        return [&] { (void)peer->put_packet(packet_); };
      },
      [&] {
        engine->stop();
        expect_balance(*engine);
        return kBound;
      });
}

TEST_P(BoundedEndTest, Flush) {
  const auto engine = make_engine();
  PacketPeerUDP peer(engine);
  EXPECT_EQ(peer.set_dest_address(kHost, test::port_of(receiver_)), Error::OK);
  ASSERT_EQ(Error::OK, peer.bind(0, kHost));
  expect_bounded(
      "flush()", [&]() -> std::function<void()> { return [&] { (void)peer.put_packet(packet_); }; },
      [&] { return time_for_queued(*engine, [&] { EXPECT_EQ(Error::OK, engine->flush()); }); });
}

TEST_P(BoundedEndTest, Sync) {
  const auto engine = make_engine();
  PacketPeerUDP peer(engine);
  EXPECT_EQ(peer.set_dest_address(kHost, test::port_of(receiver_)), Error::OK);
  ASSERT_EQ(Error::OK, peer.bind(0, kHost));
  expect_bounded(
      "sync()", [&]() -> std::function<void()> { return [&] { (void)peer.put_packet(packet_); }; },
      [&] { return time_for_queued(*engine, [&] { EXPECT_EQ(Error::OK, engine->sync()); }); });
}

// What waits for a closed remote to be forgotten ends, too: the worker goes on to receive.
TEST_P(BoundedEndTest, ReceivingGoesOnWhileAPeerOfAServerIsClosed) {
  const auto engine = make_engine();
  PacketPeerUDP busy(engine);
  EXPECT_EQ(busy.set_dest_address(kHost, test::port_of(receiver_)), Error::OK);
  UDPServer server(engine);
  ASSERT_EQ(Error::OK, server.listen(0, kHost));
  std::unique_ptr<test::Sender> sender;
  std::shared_ptr<PacketPeerUDP> peer;
  expect_bounded(
      "a packet after close() of a server's peer",
      [&]() -> std::function<void()> {
        sender =
            std::make_unique<test::Sender>(static_cast<std::uint16_t>(server.get_local_port()));
        EXPECT_TRUE(sender->send(packet_));
        EXPECT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
        peer = server.take_connection();
        EXPECT_EQ(Error::OK, engine->flush());  // what the run before has left in the queue
        EXPECT_EQ(Error::OK, peer->put_packet(packet_));
        return [&] { (void)busy.put_packet(packet_); };
      },
      [&] {
        peer->close();
        EXPECT_TRUE(sender->send(packet_));
        EXPECT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
        EXPECT_NE(nullptr, server.take_connection());
        return kBound;
      });
}

}  // namespace
}  // namespace ringpeer
