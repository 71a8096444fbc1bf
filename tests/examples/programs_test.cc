// The programs that the pages show do what they say.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "ringpeer/packet_peer_udp.h"

namespace ringpeer {
namespace {

int run(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class ApiExampleTest : public testing::TestWithParam<const char*> {};

TEST_P(ApiExampleTest, EndsWell) { EXPECT_EQ(0, run(std::string("examples/api/") + GetParam())); }

INSTANTIATE_TEST_SUITE_P(Programs, ApiExampleTest,
                         testing::Values("engine", "packet_peer", "packet_peer_extension",
                                         "packet_peer_stream", "packet_peer_udp", "udp_server",
                                         "values"),
                         [](const auto& program) { return std::string(program.param); });

// The port is free again when this returns.
int free_port() {
  PacketPeerUDP peer;
  EXPECT_EQ(Error::OK, peer.bind(0, "127.0.0.1"));
  return peer.get_local_port();
}

// A client as a Godot player would write it against the server of docs/porting.md.
TEST(PortingExampleTest, PlaysWithAClient) {
  const int port = free_port();
  const std::string command = "examples/porting/server " + std::to_string(port) + " 300";
  int status = -1;
  std::thread server([&] { status = run(command); });
  PacketPeerUDP client;
  ASSERT_EQ(Error::OK, client.connect_to_host("127.0.0.1", port));
  Vector2 position;
  std::int64_t newest_tick = -1;
  // The server runs for five seconds; this looks until it has answered twice.
  for (int i = 0; i < 400 && newest_tick < 1; ++i) {
    EXPECT_EQ(client.put_var(Dictionary{{"move", Vector2{1, 2}}}), Error::OK);
    if (client.wait(std::chrono::milliseconds(10)) != Error::OK) continue;
    const Variant state = client.get_var();
    if (!state.is_dictionary()) continue;
    newest_tick = state["tick"].as_int();
    position =
        state["positions"].get<Dictionary>()[Variant(client.get_local_port())].get<Vector2>();
  }
  server.join();
  EXPECT_EQ(0, status);
  EXPECT_GE(newest_tick, 1);
  EXPECT_GT(position.x, 0);
  EXPECT_EQ(2 * position.x, position.y);
}

}  // namespace
}  // namespace ringpeer
