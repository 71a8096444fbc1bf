#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "ringpeer/tests/docs/error_cases.h"
#include "ringpeer/tests/docs/no_descriptors.h"

namespace ringpeer::docs {
namespace {

using std::chrono::milliseconds;

const ErrorCases kCases = {
    {"PacketPeerUDP | ERR_ALREADY_IN_USE | bind",
     [](const EnginePointer& engine) {
       gives(Error::ERR_ALREADY_IN_USE, Sending(engine).peer.bind(0));
       gives(Error::ERR_ALREADY_IN_USE, Accepted(engine).peer->bind(0));
     }},
    {"PacketPeerUDP | ERR_ALREADY_IN_USE | bind_descriptor",
     [](const EnginePointer& engine) {
       Descriptor one(SOCK_DGRAM, true);
       gives(Error::ERR_ALREADY_IN_USE, Sending(engine).peer.bind_descriptor(one.number));
       Descriptor two(SOCK_DGRAM, true);
       PacketPeerUDP first(engine);
       const int kept = ::dup(two.number);
       EXPECT_EQ(first.bind_descriptor(kept), Error::OK);
       gives(Error::ERR_ALREADY_IN_USE, PacketPeerUDP(engine).bind_descriptor(kept));
     }},
    {"PacketPeerUDP | ERR_ALREADY_IN_USE | set_socket_options",
     [](const EnginePointer& engine) {
       gives(Error::ERR_ALREADY_IN_USE, Sending(engine).peer.set_socket_options({}));
     }},
    {"PacketPeerUDP | ERR_INVALID_PARAMETER | bind",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       gives(Error::ERR_INVALID_PARAMETER, peer.bind(0, "localhost"));
       gives(Error::ERR_INVALID_PARAMETER, peer.bind(-1));
       gives(Error::ERR_INVALID_PARAMETER, peer.bind(65536));
       gives(Error::ERR_INVALID_PARAMETER, peer.bind(0, "*", 0));
       gives(Error::ERR_INVALID_PARAMETER, peer.bind(0, "fe80::1%no-such-one"));
     }},
    {"PacketPeerUDP | ERR_INVALID_PARAMETER | connect_to_host",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       gives(Error::ERR_INVALID_PARAMETER, peer.connect_to_host("localhost", 1));
       gives(Error::ERR_INVALID_PARAMETER, peer.connect_to_host(kHost, 0));
       gives(Error::ERR_INVALID_PARAMETER, peer.connect_to_host(kHost, 65536));
     }},
    {"PacketPeerUDP | ERR_INVALID_PARAMETER | groups",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       gives(Error::ERR_INVALID_PARAMETER, peer.join_multicast_group("localhost", "lo"));
       gives(Error::ERR_INVALID_PARAMETER, peer.join_multicast_group("239.1.1.1", "no-such-one"));
       gives(Error::ERR_INVALID_PARAMETER, peer.leave_multicast_group("", "lo"));
     }},
    {"PacketPeerUDP | FAILED | groups",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       gives(Error::FAILED, peer.join_multicast_group(kHost, "lo"));         // no group
       gives(Error::FAILED, peer.leave_multicast_group("239.1.1.1", "lo"));  // not joined
     }},
    {"PacketPeerUDP | ERR_INVALID_PARAMETER | bind",
     [](const EnginePointer& engine) {
       gives(Error::ERR_INVALID_PARAMETER,
             PacketPeerUDP(engine).bind(0, "*", 65536, for_servers()));
     }},
    {"PacketPeerUDP | ERR_INVALID_PARAMETER | bind_descriptor",
     [](const EnginePointer& engine) {
       Descriptor socket(SOCK_DGRAM, true);
       gives(Error::ERR_INVALID_PARAMETER,
             PacketPeerUDP(engine).bind_descriptor(socket.number, 65536, for_servers()));
     }},
    {"PacketPeerUDP | ERR_INVALID_PARAMETER | set_socket_options",
     [](const EnginePointer& engine) {
       gives(Error::ERR_INVALID_PARAMETER, PacketPeerUDP(engine).set_socket_options(for_servers()));
     }},
    {"PacketPeerUDP | ERR_INVALID_PARAMETER | bind_descriptor",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       gives(Error::ERR_INVALID_PARAMETER, peer.bind_descriptor(-1));
       gives(Error::ERR_INVALID_PARAMETER, peer.bind_descriptor(Descriptor(SOCK_STREAM).number));
       gives(Error::ERR_INVALID_PARAMETER, peer.bind_descriptor(Descriptor(SOCK_DGRAM).number));
       Descriptor socket(SOCK_DGRAM, true);
       gives(Error::ERR_INVALID_PARAMETER, peer.bind_descriptor(socket.number, 0));
     }},
    {"PacketPeerUDP | ERR_INVALID_PARAMETER | set_dest_address",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       gives(Error::ERR_INVALID_PARAMETER, peer.set_dest_address(kHost, -1));
       gives(Error::ERR_INVALID_PARAMETER, peer.set_dest_address(kHost, 65536));
       gives(Error::OK, peer.set_dest_address(kHost, 0));
     }},
    {"PacketPeerUDP | ERR_INVALID_PARAMETER | put_packet_to(ip, port, packet)",
     [](const EnginePointer& engine) {
       Sending sending(engine);
       gives(Error::ERR_INVALID_PARAMETER, sending.peer.put_packet_to("localhost", 1, kByte));
       gives(Error::ERR_INVALID_PARAMETER, sending.peer.put_packet_to(kHost, 0, kByte));
       gives(Error::ERR_INVALID_PARAMETER, sending.peer.put_packet_to(kHost, 65536, kByte));
     }},
    {"PacketPeerUDP | ERR_UNAVAILABLE | bind",
     [](const EnginePointer& engine) {
       Sending sending(engine);
       PacketPeerUDP peer(engine);
       gives(Error::ERR_UNAVAILABLE, peer.bind(sending.peer.get_local_port(), kHost));
       gives(Error::ERR_UNAVAILABLE, peer.bind(0, kForeign));
       gives(Error::ERR_UNAVAILABLE, peer.bind(0, kHost, 65536, without_interface()));
       engine->stop();
       gives(Error::ERR_UNAVAILABLE, peer.bind(0, kHost));
     }},
    {"PacketPeerUDP | ERR_UNAVAILABLE | bind_descriptor",
     [](const EnginePointer& engine) {
       Descriptor socket(SOCK_DGRAM, true);
       PacketPeerUDP peer(engine);
       gives(Error::ERR_UNAVAILABLE,
             peer.bind_descriptor(socket.number, 65536, without_interface()));
       engine->stop();
       gives(Error::ERR_UNAVAILABLE, peer.bind_descriptor(socket.number));
     }},
    {"PacketPeerUDP | ERR_CANT_CREATE | bind",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       {
         const NoDescriptors none;
         gives(Error::ERR_CANT_CREATE, peer.bind(0, kHost));
         gives(Error::ERR_CANT_OPEN, peer.connect_to_host(kHost, 9));
       }
       gives(Error::OK, peer.bind(0, kHost));
     }},
    {"PacketPeerUDP | ERR_CANT_OPEN | connect_to_host",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       EXPECT_EQ(peer.set_socket_options(without_interface()), Error::OK);
       gives(Error::ERR_CANT_OPEN, peer.connect_to_host(kHost, 9));
     }},
    {"PacketPeerUDP | ERR_CANT_OPEN | join_multicast_group",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       EXPECT_EQ(peer.set_socket_options(without_interface()), Error::OK);
       gives(Error::ERR_CANT_OPEN, peer.join_multicast_group("239.1.1.1", "lo"));
     }},
    {"PacketPeerUDP | ERR_CANT_OPEN | put",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       EXPECT_EQ(peer.set_socket_options(without_interface()), Error::OK);
       EXPECT_EQ(peer.set_dest_address(kHost, 9), Error::OK);
       gives(Error::ERR_CANT_OPEN, peer.put_packet(kByte));
       gives(Error::ERR_CANT_OPEN, peer.put_var(1));
     }},
    {"PacketPeerUDP | ERR_CANT_RESOLVE | set_dest_address",
     [](const EnginePointer& engine) {
       gives(Error::ERR_CANT_RESOLVE, PacketPeerUDP(engine).set_dest_address("", 1));
     }},
    {"PacketPeerUDP | ERR_LOCKED | connect_to_host",
     [](const EnginePointer& engine) {
       gives(Error::ERR_LOCKED, Accepted(engine).peer->connect_to_host(kHost, 9));
     }},
    {"PacketPeerUDP | ERR_LOCKED | groups",
     [](const EnginePointer& engine) {
       const Accepted accepted(engine);
       gives(Error::ERR_LOCKED, accepted.peer->join_multicast_group("239.1.1.1", "lo"));
       gives(Error::ERR_LOCKED, accepted.peer->leave_multicast_group("239.1.1.1", "lo"));
     }},
    {"PacketPeerUDP | ERR_LOCKED | put_packet_to",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       gives(Error::ERR_LOCKED, accepted.peer->put_packet_to(kHost, 9, kByte));
       gives(Error::ERR_LOCKED, accepted.client.put_packet_to(kHost, 9, kByte));
     }},
    {"PacketPeerUDP | FAILED | connect_to_host",
     [](const EnginePointer& engine) {
       Sending sending(engine);
       gives(Error::FAILED, sending.peer.connect_to_host("::1", 9));
       EXPECT_FALSE(sending.peer.is_bound());
     }},
    {"PacketPeerUDP | ERR_BUSY | put_packet_to",
     [](const EnginePointer& engine) {
       Sending sending(engine);
       const net::Endpoint to = test::loopback_ipv4(static_cast<std::uint16_t>(sending.port));
       floods([&](const Bytes& packet) { return sending.peer.put_packet_to(to, packet); });
     }},
    {"PacketPeerUDP | ERR_UNCONFIGURED | wait",
     [](const EnginePointer& engine) {
       gives(Error::ERR_UNCONFIGURED, PacketPeerUDP(engine).wait(milliseconds(0)));
     }},
    {"PacketPeerUDP | ERR_UNCONFIGURED | poll",
     [](const EnginePointer& engine) {
       gives(Error::ERR_UNCONFIGURED, PacketPeerUDP(engine).poll());
     }},
    {"PacketPeerUDP | ERR_UNCONFIGURED | put_packet_to",
     [](const EnginePointer& engine) {
       gives(Error::ERR_UNCONFIGURED, PacketPeerUDP(engine).put_packet_to(kHost, 9, kByte));
     }},
    {"PacketPeerUDP | ERR_UNCONFIGURED | leave_multicast_group",
     [](const EnginePointer& engine) {
       gives(Error::ERR_UNCONFIGURED,
             PacketPeerUDP(engine).leave_multicast_group("239.1.1.1", "lo"));
     }},
    {"PacketPeerUDP | ERR_TIMEOUT | wait",
     [](const EnginePointer& engine) {
       gives(Error::ERR_TIMEOUT, Sending(engine).peer.wait(milliseconds(5)));
     }},
    {"PacketPeerUDP | ERR_SKIP | wait",
     [](const EnginePointer& engine) {
       Sending sending(engine);
       sending.peer.wake();
       gives(Error::ERR_SKIP, sending.peer.wait(milliseconds(-1)));
     }},
    {"PacketPeerUDP | FAILED | wait",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       EXPECT_EQ(peer.connect_to_host(kHost, free_port()), Error::OK);
       EXPECT_EQ(peer.put_packet(kByte), Error::OK);
       gives(Error::FAILED, peer.wait(test::kPatience));
     }},
    {"PacketPeerUDP | FAILED | poll",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       accepted.server.stop();
       gives(Error::FAILED, accepted.peer->poll());
       engine->stop();
       gives(Error::FAILED, accepted.client.poll());
     }},
};

}  // namespace

ErrorCases packet_peer_udp_errors() { return kCases; }

}  // namespace ringpeer::docs
