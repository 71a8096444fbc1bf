#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "ringpeer/tests/engine/backend/backend_fixture.h"

namespace ringpeer::test {
namespace {

using backend::DatagramFault;

class ReceiveTest : public BackendTest {};
RINGPEER_TEST_ON_EVERY_BACKEND(ReceiveTest);

TEST_P(ReceiveTest, SaysWhichKernelFeaturesItUses) {
  const std::string features = backend().features();
  EXPECT_FALSE(features.empty());
  if (!GetParam().use_min_wait) {
    EXPECT_EQ(features.find("min_wait"), std::string::npos) << features;
  }
  if (!GetParam().use_incremental_buffers) {
    EXPECT_EQ(features.find("incremental"), std::string::npos) << features;
  }
}

TEST_P(ReceiveTest, BringsDatagramsOfEverySizeWhole) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  const std::vector<std::size_t> sizes = {1,    2,    64,   512,   1200,  1472,  2047, 2048,
                                          2049, 4096, 9000, 32768, 65506, 65507, 3};
  for (std::uint32_t i = 0; i < sizes.size(); ++i) {
    ASSERT_TRUE(sender.send_numbered(i, sizes[i]));
    ASSERT_TRUE(receive_until(i + 1)) << sizes[i];
    const Received& datagram = received()[i];
    EXPECT_EQ(datagram.fault, DatagramFault::kNone) << sizes[i];
    ASSERT_EQ(datagram.payload.size(), sizes[i]);
    EXPECT_TRUE(is_numbered_payload(datagram.payload, i)) << sizes[i];
    EXPECT_EQ(datagram.source, sender.endpoint());
    EXPECT_EQ(datagram.segment_size, 0);
  }
}

TEST_P(ReceiveTest, KeepsTheOrderOfASender) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  // A mix of sizes, so that buffers fill up at odd places.
  constexpr std::uint32_t kCount = 3000;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(sender.send_numbered(i, 4 + i * 37 % 3000));
    const bool end_of_burst = i % 50 == 49;
    ASSERT_TRUE(!end_of_burst || receive_until(i + 1));
  }
  ASSERT_TRUE(receive_until(kCount));
  for (std::uint32_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(number_of(received()[i].payload), i);
    ASSERT_TRUE(is_numbered_payload(received()[i].payload, i));
  }
}

// A completion's payload comes after the *reserved* address space; with less than
// sockaddr_in6 reserved a dual-stack socket's addresses are cut without a word.
TEST_P(ReceiveTest, TheAddressOnADualStackSocketIsComplete) {
  if (!has_ipv6_loopback()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  const net::Socket socket = open_dual_stack_receiver();
  attach(socket);
  const Sender ipv4(port_of(socket), loopback_ipv4());
  const Sender ipv6(port_of(socket), loopback_ipv6());
  ASSERT_TRUE(ipv4.send_numbered(1, 100));
  ASSERT_TRUE(ipv6.send_numbered(2, 100));
  ASSERT_TRUE(receive_until(2));
  EXPECT_EQ(received()[0].source, ipv4.endpoint());
  EXPECT_EQ(received()[0].source.address.to_string(), "127.0.0.1");
  EXPECT_TRUE(is_numbered_payload(received()[0].payload, 1));
  EXPECT_EQ(received()[1].source, ipv6.endpoint());
  EXPECT_EQ(received()[1].source.address.to_string(), "0:0:0:0:0:0:0:1");
  EXPECT_TRUE(is_numbered_payload(received()[1].payload, 2));
}

TEST_P(ReceiveTest, LargerThanTheLimitIsMarkedTruncated) {
  for (const std::size_t limit : {std::size_t{1}, std::size_t{100}, std::size_t{1000},
                                  std::size_t{2048}, std::size_t{3000}}) {
    ASSERT_TRUE(restart({.max_datagram = limit}));
    const net::Socket socket = open_receiver();
    attach(socket);
    const Sender sender(port_of(socket));
    const std::vector<std::size_t> sizes = {limit, limit + 1, limit + 40, limit + 64, 65507, limit};
    for (std::uint32_t i = 0; i < sizes.size(); ++i) {
      ASSERT_TRUE(sender.send_numbered(i, sizes[i]));
      ASSERT_TRUE(receive_until(i + 1)) << limit << ": " << sizes[i];
      const Received& datagram = received()[i];
      if (sizes[i] <= limit) {
        EXPECT_EQ(datagram.fault, DatagramFault::kNone) << limit << ": " << sizes[i];
        EXPECT_EQ(datagram.payload, numbered_payload(i, sizes[i]));
      } else {
        EXPECT_EQ(datagram.fault, DatagramFault::kTruncated) << limit << ": " << sizes[i];
      }
    }
    ASSERT_TRUE(detach());
  }
}

TEST_P(ReceiveTest, AnEmptyDatagramIsADatagram) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  ASSERT_TRUE(sender.send({}));
  ASSERT_TRUE(sender.send_numbered(1, 10));
  ASSERT_TRUE(sender.send({}));
  ASSERT_TRUE(receive_until(3));
  EXPECT_EQ(received()[0].payload.size(), 0u);
  EXPECT_EQ(received()[0].fault, DatagramFault::kNone);
  EXPECT_EQ(received()[0].source, sender.endpoint());
  EXPECT_TRUE(is_numbered_payload(received()[1].payload, 1));
  EXPECT_EQ(received()[2].payload.size(), 0u);
}

// An empty datagram ends a multishot and takes a buffer; any stranger can send them.
TEST_P(ReceiveTest, AFloodOfEmptyDatagramsNeitherStopsNorLeaks) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  std::uint32_t sent = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 60; ++i, ++sent) ASSERT_TRUE(sender.send({}));
    ASSERT_TRUE(sender.send_numbered(static_cast<std::uint32_t>(round), 1200));
    ++sent;
    ASSERT_TRUE(receive_until(sent)) << "round " << round;
    EXPECT_TRUE(is_numbered_payload(received().back().payload, static_cast<std::uint32_t>(round)));
  }
  EXPECT_EQ(received().size(), sent);
  EXPECT_EQ(socket.kernel_drops(), 0u);
  EXPECT_TRUE(backend().has_buffers_to_lend()) << "all buffers are back";
}

// Each empty datagram costs the multishot, but must not cost a latency budget as
// well: a stranger's trickle of them would hold up everybody's packets.
TEST_P(ReceiveTest, EmptyDatagramsDoNotHoldUpWhatIsBehindThem) {
  const net::Socket socket = open_receiver();
  attach(socket);
  const Sender sender(port_of(socket));
  constexpr std::uint32_t kEmpty = 50;
  constexpr std::chrono::milliseconds kBudget{100};
  for (std::uint32_t i = 0; i < kEmpty; ++i) ASSERT_TRUE(sender.send({}));
  ASSERT_TRUE(sender.send_numbered(7, 100));
  const auto start = std::chrono::steady_clock::now();
  while (received().size() <= kEmpty) step({.budget = kBudget, .idle = kBudget});
  EXPECT_LT(std::chrono::steady_clock::now() - start, kEmpty * kBudget / 2);
  EXPECT_TRUE(is_numbered_payload(received().back().payload, 7));
}

// A connected socket reports an ICMP refusal, which ends a multishot.
TEST_P(ReceiveTest, ARefusalOnAConnectedSocketIsReportedAndReceivingGoesOn) {
  net::Socket peer = open_receiver();
  const std::uint16_t peer_port = port_of(peer);
  net::Socket socket = open_receiver();
  ASSERT_EQ(socket.connect(loopback_ipv4(peer_port)), 0);
  attach(socket);
  peer.close();
  for (std::size_t round = 0; round < 3; ++round) {
    received().clear();
    ASSERT_EQ(socket.send(numbered_payload(0, 10)), 0);
    ASSERT_TRUE(receive_until(1));
    EXPECT_EQ(received()[0].fault, DatagramFault::kSocketError);
    EXPECT_EQ(received()[0].error, ECONNREFUSED);
  }
  received().clear();
  net::Endpoint same = loopback_ipv4(peer_port);
  ASSERT_EQ(peer.open(net::SocketFamily::kIpv4), 0);
  ASSERT_EQ(peer.bind(same), 0) << "another process took the port";
  const net::SocketAddress target = net::to_socket_address(loopback_ipv4(port_of(socket)), AF_INET);
  ASSERT_EQ(peer.send_to(numbered_payload(5, 50), target), 0);
  ASSERT_TRUE(receive_until(1));
  EXPECT_EQ(received()[0].fault, DatagramFault::kNone);
  EXPECT_TRUE(is_numbered_payload(received()[0].payload, 5));
}

// More datagrams than the completion ring has entries, all of them waiting before
// the first look: the ring overflows and the multishot ends, but nothing is lost.
TEST_P(ReceiveTest, OverflowingTheCompletionRingLosesNothing) {
  constexpr std::uint32_t kCount = 6000;
  const net::Socket socket = open_receiver(16 << 20);
  attach(socket);
  const Sender sender(port_of(socket));
  for (std::uint32_t i = 0; i < kCount; ++i) ASSERT_TRUE(sender.send_numbered(i, 4));
  if (socket.kernel_drops() > 0) {
    GTEST_SKIP() << "the kernel granted only " << socket.receive_buffer()
                 << " bytes of receive buffer: raise net.core.rmem_max";
  }
  ASSERT_TRUE(receive_until(kCount));
  for (std::uint32_t i = 0; i < kCount; ++i) ASSERT_EQ(number_of(received()[i].payload), i);
  EXPECT_EQ(socket.kernel_drops(), 0u);
  // And it is still armed.
  ASSERT_TRUE(sender.send_numbered(kCount, 4));
  ASSERT_TRUE(receive_until(kCount + 1));
}

TEST_P(ReceiveTest, TellsManySendersApart) {
  const net::Socket socket = open_receiver();
  attach(socket);
  constexpr std::uint32_t kSenders = 100;
  std::vector<Sender> senders;
  for (std::uint32_t i = 0; i < kSenders; ++i) senders.emplace_back(port_of(socket));
  for (std::uint32_t i = 0; i < kSenders; ++i) ASSERT_TRUE(senders[i].send_numbered(i, 8));
  ASSERT_TRUE(receive_until(kSenders));
  std::set<std::uint32_t> seen;
  for (const Received& datagram : received()) {
    const std::uint32_t number = number_of(datagram.payload);
    ASSERT_LT(number, kSenders);
    EXPECT_EQ(datagram.source, senders[number].endpoint());
    seen.insert(number);
  }
  EXPECT_EQ(seen.size(), kSenders);
}

}  // namespace
}  // namespace ringpeer::test
