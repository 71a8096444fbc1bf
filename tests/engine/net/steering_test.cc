// Sockets on one port among which a rule of ours chooses.

#include "ringpeer/engine/net/steering.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer::net {
namespace {

using test::loopback_ipv4;

constexpr std::size_t kSenders = 1000;

std::vector<std::size_t> add(std::vector<std::size_t> a, const std::vector<std::size_t>& b) {
  a.resize(b.size());
  for (std::size_t i = 0; i < b.size(); ++i) a[i] += b[i];
  return a;
}

// Bound to the same port, each with the rule's filter where it is asked for.
class Group {
 public:
  explicit Group(std::size_t count, SocketFamily family = SocketFamily::kIpv4,
                 Endpoint local = loopback_ipv4())
      : rule_(count) {
    for (std::size_t i = 0; i < count; ++i) {
      Socket socket;
      EXPECT_EQ(socket.open(family), 0);
      EXPECT_EQ(socket.set_reuse_port(true), 0);
      EXPECT_EQ(socket.bind(local), 0);
      local.port = test::port_of(socket);
      sockets_.push_back(std::move(socket));
    }
    EXPECT_EQ(sockets_[0].set_reuse_port_choice(rule_.choice()), 0);
  }

  void set_filters() {
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      EXPECT_EQ(sockets_[i].set_filter(rule_.filter_of(i)), 0);
    }
  }
  void set_receive_offload(bool enabled) {
    for (Socket& socket : sockets_) EXPECT_EQ(socket.set_receive_offload(enabled), 0);
  }
  std::uint16_t port() const { return test::port_of(sockets_[0]); }

  // How many each has got since the last look.
  std::vector<std::size_t> take() const {
    std::vector<std::size_t> counts;
    for (const Socket& socket : sockets_) {
      std::size_t count = 0;
      for (;;) {
        const WaitingDatagram datagram = socket.discard();
        if (datagram.error != 0) break;
        count += datagram.packets();
      }
      counts.push_back(count);
    }
    return counts;
  }
  // The same, once so many have come: a busy kernel delivers from a thread of its own.
  std::vector<std::size_t> wait_for(std::size_t packets) const {
    std::vector<std::size_t> counts;
    test::eventually([&] {
      counts = add(counts, take());
      return std::accumulate(counts.begin(), counts.end(), std::size_t{0}) >= packets;
    });
    return counts;
  }

 private:
  Steering rule_;
  std::vector<Socket> sockets_;
};

constexpr std::uint8_t kByte[] = {1};

// False when somebody else has the address.
bool send_from(const Endpoint& from, const Group& group) {
  Socket sender;
  if (sender.open(SocketFamily::kIpv4) != 0 || sender.bind(from) != 0) return false;
  return sender.send_to(kByte, to_socket_address(loopback_ipv4(group.port()), AF_INET)) == 0;
}

// Each socket's share of a thousand senders, the nth of which is there as `nth` says, is within
// a third of an even one. One key in millions fails this.
template <typename Nth>
void expect_even_shares(Nth nth) {
  for (const std::size_t sockets : {2u, 3u, 4u}) {
    Group group(sockets);
    group.set_filters();
    std::vector<std::size_t> shares;
    std::size_t sent = 0;
    for (std::size_t i = 0; sent < kSenders; ++i) {
      ASSERT_LT(i, 2 * kSenders) << "too many addresses are taken";
      if (!send_from(nth(i), group)) continue;
      ++sent;
      shares = add(shares, group.take());
    }
    std::size_t all = 0;
    const std::size_t even = kSenders / sockets;
    for (const std::size_t share : shares) {
      EXPECT_GT(share, even - even / 3) << sockets;
      EXPECT_LT(share, even + even / 3) << sockets;
      all += share;
    }
    EXPECT_EQ(all, kSenders) << "a filter drops what the choice gives to its socket";
  }
}

TEST(Steering, SpreadsThePortsOfOneAddress) {
  constexpr std::uint16_t kFirst = 12'000;  // below those that the kernel gives out
  expect_even_shares(
      [](std::size_t i) { return loopback_ipv4(static_cast<std::uint16_t>(kFirst + i)); });
}

TEST(Steering, SpreadsTheAddressesOfOneNet) {
  constexpr std::uint16_t kPort = 11'999;
  expect_even_shares([](std::size_t i) {
    Endpoint from = loopback_ipv4(kPort);
    from.address =
        *IpAddress::parse("127.9." + std::to_string(i / 250) + "." + std::to_string(1 + i % 250));
    return from;
  });
}

// Another key sends somebody elsewhere: nobody can tell from outside who goes where.
TEST(Steering, EachRuleHasItsOwnKey) {
  std::vector<std::vector<std::size_t>> seen;
  for (int i = 0; i < 2; ++i) {
    Group group(2);
    std::vector<std::size_t> choices;
    for (std::uint16_t port = 13'000; port < 13'100; ++port) {
      if (send_from(loopback_ipv4(port), group)) choices.push_back(group.take()[0]);
    }
    seen.push_back(std::move(choices));
  }
  EXPECT_NE(seen[0], seen[1]);
}

// Sends one packet to each of these from one socket; where they came to.
std::vector<std::size_t> send_to_each(const std::vector<std::string>& destinations,
                                      const std::string& source, SocketFamily family,
                                      const Group& group) {
  Socket sender;
  EXPECT_EQ(sender.open(family), 0);
  EXPECT_EQ(sender.bind({*IpAddress::parse(source)}), 0);
  EXPECT_EQ(sender.set_broadcast(true), 0);
  for (const std::string& to : destinations) {
    Endpoint destination{*IpAddress::parse(to)};
    destination.port = group.port();
    if (to == "ff02::1") destination.scope_id = ::if_nametoindex("p0");
    EXPECT_EQ(sender.send_to(kByte, to_socket_address(destination, sender.family())), 0) << to;
  }
  return group.wait_for(destinations.size());
}

constexpr std::size_t kSockets = 3;
constexpr int kRounds = 40;

// What a sender sends comes to one socket, whomever it is for, and not always to the same one.
void expect_one_socket_a_sender(const std::vector<std::string>& destinations,
                                const std::string& source, SocketFamily family,
                                SocketFamily group_family) {
  Group group(kSockets, group_family, Endpoint());
  group.set_filters();
  std::vector<std::size_t> all(kSockets);
  for (int round = 0; round < kRounds; ++round) {
    const auto got = send_to_each(destinations, source, family, group);
    EXPECT_EQ(*std::max_element(got.begin(), got.end()), destinations.size());
    EXPECT_EQ(std::count(got.begin(), got.end(), 0u), static_cast<std::ptrdiff_t>(kSockets - 1));
    all = add(all, got);
  }
  EXPECT_EQ(std::count(all.begin(), all.end(), 0u), 0) << "some socket gets nothing";
}

TEST(Steering, ABroadcastComesWhereItsSendersOtherPacketsDo) {
  const std::vector<std::string> destinations = {"127.255.255.255", "127.0.0.1", "127.0.0.2"};
  expect_one_socket_a_sender(destinations, "127.0.0.1", SocketFamily::kIpv4, SocketFamily::kIpv4);
}

TEST(Steering, SoItDoesWhereSocketsSpeakBothFamilies) {
  if (!test::has_ipv6_loopback()) GTEST_SKIP() << "no IPv6";
  const std::vector<std::string> destinations = {"127.255.255.255", "127.0.0.1", "127.0.0.2"};
  expect_one_socket_a_sender(destinations, "127.0.0.1", SocketFamily::kIpv4,
                             SocketFamily::kDualStack);
  expect_one_socket_a_sender({"::1", "::1"}, "::1", SocketFamily::kIpv6, SocketFamily::kDualStack);
}

bool run(const std::string& commands) {
  return std::system(("{ " + commands + "; } >/dev/null 2>&1").c_str()) == 0;
}

// Loopback has no groups: a network with one link, whose other end is in another one.
std::string enter_network() {
  if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    return "skip: no network namespace";
  }
  const int other = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (::unshare(CLONE_NEWNET) != 0) return "skip: no second network namespace";
  const int own = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  const std::string there = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(other);
  if (!run("ip link set lo up && ip link add p0 type veth peer name p1 && ip link set p1 netns " +
           there) ||
      ::setns(other, CLONE_NEWNET) != 0 || !run("ip link set p1 up") ||
      ::setns(own, CLONE_NEWNET) != 0 ||
      !run("ip link set p0 addrgenmode none && ip link set p0 up && "
           "ip addr add fd09::2/64 dev p0 nodad")) {
    return "skip: no virtual links (iproute2, veth)";
  }
  return "";
}

TEST(Steering, SoDoesWhatIsForAGroupOfIpv6) {
  const test::ChildResult child = test::run_in_child([]() -> std::string {
    if (std::string why = enter_network(); !why.empty()) return why;
    Group group(kSockets, SocketFamily::kDualStack, Endpoint());
    group.set_filters();
    const std::vector<std::string> destinations = {"ff02::1", "fd09::2"};
    for (int round = 0; round < kRounds; ++round) {
      const auto got = send_to_each(destinations, "fd09::2", SocketFamily::kIpv6, group);
      if (std::count(got.begin(), got.end(), destinations.size()) != 1 ||
          std::count(got.begin(), got.end(), 0u) != kSockets - 1) {
        return "comes to several sockets, or not";
      }
    }
    return "";
  });
  ASSERT_EQ(child.exit_status, 0);
  if (child.output.starts_with("skip")) GTEST_SKIP() << child.output;
  EXPECT_EQ(child.output, "");
}

// Hop-by-hop, destination options: 8 bytes of padding each.
constexpr std::uint8_t kPadding[] = {0, 0, 1, 4, 0, 0, 0, 0};

// One packet without extension headers, one with one, one with two. False when the kernel refuses.
bool send_with_extension_headers(const Socket& sender, const SocketAddress& destination) {
  if (sender.send_to(kByte, destination) != 0) return false;
  for (const int option : {IPV6_DSTOPTS, IPV6_HOPOPTS}) {
    if (::setsockopt(sender.descriptor(), IPPROTO_IPV6, option, kPadding, sizeof(kPadding)) != 0)
      return false;
    if (sender.send_to(kByte, destination) != 0) return false;
  }
  return true;
}

// Who forges a packet in another's name must not choose the socket by its headers.
TEST(Steering, ExtensionHeadersDoNotChangeTheSocket) {
  const test::ChildResult child = test::run_in_child([]() -> std::string {
    if (std::string why = enter_network(); !why.empty()) return why;
    Group group(kSockets, SocketFamily::kDualStack, Endpoint());
    group.set_filters();
    Endpoint destination{*IpAddress::parse("fd09::2")};
    destination.port = group.port();
    for (int round = 0; round < kRounds; ++round) {
      Socket sender;
      if (sender.open(SocketFamily::kIpv6) != 0) return "no socket";
      const auto address = to_socket_address(destination, sender.family());
      if (!send_with_extension_headers(sender, address)) return "cannot send";
      const auto got = group.wait_for(3);
      if (std::count(got.begin(), got.end(), 3u) != 1) return "comes to several sockets";
    }
    return "";
  });
  ASSERT_EQ(child.exit_status, 0);
  if (child.output.starts_with("skip")) GTEST_SKIP() << child.output;
  EXPECT_EQ(child.output, "");
}

// The kernel shows a train to the programs as a whole, or cuts it up before.
TEST(Steering, ATrainStaysTogether) {
  constexpr std::size_t kSize = 100;
  constexpr std::size_t kTrain = 10;
  for (const bool merged : {false, true}) {
    Group group(kSockets);
    group.set_filters();
    group.set_receive_offload(merged);
    for (int round = 0; round < kRounds; ++round) {
      const test::Sender sender(group.port());
      const std::vector<std::uint8_t> payload(kTrain * kSize);
      if (!sender.send_train(payload, kSize)) GTEST_SKIP() << "the kernel sends no trains";
      const auto got = group.wait_for(kTrain);
      EXPECT_EQ(*std::max_element(got.begin(), got.end()), kTrain) << merged;
      EXPECT_EQ(std::count(got.begin(), got.end(), 0u), static_cast<std::ptrdiff_t>(kSockets - 1));
    }
  }
}

}  // namespace
}  // namespace ringpeer::net
