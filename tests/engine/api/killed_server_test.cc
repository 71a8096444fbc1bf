// A server that was killed can be started again at once.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

#include "ringpeer/engine.h"
#include "ringpeer/engine/net/port_holder.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::EngineKind;
using test::loopback_ipv4;

constexpr const char* kHost = "127.0.0.1";

std::uint16_t free_port() { return test::port_of(test::open_receiver(1)); }

// A process that has the port, by a server of this kind of engine, until it is killed.
class OtherProcess {
 public:
  OtherProcess(const EngineOptions& options, int port) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return;
    process_ = ::fork();
    if (process_ == 0) {
      UDPServer server(Engine::create(options));
      const char listens = server.listen(port, kHost) == Error::OK ? 1 : 0;
      if (::write(ends[1], &listens, 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    char listens = 0;
    listens_ = process_ > 0 && ::read(ends[0], &listens, 1) == 1 && listens == 1;
    ::close(ends[0]);
  }
  ~OtherProcess() { kill(); }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  bool listens() const { return listens_; }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, -1), nullptr, 0);
  }

 private:
  pid_t process_ = -1;
  bool listens_ = false;
};

class KilledServerTest : public testing::TestWithParam<EngineKind> {};

TEST_P(KilledServerTest, ItsPortCanBeHadAtOnce) {
  if (Engine::create(GetParam().options()) == nullptr) GTEST_SKIP() << "no such engine";
  constexpr int kTimes = 5;
  for (int i = 0; i < kTimes; ++i) {
    const int port = free_port();
    OtherProcess other(GetParam().options(), port);
    ASSERT_TRUE(other.listens());
    other.kill();
    if (i % 2 == 0) {
      UDPServer server(Engine::create(GetParam().options()));
      EXPECT_EQ(Error::OK, server.listen(port, kHost));
    } else {
      PacketPeerUDP peer(Engine::create(GetParam().options()));
      EXPECT_EQ(Error::OK, peer.bind(port, kHost));
    }
  }
}

TEST_P(KilledServerTest, ThePortOfALiveProcessIsRefused) {
  if (Engine::create(GetParam().options()) == nullptr) GTEST_SKIP() << "no such engine";
  const std::uint16_t port = free_port();
  EXPECT_FALSE(net::has_live_holder(loopback_ipv4(port)));
  const OtherProcess other(GetParam().options(), port);
  ASSERT_TRUE(other.listens());
  EXPECT_TRUE(net::has_live_holder(loopback_ipv4(port)));
  net::Endpoint any;
  any.port = port;
  EXPECT_TRUE(net::has_live_holder(any));
  net::Endpoint another = test::loopback_ipv6(port);
  EXPECT_FALSE(net::has_live_holder(another)) << "not in the way of that one";
  UDPServer server(Engine::create(GetParam().options()));
  EXPECT_EQ(Error::ERR_UNAVAILABLE, server.listen(port, kHost));
}

INSTANTIATE_TEST_SUITE_P(Engines, KilledServerTest, test::every_engine(), test::engine_name);

TEST(PortHolder, IsThisProcess) {
  const net::Socket socket = test::open_receiver();
  EXPECT_TRUE(net::has_live_holder(loopback_ipv4(test::port_of(socket))));
}

}  // namespace
}  // namespace ringpeer
