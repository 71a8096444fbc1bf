// Packets to a group are answered from the machine's own address. Each test has two networks of
// its own with one link between them: p1, the server's, and p0, the client's.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "ringpeer/engine.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::numbered_payload;

constexpr const char* kSkip = "skip: ";

struct Family {
  const char* name;
  const char* group;
  const char* client;
  const char* server;
  net::SocketFamily socket_family;
};
constexpr Family kIpv4{"IPv4", "239.9.9.9", "10.9.0.2", "10.9.0.1", net::SocketFamily::kIpv4};
constexpr Family kIpv6{"IPv6", "ff02::99", "fd09::2", "fd09::1", net::SocketFamily::kIpv6};

bool run(const std::string& commands) {
  return std::system(("{ " + commands + "; } >/dev/null 2>&1").c_str()) == 0;
}

int this_network() { return ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC); }

// A client in the other network. The server has a second address there, which is not the
// answer's.
class Client {
 public:
  // "" or why not. This process is in the server's network afterwards.
  std::string open(const Family& family) {
    if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
      return std::string(kSkip) + "no network namespace: " + std::strerror(errno);
    }
    const int clients = this_network();
    if (::unshare(CLONE_NEWNET) != 0) return std::string(kSkip) + "no second network namespace";
    const int servers = this_network();
    const std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/";
    if (!run("ip link set lo up && ip link add p1 type veth peer name p0 && "
             "ip link set p0 netns " +
             path + std::to_string(clients) +
             " && ip link set p1 addrgenmode none && ip link set p1 up && "
             "ip addr add 10.9.0.1/24 dev p1 && ip addr add 10.9.0.3/24 dev p1 && "
             "ip addr add fd09::1/64 dev p1 nodad")) {
      return std::string(kSkip) + "no virtual links (iproute2, veth)";
    }
    if (::setns(clients, CLONE_NEWNET) != 0 ||
        !run("ip link set p0 addrgenmode none && ip link set p0 up && "
             "ip addr add 10.9.0.2/24 dev p0 && ip addr add fd09::2/64 dev p0 nodad")) {
      return std::string(kSkip) + "no links in the client's network";
    }
    group_.address = *net::IpAddress::parse(family.group);
    group_.scope_id = group_.address.is_ipv4() ? 0 : ::if_nametoindex("p0");
    if (socket_.open(family.socket_family) != 0 ||
        socket_.bind({*net::IpAddress::parse(family.client)}) != 0 || !send_through_link()) {
      return "no client";
    }
    return ::setns(servers, CLONE_NEWNET) == 0 ? "" : "no way back";
  }

  // A report may still have to be seen by the link, so it is sent until it arrives.
  template <typename HasArrived>
  bool send_to_group(int port, HasArrived has_arrived) {
    group_.port = static_cast<std::uint16_t>(port);
    const auto address = net::to_socket_address(group_, socket_.family());
    return test::eventually([&] {
      socket_.send_to(numbered_payload(1, 8), address);
      return has_arrived();
    });
  }

  // "" when one with this number comes from the server's address.
  std::string expect_answer(const Family& family, std::uint32_t number) const {
    std::string from = "nobody";
    test::eventually([&] {
      std::uint8_t bytes[16];
      net::SocketAddress address;
      socklen_t size = net::kSocketAddressSize;
      const ssize_t length = ::recvfrom(socket_.descriptor(), bytes, sizeof(bytes), MSG_DONTWAIT,
                                        &address.generic, &size);
      if (length < 0) return false;
      if (test::number_of({bytes, static_cast<std::size_t>(length)}) != number) return false;
      from = net::endpoint_from_socket_address(&address.generic).address.to_string();
      return true;
    });
    const std::string expected = net::IpAddress::parse(family.server)->to_string();
    return from == expected ? "" : std::to_string(number) + " comes from " + from;
  }

 private:
  bool send_through_link() const {
    const int link = static_cast<int>(::if_nametoindex("p0"));
    if (socket_.family() == AF_INET6) {
      return ::setsockopt(socket_.descriptor(), IPPROTO_IPV6, IPV6_MULTICAST_IF, &link,
                          sizeof(link)) == 0;
    }
    ip_mreqn through{};
    through.imr_ifindex = link;
    return ::setsockopt(socket_.descriptor(), IPPROTO_IP, IP_MULTICAST_IF, &through,
                        sizeof(through)) == 0;
  }

  net::Socket socket_;
  net::Endpoint group_;
};

class MulticastReplyTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  // What goes wrong, by body(family, engine, client), in a child with a link.
  template <typename Body>
  void expect_fine(Body body) {
    for (const Family& family : {kIpv4, kIpv6}) {
      SCOPED_TRACE(family.name);
      const test::ChildResult child = test::run_in_child([&]() -> std::string {
        Client client;
        if (std::string why = client.open(family); !why.empty()) return why;
        std::string why;
        const auto engine = Engine::create(GetParam().options(), nullptr, &why);
        return engine == nullptr ? kSkip + why : body(family, engine, client);
      });
      if (child.output.rfind(kSkip, 0) == 0) GTEST_SKIP() << child.output;
      EXPECT_EQ("", child.output);
      EXPECT_EQ(0, child.exit_status);
    }
  }
};

TEST_P(MulticastReplyTest, OfAPeer) {
  expect_fine([](const Family& family, const std::shared_ptr<Engine>& engine,
                 Client& client) -> std::string {
    SocketOptions options;
    options.reply_from_received_address = true;
    PacketPeerUDP peer(engine);
    if (peer.bind(0, "*", 65536, options) != Error::OK) return "cannot bind";
    if (peer.join_multicast_group(family.group, "p1") != Error::OK) return "cannot join";
    if (!client.send_to_group(peer.get_local_port(),
                              [&] { return peer.get_available_packet_count() > 0; })) {
      return "nothing comes";
    }
    if (peer.get_packet() != numbered_payload(1, 8)) return "another packet";
    if (peer.set_dest_address(peer.get_packet_ip(), peer.get_packet_port()) != Error::OK ||
        peer.put_packet(numbered_payload(2, 8)) != Error::OK) {
      return "cannot answer";
    }
    return client.expect_answer(family, 2);
  });
}

// A server hears the groups that anybody on its machine is a member of; one on "*", which the
// kernel takes for IPv6's, those of IPv6 alone.
std::string answer_as_server(const Family& family, const std::shared_ptr<Engine>& engine,
                             Client& client, ServerReceive receive) {
  PacketPeerUDP member(engine);
  if (member.join_multicast_group(family.group, "p1") != Error::OK) return "cannot join";
  ServerOptions options;
  options.socket.reply_from_received_address = true;
  options.receive = receive;
  UDPServer server(engine);
  const bool is_ipv4 = family.socket_family == net::SocketFamily::kIpv4;
  if (server.listen(0, is_ipv4 ? "0.0.0.0" : "*", options) != Error::OK) return "cannot listen";
  const bool per_remote = receive == ServerReceive::kPerRemote;
  std::shared_ptr<PacketPeerUDP> player;
  ReceivedPacket packet;
  const bool has_come = client.send_to_group(server.get_local_port(), [&] {
    if (per_remote && player == nullptr) player = server.take_connection();
    return server.get_packet(&packet) == Error::OK;
  });
  if (!has_come) return "nothing comes";
  if (server.answer(packet, numbered_payload(2, 8)) != Error::OK) return "cannot answer";
  std::string wrong = client.expect_answer(family, 2);
  if (!per_remote || !wrong.empty()) return wrong;
  if (player->put_packet(numbered_payload(3, 8)) != Error::OK) return "cannot put";
  wrong = client.expect_answer(family, 3);
  if (!wrong.empty()) return wrong;
  if (server.put_packet_to_all(numbered_payload(4, 8)) != Error::OK) return "cannot put to all";
  return client.expect_answer(family, 4);
}

TEST_P(MulticastReplyTest, OfAServer) {
  expect_fine([](const Family& family, const std::shared_ptr<Engine>& engine, Client& client) {
    return answer_as_server(family, engine, client, ServerReceive::kPerRemote);
  });
}

TEST_P(MulticastReplyTest, OfAServerThatKeepsNoPeers) {
  expect_fine([](const Family& family, const std::shared_ptr<Engine>& engine, Client& client) {
    return answer_as_server(family, engine, client, ServerReceive::kTogether);
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, MulticastReplyTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
