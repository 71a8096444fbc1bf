#include "ringpeer/engine/net/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace ringpeer::net {
namespace {

constexpr int kReadableWithinMs = 5000;

Endpoint loopback(std::uint16_t port = 0) {
  Endpoint endpoint;
  endpoint.address = *IpAddress::parse("127.0.0.1");
  endpoint.port = port;
  return endpoint;
}

Endpoint loopback_ipv6(std::uint16_t port = 0) {
  Endpoint endpoint;
  endpoint.address = *IpAddress::parse("::1");
  endpoint.port = port;
  return endpoint;
}

bool readable(const Socket& socket, int timeout_ms = kReadableWithinMs) {
  pollfd request{socket.descriptor(), POLLIN, 0};
  return ::poll(&request, 1, timeout_ms) == 1;
}

std::uint16_t port_of(const Socket& socket) { return socket.local_endpoint()->port; }

bool has_ipv6() {
  Socket socket;
  return socket.open(SocketFamily::kIpv6) == 0 && socket.bind(loopback_ipv6()) == 0;
}

const std::vector<std::uint8_t> kHello = {'h', 'e', 'l', 'l', 'o'};

TEST(Socket, IsNonBlockingAndNotInherited) {
  Socket socket;
  EXPECT_FALSE(socket.is_open());
  ASSERT_EQ(socket.open(SocketFamily::kIpv4), 0);
  EXPECT_TRUE(socket.is_open());
  EXPECT_EQ(socket.family(), AF_INET);
  EXPECT_NE(::fcntl(socket.descriptor(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(socket.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Socket, BindsToAnEphemeralPortAndSaysWhich) {
  Socket socket;
  ASSERT_EQ(socket.open(SocketFamily::kIpv4), 0);
  ASSERT_EQ(socket.bind(loopback()), 0);
  ASSERT_TRUE(socket.local_endpoint().has_value());
  EXPECT_NE(socket.local_endpoint()->port, 0);
  EXPECT_EQ(socket.local_endpoint()->address, loopback().address);
}

TEST(Socket, SendsAndReportsErrors) {
  Socket receiver;
  ASSERT_EQ(receiver.open(SocketFamily::kIpv4), 0);
  ASSERT_EQ(receiver.bind(loopback()), 0);
  Socket sender;
  ASSERT_EQ(sender.open(SocketFamily::kIpv4), 0);
  const SocketAddress target = to_socket_address(loopback(port_of(receiver)), AF_INET);
  EXPECT_EQ(sender.send_to(kHello, target), 0);
  EXPECT_EQ(sender.send_to({}, target), 0) << "an empty datagram is one";
  ASSERT_TRUE(readable(receiver));
  std::array<std::uint8_t, 16> bytes{};
  EXPECT_EQ(::recv(receiver.descriptor(), bytes.data(), bytes.size(), 0), 5);
  EXPECT_EQ(::recv(receiver.descriptor(), bytes.data(), bytes.size(), 0), 0);
  EXPECT_EQ(sender.send_to(std::vector<std::uint8_t>(65508), target), EMSGSIZE);
  EXPECT_EQ(sender.send(kHello), EDESTADDRREQ);
}

TEST(Socket, ADualStackSocketHearsBothFamilies) {
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  Socket receiver;
  ASSERT_EQ(receiver.open(SocketFamily::kDualStack), 0);
  ASSERT_EQ(receiver.bind(Endpoint()), 0);
  Socket ipv4;
  ASSERT_EQ(ipv4.open(SocketFamily::kIpv4), 0);
  Socket ipv6;
  ASSERT_EQ(ipv6.open(SocketFamily::kIpv6), 0);
  const std::uint16_t port = port_of(receiver);
  EXPECT_EQ(ipv4.send_to(kHello, to_socket_address(loopback(port), AF_INET)), 0);
  EXPECT_EQ(ipv6.send_to(kHello, to_socket_address(loopback_ipv6(port), AF_INET6)), 0);
  for (const char* expected : {"127.0.0.1", "0:0:0:0:0:0:0:1"}) {
    ASSERT_TRUE(readable(receiver));
    SocketAddress from;
    socklen_t size = kSocketAddressSize;
    std::array<std::uint8_t, 16> bytes{};
    ASSERT_EQ(
        ::recvfrom(receiver.descriptor(), bytes.data(), bytes.size(), 0, &from.generic, &size), 5);
    EXPECT_EQ(endpoint_from_socket_address(&from.generic).address.to_string(), expected);
  }
}

TEST(Socket, AnIpv6OnlySocketLeavesTheIpv4PortFree) {
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  Socket ipv6;
  ASSERT_EQ(ipv6.open(SocketFamily::kIpv6), 0);
  ASSERT_EQ(ipv6.bind(Endpoint()), 0);
  Endpoint same = loopback(port_of(ipv6));
  Socket ipv4;
  ASSERT_EQ(ipv4.open(SocketFamily::kIpv4), 0);
  const int error = ipv4.bind(same);
  EXPECT_TRUE(error == 0 || error == EADDRINUSE) << error;
  Socket dual;
  ASSERT_EQ(dual.open(SocketFamily::kDualStack), 0);
  Endpoint everything;
  everything.port = same.port;
  EXPECT_EQ(dual.bind(everything), EADDRINUSE);
}

TEST(Socket, AnIpv4SocketRefusesIpv6Addresses) {
  Socket socket;
  ASSERT_EQ(socket.open(SocketFamily::kIpv4), 0);
  EXPECT_EQ(socket.bind(loopback_ipv6()), EAFNOSUPPORT);
  EXPECT_EQ(socket.connect(loopback_ipv6(1)), EAFNOSUPPORT);
}

TEST(Socket, APortIsTakenOnceUnlessBothShareIt) {
  Socket first;
  ASSERT_EQ(first.open(SocketFamily::kIpv4), 0);
  ASSERT_EQ(first.set_reuse_port(true), 0);
  ASSERT_EQ(first.bind(loopback()), 0);
  Socket stranger;
  ASSERT_EQ(stranger.open(SocketFamily::kIpv4), 0);
  EXPECT_EQ(stranger.bind(loopback(port_of(first))), EADDRINUSE);
  Socket sharing;
  ASSERT_EQ(sharing.open(SocketFamily::kIpv4), 0);
  ASSERT_EQ(sharing.set_reuse_port(true), 0);
  EXPECT_EQ(sharing.bind(loopback(port_of(first))), 0);
}

TEST(Socket, DropsEverythingOnlyAsLongAsItIsTold) {
  Socket receiver;
  ASSERT_EQ(receiver.open(SocketFamily::kIpv4), 0);
  ASSERT_EQ(receiver.set_drop_all(true), 0);
  ASSERT_EQ(receiver.bind(loopback()), 0);
  Socket sender;
  ASSERT_EQ(sender.open(SocketFamily::kIpv4), 0);
  const SocketAddress target = to_socket_address(loopback(port_of(receiver)), AF_INET);
  ASSERT_EQ(sender.send_to(kHello, target), 0);
  ASSERT_EQ(receiver.set_drop_all(false), 0);
  EXPECT_FALSE(readable(receiver, 0));
  ASSERT_EQ(sender.send_to(kHello, target), 0);
  EXPECT_TRUE(readable(receiver));
}

TEST(Socket, BroadcastNeedsPermission) {
  Socket socket;
  ASSERT_EQ(socket.open(SocketFamily::kIpv4), 0);
  Endpoint everybody;
  everybody.address = *IpAddress::parse("127.255.255.255");
  everybody.port = 9;
  const SocketAddress target = to_socket_address(everybody, AF_INET);
  EXPECT_EQ(socket.send_to(kHello, target), EACCES);
  ASSERT_EQ(socket.set_broadcast(true), 0);
  EXPECT_EQ(socket.send_to(kHello, target), 0);
  ASSERT_EQ(socket.set_broadcast(false), 0);
  EXPECT_EQ(socket.send_to(kHello, target), EACCES);
}

int system_limit(const char* path) {
  int value = 0;
  std::ifstream(path) >> value;
  return value;
}

// The kernel counts twice what is asked for, and clamps unprivileged requests at its
// limit without a word: what was granted has to be read back.
TEST(Socket, ReportsTheBuffersThatWereGranted) {
  Socket socket;
  ASSERT_EQ(socket.open(SocketFamily::kIpv4), 0);
  EXPECT_EQ(socket.request_receive_buffer(100000), 200000);
  EXPECT_EQ(socket.receive_buffer(), 200000);
  EXPECT_EQ(socket.request_send_buffer(100000), 200000);
  EXPECT_EQ(socket.send_buffer(), 200000);

  const int limit = system_limit("/proc/sys/net/core/rmem_max");
  ASSERT_GT(limit, 0);
  const int wanted = limit + 4096;
  const int granted = socket.request_receive_buffer(wanted);
  EXPECT_EQ(granted, socket.receive_buffer());
  EXPECT_TRUE(granted == 2 * limit || granted == 2 * wanted)
      << granted << ": the clamped or, for a privileged process, the full request";
}

TEST(Socket, CountsWhatTheKernelDropped) {
  Socket receiver;
  ASSERT_EQ(receiver.open(SocketFamily::kIpv4), 0);
  receiver.request_receive_buffer(1);  // the kernel's minimum: a few packets
  ASSERT_EQ(receiver.bind(loopback()), 0);
  EXPECT_EQ(receiver.kernel_drops(), 0u);
  Socket sender;
  ASSERT_EQ(sender.open(SocketFamily::kIpv4), 0);
  const SocketAddress target = to_socket_address(loopback(port_of(receiver)), AF_INET);
  constexpr std::uint64_t kSent = 100;
  for (std::uint64_t i = 0; i < kSent; ++i) ASSERT_EQ(sender.send_to(kHello, target), 0);
  std::uint64_t received = 0;
  std::array<std::uint8_t, 16> bytes{};
  while (::recv(receiver.descriptor(), bytes.data(), bytes.size(), 0) > 0) ++received;
  EXPECT_GT(receiver.kernel_drops(), 0u);
  EXPECT_EQ(received + receiver.kernel_drops().value_or(0), kSent);
}

TEST(Socket, AConnectedSocketLearnsOfARefusal) {
  Socket closed;
  ASSERT_EQ(closed.open(SocketFamily::kIpv4), 0);
  ASSERT_EQ(closed.bind(loopback()), 0);
  const std::uint16_t port = port_of(closed);
  Socket socket;
  ASSERT_EQ(socket.open(SocketFamily::kIpv4), 0);
  ASSERT_EQ(socket.connect(loopback(port)), 0);
  EXPECT_EQ(socket.send(kHello), 0);
  closed.close();
  EXPECT_EQ(socket.send(kHello), 0) << "the refusal of this one comes back";
  ASSERT_TRUE(readable(socket));
  EXPECT_EQ(socket.send(kHello), ECONNREFUSED);
}

TEST(Socket, MovesItsDescriptor) {
  Socket first;
  ASSERT_EQ(first.open(SocketFamily::kIpv4), 0);
  const int descriptor = first.descriptor();
  Socket second(std::move(first));
  EXPECT_FALSE(first.is_open());  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_EQ(second.descriptor(), descriptor);
  Socket third;
  ASSERT_EQ(third.open(SocketFamily::kIpv4), 0);
  const int replaced = third.descriptor();
  third = std::move(second);
  EXPECT_EQ(third.descriptor(), descriptor);
  EXPECT_EQ(::fcntl(replaced, F_GETFD), -1) << "the old one is closed";
  third.close();
  EXPECT_FALSE(third.is_open());
  EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1);
  third.close();
}

TEST(Socket, OpeningAgainStartsAnew) {
  Socket socket;
  ASSERT_EQ(socket.open(SocketFamily::kIpv4), 0);
  ASSERT_EQ(socket.bind(loopback()), 0);
  ASSERT_EQ(socket.open(SocketFamily::kIpv4), 0);
  EXPECT_EQ(socket.local_endpoint()->port, 0);
}

TEST(Socket, JoinsAndLeavesMulticastGroups) {
  Socket socket;
  ASSERT_EQ(socket.open(SocketFamily::kDualStack), 0);
  const IpAddress group = *IpAddress::parse("239.1.2.3");
  EXPECT_EQ(socket.join_group(group, "no-such-interface"), ENODEV);
  EXPECT_EQ(socket.join_group(group, "lo"), 0);
  EXPECT_EQ(socket.join_group(group, "lo"), EADDRINUSE);
  EXPECT_EQ(socket.leave_group(group, "lo"), 0);
  EXPECT_EQ(socket.leave_group(group, "lo"), EADDRNOTAVAIL);
  if (!has_ipv6()) return;
  const IpAddress group6 = *IpAddress::parse("ff02::1:2:3");
  EXPECT_EQ(socket.join_group(group6, "lo"), 0);
  EXPECT_EQ(socket.leave_group(group6, "lo"), 0);
}

TEST(Socket, CallsOnAClosedSocketFail) {
  Socket socket;
  EXPECT_EQ(socket.bind(loopback()), EBADF);
  EXPECT_EQ(socket.send(kHello), EBADF);
  EXPECT_FALSE(socket.local_endpoint().has_value());
  EXPECT_EQ(socket.kernel_drops(), std::nullopt);
  EXPECT_EQ(socket.receive_buffer(), 0);
}

}  // namespace
}  // namespace ringpeer::net
