// A worker has places for so many sockets; what comes beyond goes to the others.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/worker/socket_queue.h"
#include "ringpeer/engine/worker/worker_group.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/descriptor_limit.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

class WorkerPlacesTest : public testing::TestWithParam<BackendKind> {};
INSTANTIATE_TEST_SUITE_P(Backends, WorkerPlacesTest, test::every_backend(), test::backend_name);

TEST_P(WorkerPlacesTest, OnesThatAreFreeAreFoundHoweverFullTheOthersAre) {
  constexpr std::size_t kLeft = 2;
  constexpr int kPeers = 12;
  if (!test::may_open(backend::kMaxSockets + 200))
    GTEST_SKIP() << "too few descriptors (ulimit -n)";
  EngineOptions options;
  options.backend = GetParam();
  options.workers = 2;
  std::string message;
  const auto engine = Engine::create(options, nullptr, &message);
  if (engine == nullptr) GTEST_SKIP() << message;

  worker::Worker& full = engine->workers_of_engine().at(0);
  worker::SocketQueue sink(64, 1 << 16, {});
  std::vector<int> sockets;
  std::vector<backend::SocketSlot> slots;
  for (std::size_t i = 0; i < backend::kMaxSockets - kLeft; ++i) {
    sockets.push_back(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    slots.emplace_back();
    ASSERT_EQ(full.attach(sockets.back(), &sink, &slots.back()), 0) << i;
  }

  std::vector<std::unique_ptr<PacketPeerUDP>> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(std::make_unique<PacketPeerUDP>(engine));
    ASSERT_EQ(peers.back()->bind(0, "127.0.0.1"), Error::OK) << i;
  }
  std::uint32_t number = 0;
  for (const auto& peer : peers) {
    const test::Sender sender(static_cast<std::uint16_t>(peer->get_local_port()));
    ASSERT_TRUE(sender.send_numbered(++number, 40));
    EXPECT_TRUE(test::eventually([&] { return peer->get_available_packet_count() == 1; }));
  }
  // Nor does a connect, which leaves a place and takes one.
  for (const auto& peer : peers) EXPECT_EQ(peer->connect_to_host("127.0.0.1", 9), Error::OK);

  for (std::size_t i = 0; i < slots.size(); ++i) {
    full.detach(slots[i]);
    ::close(sockets[i]);
  }
}

}  // namespace
}  // namespace ringpeer
