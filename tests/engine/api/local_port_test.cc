// A machine that has no local port left.

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer {
namespace {

constexpr const char* kNoNetwork = "no network of its own";
constexpr int kFirstPort = 40000;
constexpr int kPorts = 4;

// A network with a loopback interface and few ports.
bool enter_small_network() {
  if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  net::Socket socket;
  if (socket.open(net::SocketFamily::kIpv4) != 0) return false;
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
  if (::ioctl(socket.descriptor(), SIOCSIFFLAGS, &request) != 0) return false;
  std::ofstream range("/proc/sys/net/ipv4/ip_local_port_range");
  range << kFirstPort << " " << kFirstPort + kPorts - 1 << std::endl;
  return range.good();
}

std::string put_from_many(const EngineOptions& options) {
  if (!enter_small_network()) return kNoNetwork;
  const auto engine = Engine::create(options);
  if (engine == nullptr) return kNoNetwork;
  std::vector<std::unique_ptr<PacketPeerUDP>> peers;
  std::string answers;
  for (int i = 0; i < kPorts + 2; ++i) {
    peers.push_back(std::make_unique<PacketPeerUDP>(engine));
    EXPECT_EQ(peers.back()->set_dest_address("127.0.0.1", 5000), Error::OK);
    const Error error = peers.back()->put_packet(test::numbered_payload(0, 4));
    answers += error == Error::OK ? "o" : error == Error::FAILED ? "F" : "?";
  }
  const CounterSnapshot counters = engine->counters();
  return answers + " " + std::to_string(counters[Counter::kSendFailedOther]) + " " +
         std::to_string(counters[Counter::kSendFailedQueueFull]);
}

class LocalPortTest : public testing::TestWithParam<test::EngineKind> {};

INSTANTIATE_TEST_SUITE_P(Engines, LocalPortTest, test::every_engine(), test::engine_name);

// The kernel says EAGAIN, as it does of a full buffer; nothing ends by trying again.
TEST_P(LocalPortTest, WithoutAFreeOneAPutFailsAndIsNoOverload) {
  const test::ChildResult child =
      test::run_in_child([] { return put_from_many(GetParam().options()); });
  if (child.output == kNoNetwork) GTEST_SKIP() << kNoNetwork;
  EXPECT_EQ("ooooFF 2 0", child.output);
}

}  // namespace
}  // namespace ringpeer
