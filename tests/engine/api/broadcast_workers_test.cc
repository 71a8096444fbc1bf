// A server on several workers, each of whose sockets the kernel gives every broadcast: one
// packet all the same, and by the worker that has the sender's other packets.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

constexpr const char* kEverybody = "127.255.255.255";
constexpr const char* kServer = "127.0.0.1";
constexpr const char* kOtherAddressOfServer = "127.0.0.2";
constexpr std::size_t kClients = 16;
constexpr std::size_t kPacketSize = 40;

struct Kind {
  BackendKind backend;
  int workers;
  ServerReceive receive;
};

std::string name_of(const Kind& kind) {
  return std::string(kind.backend == BackendKind::kIoUring ? "IoUring" : "Recvmmsg") +
         std::to_string(kind.workers) +
         (kind.receive == ServerReceive::kPerRemote ? "PerRemote" : "Together");
}
std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << name_of(kind); }

std::vector<Kind> every_kind() {
  std::vector<Kind> kinds;
  for (const BackendKind backend : {BackendKind::kIoUring, BackendKind::kRecvmmsg}) {
    for (const int workers : {2, 3}) {
      for (const auto receive : {ServerReceive::kPerRemote, ServerReceive::kTogether}) {
        kinds.push_back({backend, workers, receive});
      }
    }
  }
  return kinds;
}

class Client {
 public:
  Client() {
    EXPECT_EQ(socket_.open(net::SocketFamily::kIpv4), 0);
    EXPECT_EQ(socket_.bind(test::loopback_ipv4()), 0);
    EXPECT_EQ(socket_.set_broadcast(true), 0);
  }
  bool send(const char* to, int port) const {
    net::Endpoint destination{*net::IpAddress::parse(to)};
    destination.port = static_cast<std::uint16_t>(port);
    return socket_.send_to(test::numbered_payload(0, kPacketSize),
                           net::to_socket_address(destination, AF_INET)) == 0;
  }
  int port() const { return test::port_of(socket_); }

 private:
  net::Socket socket_;
};

// A server with clients, and what it has heard of each.
class Scene {
 public:
  // "" or why there is none.
  std::string open(const Kind& kind, bool share_port = false) {
    EngineOptions options;
    options.backend = kind.backend;
    options.workers = kind.workers;
    options.log = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_.append(line).append("\n");
    };
    std::string why;
    engine_ = Engine::create(options, nullptr, &why);
    if (engine_ == nullptr) return why;
    server_options_.receive = kind.receive;
    server_options_.socket.share_port = share_port;
    server_ = std::make_unique<UDPServer>(engine_);
    server_->set_max_pending_connections(2 * static_cast<int>(kClients));
    return listen(0) ? "" : "does not listen";
  }
  bool listen(int port) { return server_->listen(port, "*", server_options_) == Error::OK; }

  bool send_all(const char* to) const {
    bool sent = true;
    for (const Client& client : clients_) sent &= client.send(to, port());
    return sent;
  }
  // Of how many packets by client it has heard since the last look.
  std::array<int, kClients> take() {
    EXPECT_EQ(engine_->sync(), Error::OK);
    while (auto peer = server_->take_connection()) peers_.push_back(std::move(peer));
    std::array<int, kClients> heard{};
    for (const ReceivedPacket& packet : server_->drain()) {
      for (std::size_t i = 0; i < kClients; ++i) {
        if (clients_[i].port() == packet.sender.port) ++heard[i];
      }
    }
    return heard;
  }
  void expect_heard(int times) {
    std::array<int, kClients> each{};
    each.fill(times);
    EXPECT_EQ(take(), each);
  }
  // What is sent by these clients to all, and to either address of the server.
  void expect_to_hear_all() {
    ASSERT_TRUE(send_all(kEverybody));
    expect_heard(1);
    constexpr int kRounds = 5;
    for (int i = 0; i < kRounds; ++i) {
      ASSERT_TRUE(send_all(kServer) && send_all(kOtherAddressOfServer) && send_all(kEverybody));
    }
    expect_heard(3 * kRounds);
  }
  void expect_nothing_lost(int sent_by_each) const {
    const CounterSnapshot counters = engine_->counters();
    EXPECT_EQ(counters[Counter::kReceivedPackets], kClients * sent_by_each);
    EXPECT_EQ(counters.dropped_packets(), 0u);
  }
  void forget_peers() { peers_.clear(); }

  int port() const { return server_->get_local_port(); }
  UDPServer& server() { return *server_; }
  std::size_t peers() const { return peers_.size(); }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

 private:
  std::mutex mutex_;
  std::string log_;
  std::shared_ptr<Engine> engine_;
  ServerOptions server_options_;
  std::unique_ptr<UDPServer> server_;
  std::vector<std::shared_ptr<PacketPeerUDP>> peers_;
  std::array<Client, kClients> clients_;
};

class BroadcastWorkersTest : public testing::TestWithParam<Kind> {
 protected:
  bool is_sorted() const { return GetParam().receive == ServerReceive::kPerRemote; }
};

INSTANTIATE_TEST_SUITE_P(Kinds, BroadcastWorkersTest, testing::ValuesIn(every_kind()),
                         [](const auto& kind) { return name_of(kind.param); });

TEST_P(BroadcastWorkersTest, ABroadcastIsOnePacketAndItsSenderIsHeardAfterIt) {
  Scene scene;
  if (const std::string why = scene.open(GetParam()); !why.empty()) GTEST_SKIP() << why;
  scene.expect_to_hear_all();
  EXPECT_EQ(scene.peers(), is_sorted() ? kClients : 0u);
  scene.expect_nothing_lost(16);
}

TEST_P(BroadcastWorkersTest, SoItIsWhenItListensAgain) {
  Scene scene;
  if (const std::string why = scene.open(GetParam()); !why.empty()) GTEST_SKIP() << why;
  const int port = scene.port();
  for (int round = 0; round < 3; ++round) {
    scene.forget_peers();
    scene.server().stop();
    ASSERT_TRUE(scene.listen(port));
    scene.expect_to_hear_all();
    if (HasFailure()) return;
  }
}

// Of the same user, who may: it came after the server has taken the port for itself.
TEST_P(BroadcastWorkersTest, WhoJoinsThePortTakesNobodyAway) {
  Scene scene;
  if (const std::string why = scene.open(GetParam()); !why.empty()) GTEST_SKIP() << why;
  net::Socket stranger;
  ASSERT_EQ(stranger.open(net::SocketFamily::kDualStack), 0);
  ASSERT_EQ(stranger.set_reuse_port(true), 0);
  net::Endpoint everywhere;
  everywhere.port = static_cast<std::uint16_t>(scene.port());
  ASSERT_EQ(stranger.bind(everywhere), 0);
  scene.expect_to_hear_all();
  scene.expect_nothing_lost(16);
}

// Where a sandbox forbids one half of it, or the other, the server works as the kernel has it,
// and says so.
TEST_P(BroadcastWorkersTest, WhereProgramsAreForbiddenUnicastIsHeardAndTheLogSaysWhy) {
  for (const int option : {SO_ATTACH_REUSEPORT_CBPF, SO_ATTACH_FILTER}) {
    const test::ChildResult child = test::run_in_child([&]() -> std::string {
      if (!test::forbid_socket_option(option, EPERM)) return "skip";
      Scene scene;
      if (std::string why = scene.open(GetParam()); !why.empty()) return "skip: " + why;
      for (int i = 0; i < 5; ++i) {
        if (!scene.send_all(kServer)) return "not sent";
      }
      for (const int heard : scene.take()) {
        if (heard != 5) return "heard " + std::to_string(heard);
      }
      const bool said =
          scene.log().find("a broadcast comes once to each worker") != std::string::npos;
      return said ? "" : scene.log();
    });
    ASSERT_EQ(child.exit_status, 0);
    if (child.output.starts_with("skip")) GTEST_SKIP() << child.output;
    EXPECT_EQ(child.output, "") << option;
  }
}

// A port that others share is not this server's to divide: the kernel does, and nothing that is
// sent to it alone is lost.
TEST_P(BroadcastWorkersTest, OnASharedPortTheKernelChooses) {
  Scene scene;
  if (const std::string why = scene.open(GetParam(), true); !why.empty()) GTEST_SKIP() << why;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(scene.send_all(kServer));
  scene.expect_heard(5);
  EXPECT_EQ(scene.log().find("broadcast"), std::string::npos);
}

}  // namespace
}  // namespace ringpeer
