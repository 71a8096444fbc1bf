#include "ringpeer/udp_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/tests/engine/support/backends.h"

namespace ringpeer {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{2000};

class UdpServerTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.backend = GetParam();
    Error error = Error::OK;
    std::string message;
    engine_ = Engine::create(options, &error, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  std::shared_ptr<PacketPeerUDP> connect(const UDPServer& server) {
    auto client = std::make_shared<PacketPeerUDP>(engine_);
    EXPECT_EQ(Error::OK, client->connect_to_host("127.0.0.1", server.get_local_port()));
    return client;
  }

  std::shared_ptr<Engine> engine_;
};

// What Godot's own test of UDPServer does, with its values.
TEST_P(UdpServerTest, ServesFiveClientsAtOnce) {
  UDPServer server(engine_);
  ASSERT_EQ(Error::OK, server.listen(0, "127.0.0.1"));
  EXPECT_FALSE(server.is_connection_available());
  std::vector<std::shared_ptr<PacketPeerUDP>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(connect(server));
    ASSERT_EQ(Error::OK, clients.back()->put_var(std::to_string(i)));
  }
  ASSERT_EQ(Error::OK, engine_->sync());
  std::vector<std::shared_ptr<PacketPeerUDP>> peers;
  while (auto peer = server.take_connection()) {
    EXPECT_TRUE(peer->is_bound());
    EXPECT_TRUE(peer->is_socket_connected());
    EXPECT_EQ(1, peer->get_available_packet_count());
    const Variant greeting = peer->get_var();
    ASSERT_TRUE(greeting.is<String>());
    EXPECT_EQ(Error::OK, peer->put_var(3.1415 + std::stoi(std::string(greeting.as_text()))));
    peers.push_back(peer);
  }
  ASSERT_EQ(5u, peers.size());
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(Error::OK, clients[static_cast<std::size_t>(i)]->wait(kPatience));
    EXPECT_EQ(Variant(3.1415 + i), clients[static_cast<std::size_t>(i)]->get_var());
  }
  server.stop();
  EXPECT_FALSE(server.is_listening());
  EXPECT_EQ(-1, peers[0]->get_available_packet_count());
}

TEST_P(UdpServerTest, ClosedPeerIsNewAtOnce) {
  UDPServer server(engine_);
  ASSERT_EQ(Error::OK, server.listen(0, "127.0.0.1"));
  const auto client = connect(server);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(Error::OK, client->put_var(round));
    ASSERT_EQ(Error::OK, engine_->sync());
    const auto peer = server.take_connection();
    ASSERT_NE(nullptr, peer);
    EXPECT_EQ(Variant(round), peer->get_var());
    EXPECT_EQ(nullptr, server.take_connection());
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, UdpServerTest, test::every_backend(), test::backend_name);

}  // namespace
}  // namespace ringpeer
