// The tables of errors in docs/api.md: each row is executed. A row without a case fails, and so
// does a case without a row.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ringpeer/codec/decode.h"
#include "ringpeer/codec/encode.h"
#include "ringpeer/codec/packet_view.h"
#include "ringpeer/codec/text.h"
#include "ringpeer/packet_peer_extension.h"
#include "ringpeer/test/backends.h"
#include "ringpeer/test/loopback.h"
#include "ringpeer/udp_server.h"
#include "tests/docs/page.h"

namespace ringpeer::docs {
namespace {

using std::chrono::milliseconds;
using test::eventually;
using EnginePointer = std::shared_ptr<Engine>;
using Bytes = std::vector<std::uint8_t>;

constexpr const char* kHost = "127.0.0.1";
constexpr const char* kForeign = "192.0.2.1";  // documentation's, no machine's own
const Bytes kByte = {7};
const Bytes kTooLarge(65536, 1);
// Far more than any queue holds.
constexpr int kFlood = 100'000;

void gives(Error expected, Error actual) { EXPECT_EQ(error_name(actual), error_name(expected)); }

int free_port() {
  const net::Socket socket = test::open_receiver(0);
  return test::port_of(socket);
}

Variant nested(int levels) {
  Variant value = Array();
  for (int i = 0; i < levels; ++i) {
    Array outer;
    outer.push_back(std::move(value));
    value = std::move(outer);
  }
  return value;
}

Variant full_object() {
  Object object(String("Node"));
  return object;
}

Bytes encoded(const Variant& value, bool full_objects = false) {
  EncodeOptions options;
  options.full_objects = full_objects;
  std::size_t size = 0;
  encode_variant(value, {}, &size, options);
  Bytes bytes(size);
  encode_variant(value, bytes, &size, options);
  return bytes;
}

const Bytes kNoVariant = {0xff, 0, 0, 0};
const Bytes kCutString = {4, 0, 0, 0, 0xff, 0, 0, 0, 'a'};

// A server, a client that it has heard of, and the client's peer.
struct Accepted {
  explicit Accepted(const EnginePointer& engine) : server(engine), client(engine) {
    EXPECT_EQ(server.listen(0, kHost), Error::OK);
    EXPECT_EQ(client.connect_to_host(kHost, server.get_local_port()), Error::OK);
    EXPECT_EQ(client.put_packet(kByte), Error::OK);
    EXPECT_TRUE(eventually([&] { return server.is_connection_available(); }));
    peer = server.take_connection();
    EXPECT_EQ(peer->get_packet(), kByte);
  }
  UDPServer server;
  PacketPeerUDP client;
  std::shared_ptr<PacketPeerUDP> peer;
};

// A peer that has got a packet, which is not taken.
struct Receiving {
  Receiving(const EnginePointer& engine, const Bytes& packet) : peer(engine) {
    EXPECT_EQ(peer.bind(0, kHost), Error::OK);
    test::Sender sender(static_cast<std::uint16_t>(peer.get_local_port()));
    EXPECT_TRUE(sender.send(packet));
    EXPECT_TRUE(eventually([&] { return peer.get_available_packet_count() == 1; }));
  }
  Error get_var() {
    Variant value = 1;
    const Error error = peer.get_var(&value);
    EXPECT_TRUE(value.is_nil());
    EXPECT_EQ(peer.get_available_packet_count(), 0);
    return error;
  }
  PacketPeerUDP peer;
};

// A peer that puts to somebody who does not read.
struct Sending {
  explicit Sending(const EnginePointer& engine) : peer(engine), port(free_port()) {
    EXPECT_EQ(peer.bind(0, kHost), Error::OK);
    EXPECT_EQ(peer.set_dest_address(kHost, port), Error::OK);
  }
  PacketPeerUDP peer;
  int port;
};

// Puts until there is no room: large packets, which cost the worker several times what they cost
// a put. Without threads a put is a system call, which loopback takes.
void floods(const EnginePointer& engine, const std::function<Error(const Bytes&)>& put) {
  if (engine->workers() == 0) return;
  const Bytes packet(60000, 1);
  for (int i = 0; i < kFlood; ++i) {
    const Error error = put(packet);
    if (error == Error::OK) continue;
    gives(Error::ERR_BUSY, error);
    return;
  }
  // The worker was as fast as this thread, which a busy machine may make it.
  std::printf("there was always room: ERR_BUSY was not seen\n");
}

void stop_of(const EnginePointer& engine) { engine->stop(); }

class Extension final : public PacketPeerExtension {
 public:
  Error get_error = Error::ERR_SKIP;
  Error put_error = Error::ERR_HELP;

 private:
  Error do_get_packet(std::span<const std::uint8_t>*) override { return get_error; }
  Error do_put_packet(std::span<const std::uint8_t>) override { return put_error; }
  int do_get_available_packet_count() const override { return 0; }
  int do_get_max_packet_size() const override { return 0; }
};

SocketOptions without_interface() {
  SocketOptions options;
  options.interface = "no-such-one";
  return options;
}
SocketOptions for_servers() {
  SocketOptions options;
  options.detect_unreachable = true;
  return options;
}

struct Descriptor {
  explicit Descriptor(int type, bool bound = false) : number(::socket(AF_INET, type, 0)) {
    const net::SocketAddress any = net::to_socket_address(test::loopback_ipv4(), AF_INET);
    if (bound) {
      EXPECT_EQ(::bind(number, &any.generic, any.size), 0);
    }
  }
  ~Descriptor() { ::close(number); }  // on any error it is the caller's
  int number;
};

template <typename Value>
void refuses_option(Value EngineOptions::*option, Value value, const std::string& name) {
  EngineOptions options;
  options.*option = value;
  Error error = Error::OK;
  std::string message;
  EXPECT_EQ(Engine::create(options, &error, &message), nullptr) << name;
  gives(Error::ERR_INVALID_PARAMETER, error);
  EXPECT_NE(message.find(name), std::string::npos) << message;
}

using Case = std::function<void(const EnginePointer&)>;

// "Heading | error | from" and what executes it; several where the page has several rows.
const std::multimap<std::string, Case>& cases() {
  static const std::multimap<std::string, Case> all = {
      // ---- PacketPeer
      {"PacketPeer | ERR_UNAVAILABLE | get",
       [](const EnginePointer& engine) {
         PacketPeerUDP peer(engine);
         EXPECT_EQ(peer.bind(0, kHost), Error::OK);
         std::span<const std::uint8_t> packet;
         Variant value;
         gives(Error::ERR_UNAVAILABLE, peer.get_packet(&packet));
         gives(Error::ERR_UNAVAILABLE, peer.get_var(&value));
         EXPECT_TRUE(peer.get_packet().empty());
         gives(Error::ERR_UNAVAILABLE, peer.get_packet_error());
       }},
      {"PacketPeer | FAILED | get",
       [](const EnginePointer& engine) {
         PacketPeerUDP peer(engine);
         Variant value;
         gives(Error::FAILED, peer.get_var(&value));  // not open
         EXPECT_EQ(peer.connect_to_host(kHost, free_port()), Error::OK);
         peer.put_packet(kByte);  // refused: told once
         std::set<Error> told;
         EXPECT_TRUE(eventually([&] {
           told.insert(peer.get_var(&value));
           return told.contains(Error::FAILED);
         }));
         EXPECT_TRUE(told == (std::set<Error>{Error::FAILED}) ||
                     told == (std::set<Error>{Error::FAILED, Error::ERR_UNAVAILABLE}));
         gives(Error::ERR_UNAVAILABLE, peer.get_var(&value));
         peer.close();
         gives(Error::FAILED, peer.get_var(&value));
         EXPECT_EQ(peer.bind(0, kHost), Error::OK);
         stop_of(engine);
         gives(Error::FAILED, peer.get_var(&value));
       }},
      {"PacketPeer | ERR_INVALID_DATA | get_var",
       [](const EnginePointer& engine) {
         gives(Error::ERR_INVALID_DATA, Receiving(engine, kNoVariant).get_var());
       }},
      {"PacketPeer | ERR_FILE_EOF | get_var",
       [](const EnginePointer& engine) {
         gives(Error::ERR_FILE_EOF, Receiving(engine, kCutString).get_var());
       }},
      {"PacketPeer | ERR_UNAUTHORIZED | get_var",
       [](const EnginePointer& engine) {
         gives(Error::ERR_UNAUTHORIZED, Receiving(engine, encoded(full_object(), true)).get_var());
       }},
      {"PacketPeer | ERR_OUT_OF_MEMORY | put",
       [](const EnginePointer& engine) {
         Sending sending(engine);
         sending.peer.set_encode_buffer_max_size(1024);
         gives(Error::ERR_OUT_OF_MEMORY, sending.peer.put_var(std::string(2000, 'a')));
         gives(Error::ERR_OUT_OF_MEMORY, sending.peer.put_var(nested(1025)));
       }},
      {"PacketPeer | ERR_UNCONFIGURED | put",
       [](const EnginePointer& engine) {
         PacketPeerUDP peer(engine);
         gives(Error::ERR_UNCONFIGURED, peer.put_packet(kByte));
         gives(Error::ERR_UNCONFIGURED, peer.put_var(1));
       }},
      {"PacketPeer | ERR_BUSY | put",
       [](const EnginePointer& engine) {
         Sending sending(engine);
         floods(engine, [&](const Bytes& packet) { return sending.peer.put_packet(packet); });
       }},
      {"PacketPeer | FAILED | put",
       [](const EnginePointer& engine) {
         Sending sending(engine);
         gives(Error::FAILED, sending.peer.put_packet(kTooLarge));
         gives(Error::FAILED, sending.peer.put_var(std::string(70000, 'a')));
         sending.peer.set_dest_address("255.255.255.255", 9);  // without permission
         gives(Error::FAILED, sending.peer.put_packet(kByte));
       }},
      // ---- PacketPeerUDP
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
         gives(Error::ERR_INVALID_PARAMETER,
               PacketPeerUDP(engine).set_socket_options(for_servers()));
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
         stop_of(engine);
         gives(Error::ERR_UNAVAILABLE, peer.bind(0, kHost));
       }},
      {"PacketPeerUDP | ERR_UNAVAILABLE | bind_descriptor",
       [](const EnginePointer& engine) {
         Descriptor socket(SOCK_DGRAM, true);
         PacketPeerUDP peer(engine);
         gives(Error::ERR_UNAVAILABLE,
               peer.bind_descriptor(socket.number, 65536, without_interface()));
         stop_of(engine);
         gives(Error::ERR_UNAVAILABLE, peer.bind_descriptor(socket.number));
       }},
      {"PacketPeerUDP | ERR_CANT_OPEN | connect_to_host",
       [](const EnginePointer& engine) {
         PacketPeerUDP peer(engine);
         peer.set_socket_options(without_interface());
         gives(Error::ERR_CANT_OPEN, peer.connect_to_host(kHost, 9));
       }},
      {"PacketPeerUDP | ERR_CANT_OPEN | join_multicast_group",
       [](const EnginePointer& engine) {
         PacketPeerUDP peer(engine);
         peer.set_socket_options(without_interface());
         gives(Error::ERR_CANT_OPEN, peer.join_multicast_group("239.1.1.1", "lo"));
       }},
      {"PacketPeerUDP | ERR_CANT_OPEN | put",
       [](const EnginePointer& engine) {
         PacketPeerUDP peer(engine);
         peer.set_socket_options(without_interface());
         peer.set_dest_address(kHost, 9);
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
         floods(engine,
                [&](const Bytes& packet) { return sending.peer.put_packet_to(to, packet); });
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
         peer.put_packet(kByte);
         gives(Error::FAILED, peer.wait(test::kPatience));
       }},
      {"PacketPeerUDP | FAILED | poll",
       [](const EnginePointer& engine) {
         Accepted accepted(engine);
         accepted.server.stop();
         gives(Error::FAILED, accepted.peer->poll());
         stop_of(engine);
         gives(Error::FAILED, accepted.client.poll());
       }},
      // ---- UDPServer
      {"UDPServer | ERR_ALREADY_IN_USE | listen",
       [](const EnginePointer& engine) {
         gives(Error::ERR_ALREADY_IN_USE, Accepted(engine).server.listen(0));
       }},
      {"UDPServer | ERR_ALREADY_IN_USE | listen_descriptor",
       [](const EnginePointer& engine) {
         Descriptor socket(SOCK_DGRAM, true);
         gives(Error::ERR_ALREADY_IN_USE, Accepted(engine).server.listen_descriptor(socket.number));
         PacketPeerUDP first(engine);
         const int kept = ::dup(socket.number);
         EXPECT_EQ(first.bind_descriptor(kept), Error::OK);
         gives(Error::ERR_ALREADY_IN_USE, UDPServer(engine).listen_descriptor(kept));
       }},
      {"UDPServer | ERR_INVALID_PARAMETER | listen",
       [](const EnginePointer& engine) {
         gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen(0, "localhost"));
         gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen(-1));
         gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen(65536));
       }},
      {"UDPServer | ERR_INVALID_PARAMETER | put_packet_to(ip, port, packet)",
       [](const EnginePointer& engine) {
         Accepted accepted(engine);
         gives(Error::ERR_INVALID_PARAMETER, accepted.server.put_packet_to("localhost", 1, kByte));
         gives(Error::ERR_INVALID_PARAMETER, accepted.server.put_packet_to(kHost, 0, kByte));
         gives(Error::ERR_INVALID_PARAMETER, accepted.server.put_packet_to(kHost, 65536, kByte));
       }},
      {"UDPServer | ERR_INVALID_PARAMETER | listen_descriptor",
       [](const EnginePointer& engine) {
         gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen_descriptor(-1));
         Descriptor unbound(SOCK_DGRAM);
         gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen_descriptor(unbound.number));
       }},
      {"UDPServer | ERR_UNAVAILABLE | listen",
       [](const EnginePointer& engine) {
         Accepted accepted(engine);
         UDPServer server(engine);
         gives(Error::ERR_UNAVAILABLE, server.listen(accepted.server.get_local_port(), kHost));
         gives(Error::ERR_UNAVAILABLE, server.listen(0, kForeign));
         gives(Error::ERR_UNAVAILABLE, server.listen(0, kHost, {.socket = without_interface()}));
         stop_of(engine);
         gives(Error::ERR_UNAVAILABLE, server.listen(0, kHost));
       }},
      {"UDPServer | ERR_UNAVAILABLE | listen_descriptor",
       [](const EnginePointer& engine) {
         Descriptor socket(SOCK_DGRAM, true);
         UDPServer server(engine);
         gives(Error::ERR_UNAVAILABLE,
               server.listen_descriptor(socket.number, {.socket = without_interface()}));
         stop_of(engine);
         gives(Error::ERR_UNAVAILABLE, server.listen_descriptor(socket.number));
       }},
      {"UDPServer | ERR_UNAVAILABLE | get_packet",
       [](const EnginePointer& engine) {
         ReceivedPacket packet;
         gives(Error::ERR_UNAVAILABLE, Accepted(engine).server.get_packet(&packet));
       }},
      {"UDPServer | ERR_UNCONFIGURED | poll",
       [](const EnginePointer& engine) {
         gives(Error::ERR_UNCONFIGURED, UDPServer(engine).poll());
       }},
      {"UDPServer | ERR_UNCONFIGURED | get_packet",
       [](const EnginePointer& engine) {
         ReceivedPacket packet;
         gives(Error::ERR_UNCONFIGURED, UDPServer(engine).get_packet(&packet));
       }},
      {"UDPServer | ERR_UNCONFIGURED | wait",
       [](const EnginePointer& engine) {
         gives(Error::ERR_UNCONFIGURED, UDPServer(engine).wait(milliseconds(0)));
       }},
      {"UDPServer | ERR_UNCONFIGURED | puts",
       [](const EnginePointer& engine) {
         UDPServer server(engine);
         gives(Error::ERR_UNCONFIGURED, server.put_packet_to(kHost, 9, kByte));
         gives(Error::ERR_UNCONFIGURED, server.answer({}, kByte));
         gives(Error::ERR_UNCONFIGURED, server.put_packet_to_all(kByte));
         gives(Error::ERR_UNCONFIGURED, server.put_var_to_all(1));
       }},
      {"UDPServer | FAILED | poll",
       [](const EnginePointer& engine) {
         Accepted accepted(engine);
         stop_of(engine);
         gives(Error::FAILED, accepted.server.poll());
       }},
      {"UDPServer | FAILED | get_packet",
       [](const EnginePointer& engine) {
         Accepted accepted(engine);
         stop_of(engine);
         ReceivedPacket packet;
         gives(Error::FAILED, accepted.server.get_packet(&packet));
       }},
      {"UDPServer | FAILED | wait",
       [](const EnginePointer& engine) {
         Accepted accepted(engine);
         stop_of(engine);
         gives(Error::FAILED, accepted.server.wait(milliseconds(0)));
       }},
      {"UDPServer | ERR_TIMEOUT | wait",
       [](const EnginePointer& engine) {
         gives(Error::ERR_TIMEOUT, Accepted(engine).server.wait(milliseconds(5)));
       }},
      {"UDPServer | ERR_SKIP | wait",
       [](const EnginePointer& engine) {
         Accepted accepted(engine);
         accepted.server.wake();
         gives(Error::ERR_SKIP, accepted.server.wait(milliseconds(-1)));
       }},
      {"UDPServer | ERR_BUSY | puts",
       [](const EnginePointer& engine) {
         Accepted accepted(engine);
         floods(engine, [&](const Bytes& packet) {
           return accepted.server.put_packet_to(accepted.peer->get_packet_endpoint(), packet);
         });
       }},
      {"UDPServer | FAILED | puts",
       [](const EnginePointer& engine) {
         Accepted accepted(engine);
         gives(Error::FAILED, accepted.server.put_packet_to(kHost, 9, kTooLarge));
         gives(Error::FAILED, accepted.server.put_packet_to_all(kTooLarge));
         stop_of(engine);
         gives(Error::FAILED, accepted.server.put_packet_to(kHost, 9, kByte));
         gives(Error::FAILED, accepted.server.put_packet_to_all(kByte));
       }},
      {"UDPServer | ERR_OUT_OF_MEMORY | put_var_to_all",
       [](const EnginePointer& engine) {
         Accepted accepted(engine);
         gives(Error::ERR_OUT_OF_MEMORY, accepted.server.put_var_to_all(nested(1025)));
         const std::string large(PacketPeer::kEncodeBufferDefaultSize, 'a');
         gives(Error::ERR_OUT_OF_MEMORY, accepted.server.put_var_to_all(large));
       }},
      // ---- PacketPeerExtension
      {"PacketPeerExtension | yours | all",
       [](const EnginePointer&) {
         Extension peer;
         std::span<const std::uint8_t> packet;
         Variant value;
         gives(peer.get_error, peer.get_packet(&packet));
         gives(peer.get_error, peer.get_var(&value));
         gives(peer.put_error, peer.put_packet(kByte));
         gives(peer.put_error, peer.put_var(1));
       }},
      {"PacketPeerExtension | ERR_OUT_OF_MEMORY | put_var",
       [](const EnginePointer&) {
         Extension peer;
         gives(Error::ERR_OUT_OF_MEMORY, peer.put_var(nested(1025)));
       }},
      // ---- Engine
      {"Engine | ERR_INVALID_PARAMETER | create",
       [](const EnginePointer&) {
         using Options = EngineOptions;
         refuses_option(&Options::workers, -1, "workers");
         refuses_option(&Options::workers, kMaxWorkers + 1, "workers");
         const std::chrono::microseconds longest = kMaxLatencyBudget;
         refuses_option(&Options::latency_budget, -longest, "latency_budget");
         refuses_option(&Options::latency_budget, longest + std::chrono::microseconds(1),
                        "latency_budget");
         refuses_option(&Options::max_datagram, std::size_t{0}, "max_datagram");
         refuses_option(&Options::max_datagram, kLargestDatagram + 1, "max_datagram");
         EngineOptions small_trains;
         small_trains.gro = true;
         small_trains.max_datagram = kLargestIpv4Datagram - 1;
         EXPECT_EQ(Engine::create(small_trains), nullptr);
         refuses_option(&Options::payload_budget, kMinPayloadBudgetPerWorker - 1, "payload_budget");
         refuses_option(&Options::encode_buffers, kMaxEncodeBuffers + 1, "encode_buffers");
       }},
      {"Engine | ERR_UNAVAILABLE | sync",
       [](const EnginePointer& engine) {
         stop_of(engine);
         gives(Error::ERR_UNAVAILABLE, engine->sync());
       }},
      {"Engine | ERR_UNAVAILABLE | flush",
       [](const EnginePointer& engine) {
         stop_of(engine);
         gives(Error::ERR_UNAVAILABLE, engine->flush());
       }},
      // ---- Encoding and decoding
      {"Encoding and decoding | ERR_INVALID_DATA | decode_variant",
       [](const EnginePointer&) {
         Variant value;
         gives(Error::ERR_INVALID_DATA, decode_variant(kNoVariant, &value, nullptr));
       }},
      {"Encoding and decoding | ERR_INVALID_DATA | views",
       [](const EnginePointer&) {
         gives(Error::ERR_INVALID_DATA, PacketView().parse(kNoVariant));
       }},
      {"Encoding and decoding | ERR_FILE_EOF | decode_variant",
       [](const EnginePointer&) {
         Variant value;
         gives(Error::ERR_FILE_EOF, decode_variant(kCutString, &value, nullptr));
       }},
      {"Encoding and decoding | ERR_FILE_EOF | views",
       [](const EnginePointer&) { gives(Error::ERR_FILE_EOF, PacketView().parse(kCutString)); }},
      {"Encoding and decoding | ERR_UNAUTHORIZED | decode_variant",
       [](const EnginePointer&) {
         Variant value;
         gives(Error::ERR_UNAUTHORIZED,
               decode_variant(encoded(full_object(), true), &value, nullptr));
       }},
      {"Encoding and decoding | ERR_UNAUTHORIZED | views",
       [](const EnginePointer&) {
         gives(Error::ERR_UNAUTHORIZED, PacketView().parse(encoded(full_object(), true)));
       }},
      {"Encoding and decoding | ERR_OUT_OF_MEMORY | decode_variant",
       [](const EnginePointer&) {
         Variant value;
         DecodeOptions options;
         options.limits.depth = 2;
         gives(Error::ERR_OUT_OF_MEMORY,
               decode_variant(encoded(nested(3)), &value, nullptr, options));
         options.limits = {};
         options.limits.nodes = 3;
         gives(Error::ERR_OUT_OF_MEMORY,
               decode_variant(encoded(nested(3)), &value, nullptr, options));
       }},
      {"Encoding and decoding | ERR_OUT_OF_MEMORY | views",
       [](const EnginePointer&) {
         DecodeOptions options;
         options.limits.depth = 2;
         gives(Error::ERR_OUT_OF_MEMORY, PacketView().parse(encoded(nested(3)), options));
       }},
      {"Encoding and decoding | ERR_OUT_OF_MEMORY | encode_variant",
       [](const EnginePointer&) {
         std::size_t size = 7;
         gives(Error::ERR_OUT_OF_MEMORY, encode_variant(nested(1025), {}, &size));
         EXPECT_EQ(size, 0u);
       }},
      {"Encoding and decoding | ERR_OUT_OF_MEMORY | str_to_var",
       [](const EnginePointer&) {
         Variant value;
         const std::string text = std::string(1026, '[') + std::string(1026, ']');
         gives(Error::ERR_OUT_OF_MEMORY, str_to_var(text, &value));
       }},
      {"Encoding and decoding | ERR_UNAVAILABLE | encode_variant",
       [](const EnginePointer&) {
         const Variant typed = Array(ContainerType::script("user://a.gd"));
         std::size_t size = 7;
         gives(Error::ERR_UNAVAILABLE, encode_variant(typed, {}, &size, {.full_objects = true}));
         EXPECT_EQ(size, 0u);
       }},
      {"Encoding and decoding | ERR_PARSE_ERROR | str_to_var",
       [](const EnginePointer&) {
         Variant value = 1;
         TextError error;
         gives(Error::ERR_PARSE_ERROR, str_to_var("Vector2(", &value, &error));
         EXPECT_TRUE(value.is_nil());
         EXPECT_EQ(error.line, 1u);
         EXPECT_FALSE(error.message.empty());
       }},
  };
  return all;
}

// What tests of the engine execute, which need more than a table has: the file, the test.
const std::multimap<std::string, std::pair<std::string, std::string>>& elsewhere() {
  static const std::string kPeer = "tests/engine/peer/";
  static const std::string kStream = kPeer + "packet_peer_stream_test.cc";
  static const std::pair<std::string, std::string> kEachAllocation = {
      kPeer + "nth_allocation_test.cc", "OfARunningEngineIsAnErrorOrADrop"};
  static const std::multimap<std::string, std::pair<std::string, std::string>> all = {
      {"PacketPeerStream | ERR_UNCONFIGURED | get", {kStream, "HasNothingWithoutAStream"}},
      {"PacketPeerStream | ERR_UNCONFIGURED | put", {kStream, "HasNothingWithoutAStream"}},
      {"PacketPeerStream | ERR_UNCONFIGURED | poll", {kStream, "HasNothingWithoutAStream"}},
      {"PacketPeerStream | ERR_UNAVAILABLE | get", {kStream, "PutsPacketsTogetherFromAnyPieces"}},
      {"PacketPeerStream | ERR_INVALID_PARAMETER | put",
       {kStream, "WaitsForRoomInsteadOfBlocking"}},
      {"PacketPeerStream | ERR_BUSY | put", {kStream, "WaitsForRoomInsteadOfBlocking"}},
      {"PacketPeerStream | ERR_LOCKED | get", {kStream, "CallsFromWithinTheStreamAreRefused"}},
      {"PacketPeerStream | ERR_LOCKED | put", {kStream, "CallsFromWithinTheStreamAreRefused"}},
      {"PacketPeerStream | ERR_LOCKED | poll", {kStream, "CallsFromWithinTheStreamAreRefused"}},
      {"PacketPeerStream | ERR_FILE_EOF | get",
       {kStream, "TheEndOfTheStreamIsToldBehindThePacketsAndStays"}},
      {"PacketPeerStream | ERR_FILE_EOF | put",
       {kStream, "AnEndedStreamTakesNoPutsWhilePacketsWait"}},
      {"PacketPeerStream | ERR_FILE_EOF | poll",
       {kStream, "TheEndOfTheStreamIsToldBehindThePacketsAndStays"}},
      {"PacketPeerStream | FAILED | get", {kStream, "ReportsABrokenStreamAfterWhatArrived"}},
      {"PacketPeerStream | FAILED | put", {kStream, "APutThatFailedIsSentOnceWhenItIsPutAgain"}},
      {"PacketPeerStream | FAILED | poll", {kStream, "TellsThatWhatWaitedIsLost"}},
      {"Engine | ERR_UNAVAILABLE | create",
       {kPeer + "restricted_engine_test.cc", "WorksOrSaysThatItDoesNot"}},
      {"PacketPeer | ERR_OUT_OF_MEMORY | get", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | bind", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | bind_descriptor", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | connect_to_host", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | groups", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | set_dest_address", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | set_socket_options", kEachAllocation},
      {"PacketPeerUDP | ERR_OUT_OF_MEMORY | put", kEachAllocation},
      {"UDPServer | ERR_OUT_OF_MEMORY | listen", kEachAllocation},
      {"UDPServer | ERR_OUT_OF_MEMORY | listen_descriptor", kEachAllocation},
      {"UDPServer | ERR_OUT_OF_MEMORY | puts", kEachAllocation},
      {"PacketPeerUDP | ERR_CANT_CREATE | bind", {"", "needs a process without descriptors"}},
      // Where the kernel takes nothing, or has no memory, only a machine made for it says so.
      {"Engine | ERR_BUSY | flush", {"", "a network that takes nothing"}},
      {"Engine | ERR_BUSY | sync", {"", "a network that takes nothing"}},
      {"Engine | ERR_OUT_OF_MEMORY | create",
       {kPeer + "engine_test.cc", "WithoutAddressSpaceIsAnErrorInWords"}},
      {"PacketPeerStream | ERR_OUT_OF_MEMORY | get", {"", "memory that runs out"}},
      {"PacketPeerStream | ERR_OUT_OF_MEMORY | put", {"", "memory that runs out"}},
      {"PacketPeerStream | ERR_OUT_OF_MEMORY | poll", {"", "memory that runs out"}},
  };
  return all;
}

std::vector<std::string> items(const std::string& cell) {
  std::vector<std::string> items;
  int depth = 0;
  std::string item;
  for (const char c : cell + ",") {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && depth == 0) {
      const std::size_t first = item.find_first_not_of(' ');
      items.push_back(first == std::string::npos ? "" : item.substr(first));
      item.clear();
    } else if (c != '`') {
      item += c;
    }
  }
  return items;
}

// "Heading | error | from" of each row of a table of errors; one with several of either has all.
std::multiset<std::string> rows_of(const std::string& page) {
  std::multiset<std::string> rows;
  for (const Table& table : tables_of(page)) {
    if (table.head.cells[0] != "error") continue;
    for (const Row& row : table.rows) {
      for (const std::string& error : items(row.cells[0])) {
        for (const std::string& from : items(row.cells[1])) {
          rows.insert(table.heading + " | " + error + " | " + from);
        }
      }
    }
  }
  return rows;
}

std::multiset<std::string> rows_with_a_case() {
  std::multiset<std::string> rows;
  for (const auto& [row, run] : cases()) rows.insert(row);
  for (const auto& [row, where] : elsewhere()) rows.insert(row);
  return rows;
}

TEST(ErrorRowsTest, EachHasACaseAndEachCaseARow) {
  EXPECT_EQ(rows_of(read_page("docs/api.md")), rows_with_a_case());
}

// A wrong error in a row is a row without a case.
TEST(ErrorRowsTest, AWrongErrorIsHeardOf) {
  std::string page = read_page("docs/api.md");
  const std::string truth = "| `ERR_LOCKED` | `put_packet_to` |";
  ASSERT_NE(page.find(truth), std::string::npos);
  page.replace(page.find(truth), truth.size(), "| `ERR_BUSY` | `put_packet_to` |");
  EXPECT_NE(rows_of(page), rows_with_a_case());
}

TEST(ErrorRowsTest, WhatOtherTestsExecuteIsThere) {
  for (const auto& [row, where] : elsewhere()) {
    if (where.first.empty()) continue;
    EXPECT_NE(read_page(where.first).find(where.second), std::string::npos) << row;
  }
}

class ErrorsTest : public testing::TestWithParam<test::EngineKind> {};

TEST_P(ErrorsTest, EveryRowHolds) {
  std::string message;
  for (const auto& [row, run] : cases()) {
    const EnginePointer engine = Engine::create(GetParam().options(), nullptr, &message);
    if (engine == nullptr) GTEST_SKIP() << message;
    SCOPED_TRACE(row);
    run(engine);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, ErrorsTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer::docs
