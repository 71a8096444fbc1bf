// Every duration that an application may give, from nothing to more than a clock counts.

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "ringpeer/engine/net/deadline.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/support/processor_time/processor_time.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::int64_t kIntLimit = std::int64_t{1} << 31;
constexpr std::array kLong{milliseconds(kIntLimit - 1), milliseconds(kIntLimit),
                           milliseconds(kIntLimit + 1), milliseconds(std::chrono::hours(30 * 24)),
                           milliseconds::max() / 1000,  milliseconds::max() - milliseconds(1),
                           milliseconds::max()};
constexpr milliseconds kNap{50};

class DurationsTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    server_ = std::make_unique<UDPServer>(engine_);
    ASSERT_EQ(server_->listen(0, "127.0.0.1"), Error::OK);
    sender_ = std::make_unique<test::Sender>(static_cast<std::uint16_t>(server_->get_local_port()));
    ASSERT_TRUE(sender_->send_numbered(0, 8));
    ASSERT_EQ(engine_->sync(), Error::OK);
    peer_ = server_->take_connection();
    ASSERT_NE(peer_, nullptr);
    peer_->get_packet();
  }

  // Waits until woken, asleep and not before.
  template <typename Waits>
  void expect_sleep(Waits& waits, milliseconds timeout) {
    SCOPED_TRACE(timeout.count());
    std::thread other([&waits] {
      std::this_thread::sleep_for(kNap);
      waits.wake();
    });
    const nanoseconds before = test::processor_time();
    EXPECT_EQ(waits.wait(timeout), Error::ERR_SKIP);
    EXPECT_LT(test::processor_time() - before, kNap / 2) << "a busy loop";
    other.join();
  }
  template <typename Waits>
  void expect_table(Waits& waits) {
    EXPECT_EQ(waits.wait(milliseconds(0)), Error::ERR_TIMEOUT);
    EXPECT_EQ(waits.wait(milliseconds(1)), Error::ERR_TIMEOUT);
    for (const milliseconds timeout : kLong) expect_sleep(waits, timeout);
    // Without end.
    expect_sleep(waits, milliseconds(-1));
    expect_sleep(waits, milliseconds::min());
  }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::unique_ptr<test::Sender> sender_;
  std::shared_ptr<PacketPeerUDP> peer_;
};

TEST_P(DurationsTest, WaitOfAPeer) {
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, "127.0.0.1"), Error::OK);
  expect_table(peer);
}

TEST_P(DurationsTest, WaitOfAServer) { expect_table(*server_); }

TEST_P(DurationsTest, WaitOfAServersPeer) { expect_table(*peer_); }

TEST_P(DurationsTest, TimeOfADrain) {
  constexpr std::uint32_t kPackets = 100;
  PacketPeerUDP own(engine_);
  ASSERT_EQ(own.bind(0, "127.0.0.1"), Error::OK);
  const test::Sender to_own(static_cast<std::uint16_t>(own.get_local_port()));
  std::vector<microseconds> times{microseconds(0), microseconds::max(),
                                  microseconds::max() - microseconds(1),
                                  microseconds::max() / 1000};
  for (const milliseconds time : {kLong[0], kLong[1], kLong[2]}) times.push_back(time);
  for (const microseconds time : times) {
    SCOPED_TRACE(time.count());
    for (std::uint32_t i = 0; i < kPackets; ++i) {
      ASSERT_TRUE(sender_->send_numbered(i, 8));
      ASSERT_TRUE(to_own.send_numbered(i, 8));
    }
    ASSERT_EQ(engine_->sync(), Error::OK);
    std::uint32_t taken = 0;
    for ([[maybe_unused]] const auto& packet : own.drain({.max_time = time})) ++taken;
    EXPECT_EQ(taken, kPackets);
    EXPECT_EQ(server_->drain({.max_time = time}, [](const ReceivedPacket&) {}), kPackets);
  }
}

TEST_P(DurationsTest, IdleTimeout) {
  for (const milliseconds timeout : kLong) {
    SCOPED_TRACE(timeout.count());
    server_->set_idle_timeout(timeout);
    EXPECT_EQ(server_->get_idle_timeout(), timeout);
    EXPECT_FALSE(peer_->is_idle());
    EXPECT_FALSE(peer_->is_disconnected());
    EXPECT_EQ(server_->next_disconnected(), nullptr);

    UDPServer other(engine_);
    ServerOptions options;
    options.idle_timeout = timeout;
    ASSERT_EQ(other.listen(0, "127.0.0.1", options), Error::OK);
    EXPECT_EQ(other.next_disconnected(), nullptr);
  }
  server_->set_idle_timeout(milliseconds(0));
  std::this_thread::sleep_for(milliseconds(2));
  EXPECT_FALSE(peer_->is_idle());
  server_->set_idle_timeout(milliseconds(1));
  EXPECT_TRUE(test::eventually([this] { return peer_->is_idle(); }));
  EXPECT_EQ(server_->next_disconnected(), peer_.get());
}

INSTANTIATE_TEST_SUITE_P(Engines, DurationsTest, test::every_engine(), test::engine_name);

TEST(Durations, LatencyBudgetIsRefusedBeyondItsLimits) {
  for (const microseconds budget :
       {microseconds(-1), microseconds::min(), kMaxLatencyBudget + microseconds(1),
        microseconds(milliseconds(kIntLimit)), microseconds::max()}) {
    EngineOptions options;
    options.latency_budget = budget;
    Error error = Error::OK;
    EXPECT_EQ(Engine::create(options, &error), nullptr) << budget.count();
    EXPECT_EQ(error, Error::ERR_INVALID_PARAMETER) << budget.count();
  }
}

TEST(Durations, ADeadlineHasNoLimit) {
  using net::Deadline;
  EXPECT_TRUE(Deadline::after(milliseconds(0)).has_passed());
  EXPECT_TRUE(Deadline::after(milliseconds(-5)).has_passed());
  for (const milliseconds time : kLong) {
    const Deadline deadline = Deadline::after(time);
    EXPECT_FALSE(deadline.has_passed());
    EXPECT_EQ(deadline.left(milliseconds(20)), milliseconds(20));
  }
  EXPECT_TRUE(Deadline::after(milliseconds::max()).is_never());
  EXPECT_TRUE(Deadline::after(microseconds::max()).is_never());
  EXPECT_TRUE(Deadline::after(nanoseconds::max()).is_never());
  EXPECT_FALSE(Deadline::after(nanoseconds::max() / 2).is_never());
}

// Rounded down it would be polled again and again before its end.
TEST(Durations, WhatIsLeftOfADeadlineIsRoundedUp) {
  using std::chrono::seconds;
  const net::Deadline deadline = net::Deadline::after(std::chrono::milliseconds(59'999));
  EXPECT_EQ(deadline.left(seconds(3600)), seconds(60));
  EXPECT_EQ(deadline.left(seconds(2)), seconds(2));
  EXPECT_EQ(net::Deadline::after(seconds(-1)).left(seconds(3600)), seconds(0));
}

}  // namespace
}  // namespace ringpeer
