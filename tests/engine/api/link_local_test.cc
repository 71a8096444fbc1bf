// Link-local addresses mean something on their link alone. Each test has a network of its own
// with two links, p0-p1 and q0-q1; the clients, on p0 and q0, have the same address.

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
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

using test::ChildResult;
using test::EngineKind;
using test::eventually;
using test::numbered_payload;
using test::run_in_child;

constexpr const char* kSkip = "skip: ";

// "" when this process now has those links.
std::string make_links() {
  if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    return std::string(kSkip) + "no network namespace: " + std::strerror(errno);
  }
  const char* const commands =
      "{ ip link set lo up && ip link add p0 type veth peer name p1 && "
      "ip link add q0 type veth peer name q1 && "
      "for i in p0 p1 q0 q1; do ip link set $i addrgenmode none && ip link set $i up || exit 1; "
      "done "
      "&& "
      "ip addr add fe80::c/64 dev p0 nodad && ip addr add fe80::1/64 dev p1 nodad && "
      "ip addr add fe80::c/64 dev q0 nodad && ip addr add fe80::2/64 dev q1 nodad; } 2>&1";
  return std::system((std::string(commands) + " >/dev/null").c_str()) == 0
             ? ""
             : std::string(kSkip) + "no virtual links (iproute2, veth)";
}

net::Endpoint on_link(const char* interface, std::uint8_t last_byte, std::uint16_t port) {
  net::IpAddress::Bytes bytes{0xfe, 0x80};
  bytes[15] = last_byte;
  net::Endpoint endpoint;
  endpoint.address = net::IpAddress(bytes);
  endpoint.scope_id = ::if_nametoindex(interface);
  endpoint.port = port;
  return endpoint;
}

net::Socket client_on(const char* interface) {
  net::Socket socket;
  if (socket.open(net::SocketFamily::kIpv6) != 0 || socket.bind(on_link(interface, 0xc, 0)) != 0) {
    ::_exit(1);
  }
  return socket;
}

bool send(const net::Socket& socket, const net::Endpoint& to) {
  return socket.send_to(numbered_payload(0, 10), net::to_socket_address(to, AF_INET6)) == 0;
}

bool hears(const net::Socket& socket) {
  return eventually([&] {
    char byte = 0;
    return ::recv(socket.descriptor(), &byte, 1, MSG_DONTWAIT) >= 0;
  });
}

class LinkLocalTest : public testing::TestWithParam<EngineKind> {
 protected:
  // What goes wrong, by body(engine), in a child with links.
  template <typename Body>
  void expect_fine(Body body) {
    const ChildResult child = run_in_child([&]() -> std::string {
      if (std::string why = make_links(); !why.empty()) return why;
      std::string why;
      const auto engine = Engine::create(GetParam().options(), nullptr, &why);
      return engine == nullptr ? kSkip + why : body(engine);
    });
    if (child.output.rfind(kSkip, 0) == 0) GTEST_SKIP() << child.output;
    EXPECT_EQ("", child.output);
    EXPECT_EQ(0, child.exit_status);
  }
};

std::string answer_two(const std::shared_ptr<Engine>& engine, bool by_destination) {
  PacketPeerUDP peer(engine);
  if (peer.bind(0, "*") != Error::OK) return "cannot bind";
  const auto port = static_cast<std::uint16_t>(peer.get_local_port());
  const net::Socket first = client_on("p0");
  const net::Socket second = client_on("q0");
  if (!send(first, on_link("p0", 1, port)) || !send(second, on_link("q0", 2, port))) {
    return "cannot send";
  }
  for (int i = 0; i < 2; ++i) {
    if (peer.wait(test::kPatience) != Error::OK) return "nothing comes";
    const auto packet = peer.get_packet();
    if (by_destination) {
      if (peer.set_dest_address(peer.get_packet_ip(), peer.get_packet_port()) != Error::OK ||
          peer.put_packet(packet) != Error::OK) {
        return "cannot answer";
      }
    } else if (peer.put_packet_to(peer.get_packet_ip(), peer.get_packet_port(), packet) !=
               Error::OK) {
      return "cannot send to the sender";
    }
  }
  if (!hears(first)) return "the first link's client hears nothing";
  if (!hears(second)) return "the second link's client hears nothing";
  return "";
}

TEST_P(LinkLocalTest, ClientsOfTwoLinksAreAnsweredAtTheirAddressInText) {
  expect_fine([](const std::shared_ptr<Engine>& engine) {
    const std::string answered = answer_two(engine, true);
    return answered.empty() ? answer_two(engine, false) : answered;
  });
}

TEST_P(LinkLocalTest, AServersPeersOfTwoLinksAreTwoAndSayWhere) {
  expect_fine([](const std::shared_ptr<Engine>& engine) -> std::string {
    UDPServer server(engine);
    if (server.listen(0) != Error::OK) return "cannot listen";
    const auto port = static_cast<std::uint16_t>(server.get_local_port());
    const net::Socket first = client_on("p0");
    net::Socket second;  // on the same port
    net::Endpoint from = *first.local_endpoint();
    from.scope_id = ::if_nametoindex("q0");
    if (second.open(net::SocketFamily::kIpv6) != 0 || second.bind(from) != 0) return "no second";
    if (!send(first, on_link("p0", 1, port)) || !send(second, on_link("q0", 2, port))) {
      return "cannot send";
    }
    // Two links have no order between them.
    std::set<std::string> expected;
    for (const char* interface : {"p1", "q1"}) {
      expected.insert("fe80:0:0:0:0:0:0:c%" + std::to_string(::if_nametoindex(interface)));
    }
    while (!expected.empty()) {
      if (!eventually([&] { return server.is_connection_available(); })) return "no connection";
      const auto peer = server.take_connection();
      if (expected.erase(peer->get_packet_ip()) == 0) return peer->get_packet_ip();
      if (peer->put_packet(peer->get_packet()) != Error::OK) return "cannot answer";
    }
    return hears(first) && hears(second) ? "" : "not both hear";
  });
}

// An option that keeps a socket to an interface is not undone by an address.
TEST_P(LinkLocalTest, AnAddressOnAnotherInterfaceThanTheOptionIsRefused) {
  expect_fine([](const std::shared_ptr<Engine>& engine) -> std::string {
    SocketOptions options;
    options.interface = "p1";
    const auto packet = numbered_payload(0, 10);
    const net::Socket here = client_on("p0");
    const net::Socket elsewhere = client_on("q0");
    const int port_here = test::port_of(here);
    const int port_elsewhere = test::port_of(elsewhere);
    PacketPeerUDP peer(engine);
    if (peer.bind(0, "fe80::2%q1", PacketPeerUDP::kDefaultReceiveBufferSize, options) !=
        Error::ERR_UNAVAILABLE) {
      return "bind";
    }
    if (peer.bind(0, "*", PacketPeerUDP::kDefaultReceiveBufferSize, options) != Error::OK) {
      return "no bind";
    }
    if (peer.set_dest_address("fe80::c%q1", port_elsewhere) != Error::OK) return "elsewhere";
    if (peer.put_packet(packet) != Error::FAILED) return "put_packet";
    if (peer.put_packet_to("fe80::c%q1", port_elsewhere, packet) != Error::FAILED) return "put to";
    PacketPeerUDP connected(engine);
    if (connected.set_socket_options(options) != Error::OK) return "options";
    if (connected.connect_to_host("fe80::c%q1", port_elsewhere) != Error::FAILED) return "connect";
    // On its own interface, named or not.
    if (peer.set_dest_address("fe80::c%p1", port_here) != Error::OK) return "here";
    if (peer.put_packet(packet) != Error::OK || !hears(here)) return "named";
    if (peer.set_dest_address("fe80::c", port_here) != Error::OK) return "here, not named";
    if (peer.put_packet(packet) != Error::OK || !hears(here)) return "not named";
    char byte = 0;
    return ::recv(elsewhere.descriptor(), &byte, 1, MSG_DONTWAIT) < 0 ? "" : "it came all the same";
  });
}

INSTANTIATE_TEST_SUITE_P(Engines, LinkLocalTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
