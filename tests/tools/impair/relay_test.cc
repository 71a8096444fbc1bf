// A relay on loopback between plain sockets: everything is accounted for, and each client is one
// to the server.

#include "ringpeer/tools/impair/relay.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/command/status_signal.h"
#include "ringpeer/tools/target/target_address.h"

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

// For what must come. Generous: the machine may be busy.
constexpr seconds kPatience{20};

struct Received {
  Bytes payload;
  net::Endpoint sender;
};

net::Endpoint loopback(bool ipv4, int port) {
  const std::string address = ipv4 ? "127.0.0.1:" : "[::1]:";
  return *parse_target_address(address + std::to_string(port));
}

// A socket of the test's own; a server's or a client's.
class Party {
 public:
  explicit Party(const net::Endpoint& bind_to) {
    const bool ipv4 = bind_to.address.is_ipv4();
    EXPECT_EQ(socket_.open(ipv4 ? net::SocketFamily::kIpv4 : net::SocketFamily::kIpv6), 0);
    socket_.request_receive_buffer(4 << 20);
    EXPECT_EQ(socket_.bind(bind_to), 0);
  }

  int port() const { return socket_.local_endpoint()->port; }
  void send(const net::Endpoint& to, const Bytes& payload) {
    EXPECT_EQ(socket_.send_to(payload, net::to_socket_address(to, socket_.family())), 0);
  }
  std::optional<Received> receive(milliseconds patience = kPatience) {
    pollfd event = {.fd = socket_.descriptor(), .events = POLLIN, .revents = 0};
    if (::poll(&event, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
    Bytes bytes(65'536);
    net::SocketAddress sender;
    sender.size = net::kSocketAddressSize;
    const ssize_t size = ::recvfrom(socket_.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                                    &sender.generic, &sender.size);
    if (size < 0) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(size));
    return Received{bytes, net::endpoint_from_socket_address(&sender.generic)};
  }

 private:
  net::Socket socket_;
};

net::Endpoint any_port(bool ipv4) {
  net::Endpoint endpoint = loopback(ipv4, 1);
  endpoint.port = 0;
  return endpoint;
}

// A relay that runs until report() or its end.
class Running {
 public:
  Running(ImpairOptions options, const net::Endpoint& server) : relay_(set_up(&options, server)) {
    std::string error;
    EXPECT_TRUE(relay_->open(&error)) << error;
    relay_->tell_on(&status_, [this](const ImpairReport& so_far) {
      const std::lock_guard lock(mutex_);
      so_far_ = so_far;
    });
    thread_ = std::jthread([this] {
      ProgressLine silent(nullptr);
      report_ = relay_->run(stop_, &silent);
    });
  }
  ~Running() { stop(); }

  int port() const { return relay_->port(); }
  ImpairReport report() {
    stop();
    return report_;
  }

  // The first report of a running relay of which this is true: a machine may stand still for longer
  // than any silence that a test could wait for.
  template <typename Condition>
  ImpairReport wait_until(const Condition& condition) {
    for (const auto end = Clock::now() + kPatience; Clock::now() < end;) {
      ::raise(SIGUSR1);
      std::this_thread::sleep_for(milliseconds(10));
      const std::lock_guard lock(mutex_);
      if (condition(so_far_)) return so_far_;
    }
    ADD_FAILURE() << "the relay does not come so far";
    return {};
  }

 private:
  static std::unique_ptr<Relay> set_up(ImpairOptions* options, const net::Endpoint& server) {
    options->target_text = server.to_string();
    EXPECT_EQ(check_impair_options(options), "");
    return std::make_unique<Relay>(*options);
  }
  void stop() {
    if (!thread_.joinable()) return;
    ::raise(SIGTERM);
    thread_.join();
  }

  StopSignal stop_;
  StatusSignal status_;
  std::unique_ptr<Relay> relay_;
  ImpairReport report_;
  std::mutex mutex_;
  ImpairReport so_far_;  // under the mutex
  std::jthread thread_;
};

Bytes numbered(std::uint32_t number, std::size_t size = 64) {
  Bytes bytes(size, 0x5a);
  for (std::size_t i = 0; i < 4 && i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return bytes;
}

void set(ImpairOptions* options, const std::string& name, const std::string& value) {
  for (const ImpairmentOption& option : impairment_options()) {
    if (kImpairPrefix + std::string(option.name) != name) continue;
    EXPECT_EQ(read_impairment(option, kImpairPrefix, value, &options->plan), "");
    return;
  }
  ADD_FAILURE() << "no option " << name;
}

void expect_conserved(const ImpairReport& report) {
  EXPECT_EQ(judge_impair(report), "");
  for (const ImpairCounts& counts : report.counts) {
    EXPECT_EQ(counts.unaccounted(), 0);
    EXPECT_EQ(counts.added_delay.count(), counts.forwarded);
  }
  EXPECT_EQ(report.kernel_drops[0].value_or(0), 0U);
  EXPECT_EQ(report.kernel_drops[1].value_or(0), 0U);
}

// Both families on either side, and every size from nothing to the largest, unharmed and in order.
TEST(RelayTest, ForwardsBothWaysAndTellsClientsApart) {
  for (const bool ipv4_server : {true, false}) {
    for (const bool ipv4_client : {true, false}) {
      Party server(any_port(ipv4_server));
      Running relay(ImpairOptions(), loopback(ipv4_server, server.port()));
      const net::Endpoint at = loopback(ipv4_client, relay.port());
      Party first(any_port(ipv4_client));
      Party second(any_port(ipv4_client));
      std::set<int> senders;
      for (const std::size_t size : {0U, 1U, 64U, 1400U, 9000U, 65'507U}) {
        for (Party* client : {&first, &second}) {
          client->send(at, numbered(7, size));
          const auto request = server.receive();
          ASSERT_TRUE(request);
          EXPECT_EQ(request->payload, numbered(7, size));
          senders.insert(request->sender.port);
          server.send(request->sender, numbered(8, size));
          const auto reply = client->receive();
          ASSERT_TRUE(reply);
          EXPECT_EQ(reply->payload, numbered(8, size));
          // As from the server itself: a connected client would not hear another one.
          EXPECT_EQ(reply->sender.to_string(), at.to_string());
        }
      }
      EXPECT_EQ(senders.size(), 2U);
      const ImpairReport report = relay.report();
      expect_conserved(report);
      EXPECT_EQ(report.clients, 2U);
      EXPECT_EQ(report.of(Direction::kToServer).forwarded, 12U);
      EXPECT_EQ(report.of(Direction::kToClient).forwarded, 12U);
      EXPECT_EQ(report.stopped_by_signal, SIGTERM);
    }
  }
}

// A machine has many addresses; the answer comes from the one that was written to.
TEST(RelayTest, AnswersFromTheAddressThatAClientWroteTo) {
  Party server(any_port(true));
  Running relay(ImpairOptions(), loopback(true, server.port()));
  const auto at = *parse_target_address("127.0.0.3:" + std::to_string(relay.port()));
  Party client(any_port(true));
  client.send(at, numbered(1));
  server.send(server.receive()->sender, numbered(2));
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->sender.to_string(), at.to_string());
}

// What comes through, by number, of a thousand datagrams each way.
struct Through {
  std::vector<std::uint32_t> to_server;
  std::vector<std::uint32_t> to_client;
  std::vector<std::size_t> sizes;
  ImpairReport report;
};

std::uint32_t number_of(const Bytes& bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4 && i < bytes.size(); ++i) {
    number |= static_cast<std::uint32_t>(bytes[i]) << (8 * i);
  }
  return number;
}

constexpr std::uint32_t kDatagrams = 1000;

// `pace`: how many are sent before any is looked for, which changes every time and no decision.
Through send_through(const ImpairOptions& options, std::uint32_t pace) {
  Through through;
  Party server(any_port(true));
  Running relay(options, loopback(true, server.port()));
  const net::Endpoint at = loopback(true, relay.port());
  Party client(any_port(true));
  std::optional<net::Endpoint> sender;
  std::uint64_t answered = 0;
  const auto take = [&](milliseconds patience) {
    while (const auto request = server.receive(patience)) {
      sender = request->sender;
      through.to_server.push_back(number_of(request->payload));
      through.sizes.push_back(request->payload.size());
    }
    while (const auto reply = client.receive(patience)) {
      through.to_client.push_back(number_of(reply->payload));
    }
  };
  for (std::uint32_t i = 0; i < kDatagrams; ++i) {
    client.send(at, numbered(i));
    if (sender) {
      server.send(*sender, numbered(i));
      ++answered;
    }
    if (i % pace == 0) take(milliseconds(1));
  }
  // What the relay has forwarded lies in the sockets, whatever the machine's pace.
  relay.wait_until([&](const ImpairReport& so_far) {
    const ImpairCounts& to_server = so_far.of(Direction::kToServer);
    const ImpairCounts& to_client = so_far.of(Direction::kToClient);
    return to_server.arrived == kDatagrams && to_server.waiting == 0 &&
           to_client.arrived == answered && to_client.waiting == 0;
  });
  take(milliseconds(0));
  through.report = relay.report();
  expect_conserved(through.report);
  return through;
}

TEST(RelayTest, LosesWhatTheSeedSaysWhateverTheTiming) {
  ImpairOptions options;
  options.seed = 42;
  set(&options, "--loss", "10/0");
  set(&options, "--burst", "3");
  set(&options, "--duplicate", "5/0");
  const Through slow = send_through(options, 1);
  const Through fast = send_through(options, 50);
  EXPECT_EQ(slow.to_server, fast.to_server);
  const ImpairCounts& counts = slow.report.of(Direction::kToServer);
  EXPECT_EQ(counts.arrived, kDatagrams);
  EXPECT_EQ(counts.forwarded, slow.to_server.size());
  EXPECT_EQ(counts.forwarded, kDatagrams + counts.duplicated - counts.lost);
  EXPECT_GT(counts.lost, 0U);
  EXPECT_GT(counts.duplicated, 0U);
  // The other way is whole, and in order.
  EXPECT_EQ(slow.report.of(Direction::kToClient).lost, 0U);
  EXPECT_EQ(slow.to_client.size(), slow.report.of(Direction::kToClient).arrived);
  EXPECT_TRUE(std::ranges::is_sorted(slow.to_client));
  EXPECT_EQ(slow.report.seed, 42U);
}

TEST(RelayTest, TruncatesToTheSizesThatTheSeedSays) {
  ImpairOptions options;
  options.seed = 5;
  set(&options, "--truncate", "50/0");
  const Through through = send_through(options, 10);
  Impairment asked;
  asked.truncate = 0.5;
  Fates fates(asked, 5, 1, Direction::kToServer);
  std::vector<std::size_t> sizes;
  for (std::uint32_t i = 0; i < kDatagrams; ++i) sizes.push_back(fates.next(64).size);
  EXPECT_EQ(through.sizes, sizes);
  EXPECT_EQ(through.report.of(Direction::kToServer).truncated,
            static_cast<std::uint64_t>(
                std::ranges::count_if(sizes, [](std::size_t size) { return size < 64; })));
}

TEST(RelayTest, DelayIsAddedAndKeepsTheOrder) {
  ImpairOptions options;
  set(&options, "--delay", "30/10");
  const Through through = send_through(options, 10);
  for (const Direction direction : kDirections) {
    const ImpairCounts& counts = through.report.of(direction);
    EXPECT_GE(counts.added_delay.min(), milliseconds(direction == Direction::kToServer ? 30 : 10));
    EXPECT_EQ(counts.reordered, 0U);
    EXPECT_EQ(counts.forwarded, counts.arrived);
  }
  EXPECT_TRUE(std::ranges::is_sorted(through.to_server));
  EXPECT_TRUE(std::ranges::is_sorted(through.to_client));
}

TEST(RelayTest, WhatStillWaitsAtTheEndIsSaid) {
  Party server(any_port(true));
  ImpairOptions options;
  set(&options, "--delay", "60000/0");
  Running relay(options, loopback(true, server.port()));
  Party client(any_port(true));
  for (std::uint32_t i = 0; i < 10; ++i) client.send(loopback(true, relay.port()), numbered(i));
  relay.wait_until(
      [](const ImpairReport& so_far) { return so_far.of(Direction::kToServer).arrived == 10U; });
  EXPECT_FALSE(server.receive(milliseconds(0)));
  const ImpairReport report = relay.report();
  expect_conserved(report);
  EXPECT_EQ(report.of(Direction::kToServer).waiting, 10U);
}

TEST(RelayTest, OneClientTooManyIsCountedAndTakesNothing) {
  Party server(any_port(true));
  ImpairOptions options;
  options.clients = 1;
  Running relay(options, loopback(true, server.port()));
  const net::Endpoint at = loopback(true, relay.port());
  Party first(any_port(true));
  Party second(any_port(true));
  first.send(at, numbered(1));
  ASSERT_TRUE(server.receive());
  second.send(at, numbered(2));
  first.send(at, numbered(3));
  const auto next = server.receive();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->payload, numbered(3));
  const ImpairReport report = relay.report();
  expect_conserved(report);
  EXPECT_EQ(report.of(Direction::kToServer).no_client, 1U);
  EXPECT_EQ(report.of(Direction::kToServer).arrived, 3U);
}

// Its place and its socket are free for others, and when it comes back it is a new one.
TEST(RelayTest, AnIdleClientIsForgotten) {
  Party server(any_port(true));
  ImpairOptions options;
  options.clients = 1;
  options.idle_seconds = 1;
  Running relay(options, loopback(true, server.port()));
  const net::Endpoint at = loopback(true, relay.port());
  Party first(any_port(true));
  Party second(any_port(true));
  first.send(at, numbered(1));
  const auto before = server.receive();
  ASSERT_TRUE(before);
  std::optional<Received> after;
  for (const auto end = Clock::now() + kPatience; !after && Clock::now() < end;) {
    second.send(at, numbered(2));
    after = server.receive(milliseconds(100));
  }
  ASSERT_TRUE(after);
  EXPECT_EQ(after->payload, numbered(2));
  const ImpairReport report = relay.report();
  expect_conserved(report);
  EXPECT_EQ(report.clients, 2U);
  EXPECT_EQ(report.most_clients, 1U);
}

// The machine says of each that nobody listens; the relay goes on, and loses none of those after.
TEST(RelayTest, AServerThatIsAwayIsNoFault) {
  auto server = std::make_unique<Party>(any_port(true));
  const int port = server->port();
  Running relay(ImpairOptions(), loopback(true, port));
  const net::Endpoint at = loopback(true, relay.port());
  Party client(any_port(true));
  client.send(at, numbered(0));
  ASSERT_TRUE(server->receive());
  server.reset();
  for (std::uint32_t i = 1; i <= 5; ++i) {
    client.send(at, numbered(i));
    std::this_thread::sleep_for(milliseconds(20));
  }
  net::Endpoint same = any_port(true);
  same.port = static_cast<std::uint16_t>(port);
  server = std::make_unique<Party>(same);
  client.send(at, numbered(6));
  const auto request = server->receive();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->payload, numbered(6));
  const ImpairReport report = relay.report();
  expect_conserved(report);
  EXPECT_GT(report.refused, 0U);
  EXPECT_EQ(report.of(Direction::kToServer).forwarded, 7U);
}

TEST(RelayTest, ARelayToItselfIsRefused) {
  Party taken(any_port(true));
  ImpairOptions options;
  options.port = taken.port();
  options.target_text = "127.0.0.1:" + std::to_string(taken.port());
  ASSERT_EQ(check_impair_options(&options), "");
  std::string error;
  EXPECT_FALSE(Relay(options).open(&error));
  EXPECT_NE(error.find("Choose another one"), std::string::npos) << error;
  options.port = 0;
  // Until a port is known there is no way to ask for it: the kernel is asked for one that is free.
  int port = 0;
  {
    Relay relay(options);
    ASSERT_TRUE(relay.open(&error)) << error;
    port = relay.port();
  }
  options.port = port;
  options.target_text = "127.0.0.1:" + std::to_string(port);
  ASSERT_EQ(check_impair_options(&options), "");
  EXPECT_FALSE(Relay(options).open(&error));
  EXPECT_NE(error.find("this relay itself"), std::string::npos) << error;
}

}  // namespace
}  // namespace ringpeer::tools
