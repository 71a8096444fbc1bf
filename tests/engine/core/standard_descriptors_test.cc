// A program whose standard streams are closed: what it, or a library of its, writes to "stderr"
// goes nowhere, and not into a socket or an eventfd of the engine.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/stream_peer_tcp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

constexpr std::chrono::milliseconds kPatience{20000};
constexpr std::uint8_t kPacket[] = {1, 2, 3};

// Which of the three somebody has opened.
std::string taken_descriptors() {
  std::string taken;
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) >= 0) taken += std::to_string(descriptor) + " is taken; ";
  }
  return taken;
}

std::string live(const EngineOptions& options) {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(descriptor);
  const std::shared_ptr<Engine> engine = Engine::create(options);
  if (engine == nullptr) return "no such backend";
  if (const std::string taken = taken_descriptors(); !taken.empty()) return "engine: " + taken;
  UDPServer server(engine);
  PacketPeerUDP client(engine);
  if (server.listen(0, "127.0.0.1") != Error::OK) return "no server";
  if (client.connect_to_host("127.0.0.1", server.get_local_port()) != Error::OK) return "no client";
  if (engine->workers() > 0) server.get_poll_descriptor();
  StreamPeerTCP stream;
  static_cast<void>(stream.connect_to_host("127.0.0.1", 1));  // refused, or soon
  if (const std::string taken = taken_descriptors(); !taken.empty()) return "peers: " + taken;
  if (client.put_packet(kPacket) != Error::OK) return "not put";
  if (server.wait(kPatience) != Error::OK) return "not received";
  return "serves";
}

class StandardDescriptorsTest : public testing::TestWithParam<test::EngineKind> {};
INSTANTIATE_TEST_SUITE_P(Engines, StandardDescriptorsTest, test::every_engine(), test::engine_name);

TEST_P(StandardDescriptorsTest, AreNeverTheEngines) {
  const test::ChildResult child = test::run_in_child([] { return live(GetParam().options()); });
  ASSERT_FALSE(child.timed_out);
  if (child.output == "no such backend") GTEST_SKIP() << child.output;
  EXPECT_EQ(child.output, "serves");
}

}  // namespace
}  // namespace ringpeer
