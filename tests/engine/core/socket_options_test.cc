// What a server may ask of its sockets, seen from the other end of real sockets.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/inherited_sockets.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{5000};

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text_of(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

// A plain socket bound to a port of 127.0.0.1; the caller closes it.
int bound_socket(int type = SOCK_DGRAM) {
  const int descriptor = ::socket(AF_INET, type, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(0, ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)));
  return descriptor;
}

int option_of(int descriptor, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  EXPECT_EQ(0, ::getsockopt(descriptor, level, name, &value, &size));
  return value;
}

class SocketOptionsTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.backend = GetParam();
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    server_ = std::make_unique<UDPServer>(engine_);
  }

  std::shared_ptr<PacketPeerUDP> connect(const std::string& host = "127.0.0.1") {
    auto client = std::make_shared<PacketPeerUDP>(engine_);
    EXPECT_EQ(Error::OK, client->connect_to_host(host, server_->get_local_port()));
    return client;
  }
  std::shared_ptr<PacketPeerUDP> take_after(PacketPeerUDP& client, const std::string& text) {
    EXPECT_EQ(Error::OK, client.put_packet(bytes_of(text)));
    EXPECT_EQ(Error::OK, server_->wait(kPatience));
    return server_->take_connection();
  }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
};

TEST_P(SocketOptionsTest, GrantedBuffersAreReported) {
  PacketPeerUDP peer(engine_);
  EXPECT_EQ(0, peer.get_socket_receive_buffer());
  SocketOptions options;
  options.receive_buffer = 100000;
  options.send_buffer = 60000;
  ASSERT_EQ(Error::OK, peer.bind(0, "127.0.0.1", 65536, options));
  EXPECT_EQ(200000, peer.get_socket_receive_buffer());
  EXPECT_EQ(120000, peer.get_socket_send_buffer());
  ServerOptions server_options;
  server_options.socket = options;
  ASSERT_EQ(Error::OK, server_->listen(0, "127.0.0.1", server_options));
  EXPECT_EQ(200000, server_->get_socket_receive_buffer());
  EXPECT_EQ(120000, server_->get_socket_send_buffer());
}

TEST_P(SocketOptionsTest, ARefusedOptionRefusesTheSocket) {
  ServerOptions options;
  options.socket.interface = "no-such-device";
  EXPECT_EQ(Error::ERR_UNAVAILABLE, server_->listen(0, "127.0.0.1", options));
  EXPECT_FALSE(server_->is_listening());
  options.socket.interface.clear();
  options.socket.dscp = 64;
  EXPECT_EQ(Error::ERR_UNAVAILABLE, server_->listen(0, "127.0.0.1", options));
  options.socket.dscp = 63;
  EXPECT_EQ(Error::OK, server_->listen(0, "127.0.0.1", options));
}

TEST_P(SocketOptionsTest, CodePointIsOnEveryPacket) {
  const int sink = bound_socket();
  const int on = 1;
  ASSERT_EQ(0, ::setsockopt(sink, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)));
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ASSERT_EQ(0, ::getsockname(sink, reinterpret_cast<sockaddr*>(&address), &size));
  for (const char* bind_address : {"127.0.0.1", "*"}) {  // IPv4 alone, and dual-stack
    PacketPeerUDP peer(engine_);
    SocketOptions options;
    options.dscp = 46;
    ASSERT_EQ(Error::OK, peer.bind(0, bind_address, 65536, options));
    ASSERT_EQ(Error::OK, peer.put_packet_to("127.0.0.1", ntohs(address.sin_port), bytes_of("x")));
    ASSERT_EQ(Error::OK, engine_->flush());
    char byte = 0;
    iovec part{&byte, 1};
    alignas(cmsghdr) char control[64];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    ASSERT_EQ(1, ::recvmsg(sink, &message, 0));
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    ASSERT_NE(nullptr, header);
    EXPECT_EQ(46 << 2, *CMSG_DATA(header));
  }
  ::close(sink);
}

TEST_P(SocketOptionsTest, DontFragmentRefusesWhatDoesNotFit) {
  PacketPeerUDP peer(engine_);
  SocketOptions options;
  options.path_mtu_discovery = PathMtuDiscovery::kDontFragment;
  ASSERT_EQ(Error::OK, peer.bind(0, "127.0.0.1", 65536, options));
  EXPECT_EQ(0, peer.get_path_mtu());
  ASSERT_EQ(Error::OK, peer.set_dest_address("127.0.0.1", peer.get_local_port()));
  EXPECT_EQ(65507, peer.get_path_mtu());  // loopback's MTU, at most IP's, less the headers
}

TEST_P(SocketOptionsTest, RepliesLeaveFromTheAddressTheClientUsed) {
  for (const bool enabled : {true, false}) {
    ServerOptions options;
    options.socket.reply_from_received_address = enabled;
    ASSERT_EQ(Error::OK, server_->listen(0, "*", options));
    const auto client = connect("127.0.0.2");  // hears from 127.0.0.2 alone
    const auto peer = take_after(*client, "hello");
    ASSERT_NE(nullptr, peer);
    ReceivedPacket packet;
    ASSERT_EQ(Error::OK, server_->get_packet(&packet));
    EXPECT_EQ(enabled ? "127.0.0.2" : "0:0:0:0:0:0:0:0", packet.local.address.to_string());
    EXPECT_EQ(Error::OK, peer->put_packet(bytes_of("queued")));
    EXPECT_EQ(Error::OK, server_->put_packet_to_all(bytes_of("to all")));
    EXPECT_EQ(Error::OK, server_->answer(packet, bytes_of("answer")));
    ASSERT_EQ(Error::OK, engine_->sync());
    EXPECT_EQ(enabled ? 3 : 0, client->get_available_packet_count());
    server_->stop();
  }
}

TEST_P(SocketOptionsTest, TogetherKnowsTheAddressOfEachPacket) {
  ServerOptions options;
  options.receive = ServerReceive::kTogether;
  options.socket.reply_from_received_address = true;
  ASSERT_EQ(Error::OK, server_->listen(0, "*", options));
  const auto first = connect("127.0.0.3");
  const auto second = connect("127.0.0.4");
  const std::string large(40000, 'x');  // whose payload is copied
  ASSERT_EQ(Error::OK, first->put_packet(bytes_of(large)));
  ASSERT_EQ(Error::OK, second->put_packet(bytes_of("b")));
  ASSERT_EQ(Error::OK, engine_->sync());
  int packets = 0;
  for (const ReceivedPacket& packet : server_->drain()) {
    const bool is_first = packet.payload.size() == large.size();
    EXPECT_EQ(is_first ? large : "b", text_of(packet.payload));
    EXPECT_EQ(is_first ? "127.0.0.3" : "127.0.0.4", packet.local.address.to_string());
    EXPECT_EQ(Error::OK, server_->answer(packet, bytes_of("re")));
    ++packets;
  }
  EXPECT_EQ(2, packets);
  EXPECT_EQ(Error::OK, first->wait(kPatience));
  EXPECT_EQ(Error::OK, second->wait(kPatience));
}

TEST_P(SocketOptionsTest, APeersReplyLeavesFromTheAddressItWasSentTo) {
  PacketPeerUDP peer(engine_);
  SocketOptions options;
  options.reply_from_received_address = true;
  ASSERT_EQ(Error::OK, peer.bind(0, "*", 65536, options));
  PacketPeerUDP client(engine_);
  ASSERT_EQ(Error::OK, client.connect_to_host("127.0.0.5", peer.get_local_port()));
  ASSERT_EQ(Error::OK, client.put_packet(bytes_of("hello")));
  ASSERT_EQ(Error::OK, peer.wait(kPatience));
  EXPECT_EQ("hello", text_of(peer.get_packet()));
  ASSERT_EQ(Error::OK, peer.set_dest_address(peer.get_packet_ip(), peer.get_packet_port()));
  ASSERT_EQ(Error::OK, peer.put_packet(bytes_of("re")));
  ASSERT_EQ(Error::OK, client.wait(kPatience));
  EXPECT_EQ("re", text_of(client.get_packet()));
}

TEST_P(SocketOptionsTest, TimesOfArrivalAreTheKernels) {
  for (const bool enabled : {true, false}) {
    ServerOptions options;
    options.socket.receive_timestamps = enabled;
    ASSERT_EQ(Error::OK, server_->listen(0, "127.0.0.1", options));
    const auto client = connect();
    const auto before = std::chrono::steady_clock::now();
    const auto peer = take_after(*client, "hello");
    ASSERT_NE(nullptr, peer);
    EXPECT_EQ("hello", text_of(peer->get_packet()));
    const auto after = std::chrono::steady_clock::now();
    const auto slack = milliseconds(2);  // two clocks, read one after the other
    EXPECT_GE(peer->get_packet_arrival(), before - slack);
    EXPECT_LE(peer->get_packet_arrival(), after + slack);
    server_->stop();
  }
}

TEST_P(SocketOptionsTest, ADeadClientIsNoticed) {
  ServerOptions options;
  options.socket.detect_unreachable = true;
  ASSERT_EQ(Error::OK, server_->listen(0, "127.0.0.1", options));
  auto dying = connect();
  const auto living = connect();
  const auto dead_peer = take_after(*dying, "a");
  ASSERT_NE(nullptr, dead_peer);
  EXPECT_EQ("a", text_of(dead_peer->get_packet()));
  const auto peer = take_after(*living, "b");
  ASSERT_NE(nullptr, peer);
  dying.reset();
  ASSERT_EQ(Error::OK, dead_peer->put_packet(bytes_of("anybody there?")));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!dead_peer->is_disconnected() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(1));
    EXPECT_EQ(Error::OK, server_->poll());
  }
  EXPECT_TRUE(dead_peer->is_disconnected());
  EXPECT_FALSE(peer->is_disconnected());
  EXPECT_EQ(dead_peer.get(), server_->next_disconnected());
  // The others go on, in both directions, whoever is dead.
  for (int i = 0; i < 20; ++i) {
    static_cast<void>(dead_peer->put_packet(bytes_of("still there?")));
    ASSERT_EQ(Error::OK, peer->put_packet(bytes_of("tick")));
    ASSERT_EQ(Error::OK, living->put_packet(bytes_of("tock")));
  }
  ASSERT_EQ(Error::OK, engine_->sync());
  EXPECT_EQ(20, living->get_available_packet_count());
  EXPECT_EQ(21, peer->get_available_packet_count());
}

TEST_P(SocketOptionsTest, ASharedPortIsSharedOnlyWhenAskedFor) {
  ServerOptions options;
  ASSERT_EQ(Error::OK, server_->listen(0, "127.0.0.1", options));
  UDPServer second(engine_);
  EXPECT_EQ(Error::ERR_UNAVAILABLE, second.listen(server_->get_local_port(), "127.0.0.1", options));
  server_->stop();
  options.socket.share_port = true;
  ASSERT_EQ(Error::OK, server_->listen(0, "127.0.0.1", options));
  EXPECT_EQ(Error::ERR_UNAVAILABLE, second.listen(server_->get_local_port(), "127.0.0.1"));
  EXPECT_EQ(Error::OK, second.listen(server_->get_local_port(), "127.0.0.1", options));
}

TEST_P(SocketOptionsTest, ServesABoundSocketWithoutAutomaticPollWhenToldBefore) {
  server_->set_automatic_poll(false);
  ASSERT_EQ(Error::OK, server_->listen_descriptor(bound_socket()));
  const auto client = connect();
  ASSERT_EQ(Error::OK, client->put_packet(bytes_of("hello")));
  ASSERT_EQ(Error::OK, engine_->sync());
  EXPECT_FALSE(server_->is_connection_available());
  ASSERT_EQ(Error::OK, server_->poll());
  EXPECT_TRUE(server_->is_connection_available());
}

TEST_P(SocketOptionsTest, ServesASocketThatIsBoundAlready) {
  const int descriptor = bound_socket();
  ASSERT_EQ(Error::OK, server_->listen_descriptor(descriptor));
  EXPECT_GT(server_->get_local_port(), 0);
  const auto client = connect();
  const auto peer = take_after(*client, "hello");
  ASSERT_NE(nullptr, peer);
  EXPECT_EQ("hello", text_of(peer->get_packet()));
  ASSERT_EQ(Error::OK, peer->put_packet(bytes_of("re")));
  EXPECT_EQ(Error::OK, client->wait(kPatience));
  server_->stop();

  PacketPeerUDP own(engine_);
  const int other = bound_socket();
  ASSERT_EQ(Error::OK, own.bind_descriptor(other));
  PacketPeerUDP second(engine_);
  EXPECT_EQ(Error::ERR_ALREADY_IN_USE, second.bind_descriptor(other));
  EXPECT_GT(own.get_local_port(), 0);
  const int stream = bound_socket(SOCK_STREAM);
  PacketPeerUDP none(engine_);
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, none.bind_descriptor(stream));
  EXPECT_EQ(SOCK_STREAM, option_of(stream, SOL_SOCKET, SO_TYPE));  // still the caller's
  ::close(stream);
}

INSTANTIATE_TEST_SUITE_P(Backends, SocketOptionsTest, test::every_backend(), test::backend_name);

TEST(InheritedSocketsTest, ReadsWhatAServiceManagerSays) {
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", "2", 1);
  ::setenv("LISTEN_FDNAMES", "game:query", 1);
  const auto sockets = inherited_sockets();
  ASSERT_EQ(2u, sockets.size());
  EXPECT_EQ(3, sockets[0].descriptor);
  EXPECT_EQ("game", sockets[0].name);
  EXPECT_EQ(4, sockets[1].descriptor);
  EXPECT_EQ("query", sockets[1].name);
  EXPECT_EQ(2u, inherited_sockets().size()) << "a second call gives the same";
  ::setenv("LISTEN_PID", "1", 1);
  EXPECT_TRUE(inherited_sockets().empty());
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", "many", 1);
  EXPECT_TRUE(inherited_sockets().empty());
  ::unsetenv("LISTEN_PID");
  EXPECT_TRUE(inherited_sockets().empty());
}

}  // namespace
}  // namespace ringpeer
