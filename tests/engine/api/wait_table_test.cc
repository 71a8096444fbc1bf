// Every way to wait, every way in which a wait may end, watched by an event loop or not, with
// automatic polling or without.

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <tuple>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using std::chrono::milliseconds;

enum class Who { kPeer, kServer, kServersPeer, kTogether };

// Long enough that the other thread mostly finds the waiting one asleep.
constexpr milliseconds kNap{10};
// Nothing, an end that is not reached, none, and more than a clock counts.
constexpr std::array kTimeouts{milliseconds(0), milliseconds(20000), milliseconds(-1),
                               milliseconds::max()};

bool is_readable(int descriptor) {
  pollfd request{descriptor, POLLIN, 0};
  return ::poll(&request, 1, 0) == 1;
}

using Parameters = std::tuple<test::EngineKind, Who, bool, bool>;

class WaitTableTest : public testing::TestWithParam<Parameters> {
 protected:
  void SetUp() override {
    const auto [kind, who, is_watched, automatic_poll] = GetParam();
    std::string message;
    engine_ = Engine::create(kind.options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    if (is_watched && kind.workers == 0) GTEST_SKIP() << "nothing to watch without threads";
    who == Who::kPeer ? bind() : listen(who, automatic_poll);
    if (HasFatalFailure() || !is_watched) return;
    descriptor_ =
        server_ != nullptr ? server_->get_poll_descriptor() : peer_->get_poll_descriptor();
    ASSERT_GE(descriptor_, 0);
  }

  void bind() {
    peer_ = std::make_shared<PacketPeerUDP>(engine_);
    ASSERT_EQ(peer_->bind(0, "127.0.0.1"), Error::OK);
    sender_ = std::make_unique<test::Sender>(static_cast<std::uint16_t>(peer_->get_local_port()));
  }
  void listen(Who who, bool automatic_poll) {
    server_ = std::make_unique<UDPServer>(engine_);
    server_->set_automatic_poll(automatic_poll);
    ServerOptions options;
    if (who == Who::kTogether) options.receive = ServerReceive::kTogether;
    ASSERT_EQ(server_->listen(0, "127.0.0.1", options), Error::OK);
    sender_ = std::make_unique<test::Sender>(static_cast<std::uint16_t>(server_->get_local_port()));
    if (who != Who::kServersPeer) return;
    send();
    EXPECT_EQ(server_->poll(), Error::OK);
    peer_ = server_->take_connection();
    ASSERT_NE(peer_, nullptr);
    take();
  }

  Error wait(milliseconds timeout) {
    return peer_ != nullptr ? peer_->wait(timeout) : server_->wait(timeout);
  }
  void poll() {
    ASSERT_EQ(Error::OK, std::get<Who>(GetParam()) == Who::kServer ||
                                 std::get<Who>(GetParam()) == Who::kTogether
                             ? server_->poll()
                             : peer_->poll());
  }
  // In each way there is.
  void wake(int way) {
    if (server_ == nullptr || (way % 2 == 1 && peer_ != nullptr)) {
      peer_->wake();
    } else {
      server_->wake();
    }
  }
  void send() {
    ASSERT_TRUE(sender_->send_numbered(1, 20));
    ASSERT_EQ(engine_->sync(), Error::OK);
  }
  // What a wait has found can be had without a poll.
  void take() {
    switch (std::get<Who>(GetParam())) {
      case Who::kServer:
        ASSERT_NE(server_->take_connection(), nullptr);  // which is gone at once
        // Which a worker announces in the step that follows: later that would be something to find.
        ASSERT_EQ(engine_->sync(), Error::OK);
        ASSERT_EQ(engine_->sync(), Error::OK);
        break;
      case Who::kTogether: {
        ReceivedPacket packet;
        ASSERT_EQ(server_->get_packet(&packet), Error::OK);
        break;
      }
      case Who::kPeer:
      case Who::kServersPeer: {
        std::span<const std::uint8_t> packet;
        ASSERT_EQ(peer_->get_packet(&packet), Error::OK);
      }
    }
  }
  // Nothing waits: an event loop that watches is not kept busy.
  void expect_quiet() {
    if (descriptor_ >= 0) {
      EXPECT_FALSE(is_readable(descriptor_));
    }
  }
  void expect_readable() {
    if (descriptor_ >= 0) {
      EXPECT_TRUE(test::eventually([this] { return is_readable(descriptor_); }));
    }
  }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::shared_ptr<PacketPeerUDP> peer_;
  std::unique_ptr<test::Sender> sender_;
  int descriptor_ = -1;
};

TEST_P(WaitTableTest, EndsWithItsTimeWhenNothingComes) {
  for (const milliseconds timeout : {milliseconds(0), milliseconds(1), milliseconds(30)}) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(wait(timeout), Error::ERR_TIMEOUT);
    EXPECT_GE(std::chrono::steady_clock::now() - start, timeout);
    expect_quiet();
  }
  poll();
  expect_quiet();
}

TEST_P(WaitTableTest, EndsAtOnceForWhatHasCome) {
  for (const milliseconds timeout : kTimeouts) {
    SCOPED_TRACE(timeout.count());
    send();
    expect_readable();
    ASSERT_EQ(wait(timeout), Error::OK);
    expect_readable();
    take();
    EXPECT_EQ(wait(milliseconds(0)), Error::ERR_TIMEOUT);
    expect_quiet();
  }
}

TEST_P(WaitTableTest, EndsForWhatComes) {
  for (const milliseconds timeout : kTimeouts) {
    if (timeout == milliseconds(0)) continue;
    SCOPED_TRACE(timeout.count());
    std::thread other([this] {
      std::this_thread::sleep_for(kNap);
      sender_->send_numbered(1, 20);
    });
    EXPECT_EQ(wait(timeout), Error::OK);
    other.join();
    expect_readable();
    take();
  }
}

TEST_P(WaitTableTest, EndsForAWakeThatCame) {
  for (const milliseconds timeout : kTimeouts) {
    for (const int way : {0, 1}) {
      SCOPED_TRACE(timeout.count());
      EXPECT_EQ(wait(milliseconds(0)), Error::ERR_TIMEOUT);
      expect_quiet();
      wake(way);
      expect_readable();
      ASSERT_EQ(wait(timeout), Error::ERR_SKIP);
      EXPECT_EQ(wait(milliseconds(0)), Error::ERR_TIMEOUT) << "one wake ends one wait";
      expect_quiet();
    }
  }
}

TEST_P(WaitTableTest, EndsForAWakeThatComes) {
  for (const milliseconds timeout : kTimeouts) {
    if (timeout == milliseconds(0)) continue;
    for (const int way : {0, 1}) {
      SCOPED_TRACE(timeout.count());
      std::thread other([this, way] {
        std::this_thread::sleep_for(kNap);
        wake(way);
      });
      EXPECT_EQ(wait(timeout), Error::ERR_SKIP);
      other.join();
    }
  }
}

// A look in between, which an event loop's wake-up ends with, is no wait.
TEST_P(WaitTableTest, AWakeIsNotTakenByALook) {
  wake(0);
  poll();
  expect_quiet();
  EXPECT_EQ(wait(milliseconds(-1)), Error::ERR_SKIP);
}

TEST_P(WaitTableTest, WhatHasComeCountsBeforeTheWake) {
  send();
  wake(0);
  EXPECT_EQ(wait(milliseconds(-1)), Error::OK);
  take();
  EXPECT_EQ(wait(milliseconds(-1)), Error::ERR_SKIP);
  EXPECT_EQ(wait(milliseconds(0)), Error::ERR_TIMEOUT);
}

TEST_P(WaitTableTest, EndsWhenTheEngineStops) {
  if (engine_->workers() == 0) GTEST_SKIP() << "it is stopped by the thread that waits";
  std::thread other([this] {
    std::this_thread::sleep_for(kNap);
    engine_->stop();
  });
  EXPECT_EQ(wait(milliseconds(-1)), Error::FAILED);
  other.join();
}

std::string name_of(const testing::TestParamInfo<Parameters>& info) {
  const auto& [kind, who, is_watched, automatic_poll] = info.param;
  constexpr std::array<const char*, 4> kNames{"Peer", "Server", "ServersPeer", "Together"};
  return test::engine_name({kind, 0}) + kNames[static_cast<std::size_t>(who)] +
         (is_watched ? "Watched" : "") + (automatic_poll ? "" : "Polled");
}

INSTANTIATE_TEST_SUITE_P(Table, WaitTableTest,
                         testing::Combine(test::every_engine(),
                                          testing::Values(Who::kPeer, Who::kServer,
                                                          Who::kServersPeer, Who::kTogether),
                                          testing::Bool(), testing::Bool()),
                         name_of);

}  // namespace
}  // namespace ringpeer
