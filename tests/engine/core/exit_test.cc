// What was answered with OK arrives, however the process ends, but for a kill.

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::ChildResult;
using test::EngineKind;
using test::numbered_payload;
using test::run_in_child;

constexpr const char* kHost = "127.0.0.1";
constexpr std::uint32_t kPackets = 5;
constexpr int kNoEngine = 77;  // exit status of a child without one

// A child ends with objects that it leaves alive, as a process does: reachable, so that they
// are no leaks.
template <typename T>
T& left_alive(T* object) {
  static auto* const objects = new std::vector<T*>;
  objects->push_back(object);
  return *object;
}

std::shared_ptr<Engine> create_engine(EngineOptions options) {
  auto engine = Engine::create(options);
  if (engine == nullptr) ::_exit(kNoEngine);
  return left_alive(new std::shared_ptr<Engine>(std::move(engine)));
}

PacketPeerUDP& create_peer(const std::shared_ptr<Engine>& engine, int port) {
  PacketPeerUDP& peer = left_alive(new PacketPeerUDP(engine));
  EXPECT_EQ(peer.set_dest_address(kHost, port), Error::OK);
  return peer;
}

void put_all(PacketPeerUDP& peer) {
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    if (peer.put_packet(numbered_payload(i, 20)) != Error::OK) ::_exit(1);
  }
}

// What waits at a socket.
std::uint32_t count_at(const net::Socket& socket) {
  std::array<std::uint8_t, 64> bytes{};
  std::uint32_t count = 0;
  while (::recv(socket.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT) >= 0) ++count;
  return count;
}

class ExitTest : public testing::TestWithParam<EngineKind> {
 protected:
  EngineOptions options() const { return GetParam().options(); }

  // Runs it in a child that ends by itself, with this status.
  template <typename Body>
  void expect_end(Body body, int status = 0) {
    const ChildResult child = run_in_child([&]() -> std::string {
      body();
      ::_exit(2);  // it was to end before
    });
    if (child.exit_status == kNoEngine) GTEST_SKIP() << "no such engine";
    EXPECT_FALSE(child.timed_out) << "it hangs";
    EXPECT_EQ(status, child.exit_status);
  }

  const net::Socket receiver_ = test::open_receiver();
  const int port_ = test::port_of(receiver_);
};

TEST_P(ExitTest, PacketsThatWerePutArrive) {
  expect_end([this] {
    put_all(create_peer(create_engine(options()), port_));
    std::exit(0);
  });
  EXPECT_EQ(kPackets, count_at(receiver_));
}

TEST_P(ExitTest, PacketsThatWerePutArriveAtAQuickExit) {
  expect_end([this] {
    put_all(create_peer(create_engine(options()), port_));
    std::quick_exit(0);
  });
  EXPECT_EQ(kPackets, count_at(receiver_));
}

TEST_P(ExitTest, PacketsOfSeveralEnginesArriveWhicheverThreadExits) {
  expect_end([this] {
    put_all(create_peer(create_engine(options()), port_));
    put_all(create_peer(create_engine(options()), port_));
    std::thread([] { std::exit(0); }).join();
  });
  EXPECT_EQ(2 * kPackets, count_at(receiver_));
}

TEST_P(ExitTest, APacketToAllReachesEveryPlayer) {
  constexpr std::size_t kPlayers = 10;
  std::vector<net::Socket> players;
  for (std::size_t i = 0; i < kPlayers; ++i) players.push_back(test::open_receiver());
  expect_end([&] {
    const auto engine = create_engine(options());
    UDPServer& server = left_alive(new UDPServer(engine));
    if (server.listen(0, kHost) != Error::OK) ::_exit(1);
    const auto port = static_cast<std::uint16_t>(server.get_local_port());
    const net::SocketAddress to = net::to_socket_address(test::loopback_ipv4(port), AF_INET);
    for (const net::Socket& player : players) {
      player.send_to(numbered_payload(0, 10), to);
    }
    auto& taken = left_alive(new std::vector<std::shared_ptr<PacketPeerUDP>>);
    const bool all = test::eventually([&] {
      (void)engine->sync();  // what has not come yet is waited for
      while (server.is_connection_available()) taken.push_back(server.take_connection());
      return taken.size() == kPlayers;
    });
    if (!all || server.put_var_to_all("good bye") != Error::OK) ::_exit(1);
    std::exit(0);
  });
  for (const net::Socket& player : players) EXPECT_EQ(1u, count_at(player));
}

TEST_P(ExitTest, EnginesThatAreStoppedOrGoneAreLeftAlone) {
  expect_end([this] {
    create_engine(options())->stop();
    Engine::create(options());
    put_all(create_peer(create_engine(options()), port_));
    std::exit(0);
  });
  EXPECT_EQ(kPackets, count_at(receiver_));
}

TEST_P(ExitTest, EndsAlthoughOtherThreadsPutWithoutPause) {
  const net::Socket sink = test::open_receiver(1);
  const int sink_port = test::port_of(sink);
  expect_end([&] {
    const auto engine = create_engine(options());
    PacketPeerUDP& noise = create_peer(engine, sink_port);
    PacketPeerUDP& peer = create_peer(engine, port_);
    for (int i = 0; i < 4; ++i) {
      std::thread([&noise] {
        for (;;) (void)noise.put_packet(numbered_payload(0, 20));
      }).detach();
    }
    for (std::uint32_t put = 0; put < kPackets;) {
      if (peer.put_packet(numbered_payload(put, 20)) == Error::OK) ++put;
    }
    std::exit(0);
  });
  EXPECT_EQ(kPackets, count_at(receiver_));
}

// The statics that an engine finds when it is made are destroyed after its exit handler.
TEST_P(ExitTest, APutFromADestructorThatRunsLaterIsRefusedOrArrives) {
  expect_end(
      [this] {
        static PacketPeerUDP* peer = nullptr;
        static const struct Last {
          ~Last() { ::_exit(peer->put_packet(numbered_payload(9, 20)) == Error::OK ? 10 : 11); }
        } last;
        peer = &create_peer(create_engine(options()), port_);
        put_all(*peer);
        std::exit(0);
      },
      GetParam().workers == 0 ? 10 : 11);
  EXPECT_EQ(kPackets + (GetParam().workers == 0 ? 1 : 0), count_at(receiver_));
}

TEST_P(ExitTest, AnEngineThatIsMadeInADestructorAtTheEndSendsAsWell) {
  expect_end([this] {
    static const auto* const self = this;
    static const struct Last {
      ~Last() { put_all(create_peer(create_engine(self->options()), self->port_)); }
    } last;
    create_engine(options());
    std::exit(0);
  });
  EXPECT_EQ(kPackets, count_at(receiver_));
}

TEST_P(ExitTest, AnExitOfAForkedChildLeavesTheParentAlone) {
  expect_end([this] {
    const auto engine = create_engine(options());
    PacketPeerUDP& peer = create_peer(engine, port_);
    put_all(peer);
    const pid_t child = ::fork();
    if (child == 0) std::exit(0);
    int status = -1;
    ::waitpid(child, &status, 0);
    if (status != 0 || !engine->is_running()) ::_exit(3);
    put_all(peer);
    std::exit(0);
  });
  EXPECT_EQ(2 * kPackets, count_at(receiver_));
}

// Whoever logs may end the process for what he is told.
TEST_P(ExitTest, ALogFunctionMayExit) {
  if (GetParam().workers == 0) GTEST_SKIP() << "the worker is the thread that calls";
  if (GetParam().backend != BackendKind::kIoUring) GTEST_SKIP() << "tested with io_uring alone";
  expect_end(
      [this] {
        static const std::thread::id self = std::this_thread::get_id();
        EngineOptions noisy = options();
        noisy.log = [](std::string_view) {
          if (std::this_thread::get_id() != self) std::exit(5);
        };
        put_all(create_peer(create_engine(noisy), port_));
        if (!test::forbid_system_call(SYS_io_uring_enter, EPERM, true)) ::_exit(kNoEngine);
        std::this_thread::sleep_for(test::kPatience);
      },
      5);
}

INSTANTIATE_TEST_SUITE_P(Engines, ExitTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
