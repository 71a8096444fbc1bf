// Simulated clients of a server that asks for cookies.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>

#include "ringpeer/engine/admission/cookie.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tests/tools/load/server_socket.h"
#include "ringpeer/tools/load/load_run.h"
#include "ringpeer/tools/load/payload_choice.h"
#include "ringpeer/tools/target/target_address.h"

namespace ringpeer::tools {
namespace {

using admission::HandshakeKind;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// An echo server of a plain socket, on a thread of its own.
class CookieEcho {
 public:
  struct Habits {
    bool asks = true;         // for cookies
    int ignored_hellos = 0;   // of each client, the first
    milliseconds forgets{0};  // everybody, after so long; 0: never
  };

  // What it has seen.
  struct Seen {
    std::uint64_t hellos = 0;
    std::uint64_t answers = 0;
    std::uint64_t echoes = 0;
    std::uint64_t from_strangers = 0;  // packets that are no handshake
    std::set<std::uint16_t> ports;     // of those it let in
  };

  explicit CookieEcho(const Habits& habits) : habits_(habits) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~CookieEcho() { end(); }
  CookieEcho(const CookieEcho&) = delete;
  CookieEcho& operator=(const CookieEcho&) = delete;

  int port() const { return socket_.port(); }
  // What it has seen, when it is over.
  const Seen& end() {
    if (thread_.joinable()) {
      thread_.request_stop();
      thread_.join();
    }
    return seen_;
  }

 private:
  void run(const std::stop_token& stop) {
    Clock::time_point forgets_at =
        habits_.forgets.count() > 0 ? Clock::now() + habits_.forgets : Clock::time_point::max();
    while (!stop.stop_requested()) {
      if (Clock::now() >= forgets_at) {
        forgets_at = Clock::time_point::max();
        known_.clear();
      }
      std::array<std::uint8_t, 256> bytes;
      sockaddr_in sender = {};
      socklen_t size = sizeof(sender);
      const ssize_t count = recvfrom(socket_.descriptor(), bytes.data(), bytes.size(), 0,
                                     reinterpret_cast<sockaddr*>(&sender), &size);
      if (count > 0) take({bytes.data(), static_cast<std::size_t>(count)}, sender);
    }
  }

  void take(std::span<const std::uint8_t> packet, const sockaddr_in& sender) {
    net::Endpoint client;
    client.address = net::IpAddress::from_ipv4(sender.sin_addr.s_addr);
    client.port = ntohs(sender.sin_port);
    const auto kind = habits_.asks ? admission::handshake_kind(packet) : std::nullopt;
    const std::uint64_t now_us = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
            .count());
    seen_.hellos += kind == HandshakeKind::kHello ? 1 : 0;
    seen_.answers += kind == HandshakeKind::kAnswer ? 1 : 0;
    if (!habits_.asks || known_.contains(client.port)) {
      if (kind) return;
      ++seen_.echoes;
      send(packet, sender);
    } else if (kind == HandshakeKind::kHello) {
      if (ignored_[client.port]++ >= habits_.ignored_hellos) {
        send(keys_.challenge(client, now_us), sender);
      }
    } else if (keys_.accepts(client, packet, now_us)) {
      known_.insert(client.port);
      seen_.ports.insert(client.port);
    } else if (!kind) {
      ++seen_.from_strangers;
    }
  }

  void send(std::span<const std::uint8_t> packet, const sockaddr_in& to) {
    sendto(socket_.descriptor(), packet.data(), packet.size(), 0,
           reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  }

  const Habits habits_;
  const admission::CookieKeys keys_;
  const ServerSocket socket_;
  std::set<std::uint16_t> known_;
  std::map<std::uint16_t, int> ignored_;
  Seen seen_;
  std::jthread thread_;
};

LoadOptions options_for(const CookieEcho& server) {
  LoadOptions options;
  options.target_text = "127.0.0.1:" + std::to_string(server.port());
  options.targets = {*parse_target_address(options.target_text)};
  options.allow_invalid = true;  // other tests take this one's time
  options.cookie = true;
  options.clients = 20;
  options.rate = 50;
  options.seconds = 0.5;
  return options;
}

// Nothing when the clients were not let in; *error says why.
std::optional<LoadReport> report_of(const LoadOptions& options, std::string* error) {
  const StopSignal stop;
  const auto payload = make_load_payload(options, error);
  LoadRun run(options, *payload);
  if (!run.open(error)) return std::nullopt;
  return run.run(stop);
}

TEST(LoadCookieTest, ClientsAreLetInBeforeTheirFirstPacket) {
  CookieEcho server({});
  LoadOptions options = options_for(server);
  options.threads = 2;
  std::string error;
  const auto report = report_of(options, &error);
  ASSERT_TRUE(report) << error;
  const CookieEcho::Seen& seen = server.end();
  EXPECT_EQ(seen.from_strangers, 0u);
  EXPECT_EQ(seen.ports.size(), 20u);
  EXPECT_EQ(report->cookie.entered, 20u);
  EXPECT_GE(report->cookie.hellos, seen.hellos);
  EXPECT_GE(report->cookie.answers, seen.answers);
  EXPECT_EQ(report->cookie.challenges, report->cookie.answers);
  EXPECT_GT(report->cookie.longest_entry.count(), 0);
  // None of these packets is in the account.
  EXPECT_GT(report->sent, 100u);
  EXPECT_EQ(report->echoes, report->sent);
  EXPECT_EQ(report->received, report->sent);
  EXPECT_EQ(report->foreign, 0u);
  EXPECT_EQ(judge_load(options, *report), "");
}

// 250 ms after each other.
TEST(LoadCookieTest, HellosAreSaidAgain) {
  CookieEcho server({.ignored_hellos = 2});
  std::string error;
  const LoadOptions options = options_for(server);
  const auto report = report_of(options, &error);
  ASSERT_TRUE(report) << error;
  EXPECT_GE(report->cookie.hellos, 60u);
  EXPECT_GE(report->cookie.longest_entry, milliseconds(500));
  EXPECT_EQ(report->echoes, report->sent);
}

TEST(LoadCookieTest, WhoJoinsLaterSendsWhenItIsIn) {
  CookieEcho server({.ignored_hellos = 1});
  LoadOptions options = options_for(server);
  options.join_rate = 40;
  options.session_seconds = 0.6;
  options.seconds = 1.5;
  std::string error;
  const auto report = report_of(options, &error);
  ASSERT_TRUE(report) << error;
  const CookieEcho::Seen& seen = server.end();
  EXPECT_EQ(seen.from_strangers, 0u);
  EXPECT_GT(report->joins, 20u);
  EXPECT_LE(report->cookie.entered, report->joins);
  EXPECT_GT(report->cookie.entered, 10u);
  EXPECT_GT(report->sent, 100u);
  EXPECT_EQ(report->echoes, report->sent);
  EXPECT_EQ(judge_load(options, *report), "");
}

// What was sent until the second challenge is missing, and nothing else.
TEST(LoadCookieTest, AServerThatForgetsItsClientsIsShownTheirCookiesAgain) {
  CookieEcho server({.forgets = milliseconds(600)});
  LoadOptions options = options_for(server);
  options.seconds = 3;
  std::string error;
  const auto report = report_of(options, &error);
  ASSERT_TRUE(report) << error;
  const CookieEcho::Seen& seen = server.end();
  EXPECT_EQ(report->cookie.entered, 20u);
  EXPECT_GE(report->cookie.challenges, 40u);
  EXPECT_GT(seen.from_strangers, 0u);
  EXPECT_EQ(report->sent, report->echoes + seen.from_strangers);
  EXPECT_EQ(report->echoes, seen.echoes);
  // They are silent for a second before they say hello again, and then are in.
  EXPECT_LE(seen.from_strangers, 20 * 50 * 2);
}

// What it is told of a server that sends its hellos back.
TEST(LoadCookieTest, WhereNobodyAsksTheRunDoesNotBegin) {
  CookieEcho server({.asks = false});
  LoadOptions options = options_for(server);
  options.clients = 2;
  std::string error;
  EXPECT_FALSE(report_of(options, &error));
  EXPECT_NE(error.find("no challenge came from"), std::string::npos) << error;
  EXPECT_NE(error.find("leave out --cookie"), std::string::npos) << error;
  // Those that join one by one know it at the end.
  options.join_rate = 100;
  const auto report = report_of(options, &error);
  ASSERT_TRUE(report) << error;
  EXPECT_EQ(report->sent, 0u);
  EXPECT_NE(judge_load(options, *report).find("no challenge came from"), std::string::npos);
}

}  // namespace
}  // namespace ringpeer::tools
