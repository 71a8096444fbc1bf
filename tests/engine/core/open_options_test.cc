// Every socket option with every way to open a socket: each is applied, or the call is refused.
// And what becomes of a descriptor that is given away.

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

constexpr std::uint8_t kByte[] = {7};

int option_of(int descriptor, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  return ::getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1;
}

// The UDP sockets that this process has.
std::set<int> udp_sockets() {
  std::set<int> found;
  DIR* folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder)) {
    const int descriptor = std::atoi(entry->d_name);
    if (option_of(descriptor, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_UDP) found.insert(descriptor);
  }
  ::closedir(folder);
  return found;
}

int plain_socket(bool bound, int type = SOCK_DGRAM) {
  const int descriptor = ::socket(AF_INET, type, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bound) {
    EXPECT_EQ(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  return descriptor;
}

// What a test opens, and keeps open.
struct Opened {
  explicit Opened(const std::shared_ptr<Engine>& engine) : peer(engine), server(engine) {}
  PacketPeerUDP peer;
  UDPServer server;
};

struct Way {
  const char* name;
  bool is_server;
  bool takes_descriptor;
  std::function<Error(Opened&, const SocketOptions&, int descriptor)> open;
};

// Options that are refused change nothing: whether they are is asked by the tests themselves.
const std::vector<Way>& ways() {
  static const std::vector<Way> all = {
      {"bind", false, false,
       [](Opened& opened, const SocketOptions& options, int) {
         return opened.peer.bind(0, "127.0.0.1", 65536, options);
       }},
      {"set_socket_options and bind", false, false,
       [](Opened& opened, const SocketOptions& options, int) {
         (void)opened.peer.set_socket_options(options);
         return opened.peer.bind(0, "127.0.0.1");
       }},
      {"bind_descriptor", false, true,
       [](Opened& opened, const SocketOptions& options, int descriptor) {
         return opened.peer.bind_descriptor(descriptor, 65536, options);
       }},
      {"connect_to_host", false, false,
       [](Opened& opened, const SocketOptions& options, int) {
         (void)opened.peer.set_socket_options(options);
         return opened.peer.connect_to_host("127.0.0.1", 9);
       }},
      {"put_packet", false, false,
       [](Opened& opened, const SocketOptions& options, int) {
         (void)opened.peer.set_socket_options(options);
         EXPECT_EQ(opened.peer.set_dest_address("127.0.0.1", 9), Error::OK);
         return opened.peer.put_packet(kByte);
       }},
      {"join_multicast_group", false, false,
       [](Opened& opened, const SocketOptions& options, int) {
         (void)opened.peer.set_socket_options(options);
         return opened.peer.join_multicast_group("239.255.0.1", "lo");
       }},
      {"listen", true, false,
       [](Opened& opened, const SocketOptions& options, int) {
         return opened.server.listen(0, "127.0.0.1", {.socket = options});
       }},
      {"listen_descriptor", true, true,
       [](Opened& opened, const SocketOptions& options, int descriptor) {
         return opened.server.listen_descriptor(descriptor, {.socket = options});
       }},
  };
  return all;
}

struct Option {
  const char* name;
  std::function<void(SocketOptions&)> ask;
  std::function<bool(int descriptor)> is_applied;
};

std::string bound_interface(int descriptor) {
  char name[64] = {};
  socklen_t size = sizeof(name);
  return ::getsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, &size) == 0 ? name : "?";
}

const std::vector<Option>& options() {
  static const std::vector<Option> all = {
      {"receive_buffer", [](SocketOptions& options) { options.receive_buffer = 50000; },
       [](int socket) { return option_of(socket, SOL_SOCKET, SO_RCVBUF) == 100000; }},
      {"send_buffer", [](SocketOptions& options) { options.send_buffer = 60000; },
       [](int socket) { return option_of(socket, SOL_SOCKET, SO_SNDBUF) == 120000; }},
      {"dscp", [](SocketOptions& options) { options.dscp = 46; },
       [](int socket) { return option_of(socket, IPPROTO_IP, IP_TOS) == 46 << 2; }},
      {"path_mtu_discovery",
       [](SocketOptions& options) { options.path_mtu_discovery = PathMtuDiscovery::kProbe; },
       [](int socket) {
         return option_of(socket, IPPROTO_IP, IP_MTU_DISCOVER) == IP_PMTUDISC_PROBE;
       }},
      {"interface", [](SocketOptions& options) { options.interface = "lo"; },
       [](int socket) { return bound_interface(socket) == "lo"; }},
      {"reply_from_received_address",
       [](SocketOptions& options) { options.reply_from_received_address = true; },
       [](int socket) { return option_of(socket, IPPROTO_IP, IP_PKTINFO) == 1; }},
      {"receive_timestamps", [](SocketOptions& options) { options.receive_timestamps = true; },
       [](int socket) { return option_of(socket, SOL_SOCKET, SO_TIMESTAMPNS) == 1; }},
      {"detect_unreachable", [](SocketOptions& options) { options.detect_unreachable = true; },
       [](int socket) { return option_of(socket, IPPROTO_IP, IP_RECVERR) == 1; }},
      {"share_port", [](SocketOptions& options) { options.share_port = true; },
       [](int socket) { return option_of(socket, SOL_SOCKET, SO_REUSEPORT) == 1; }},
  };
  return all;
}

class OpenTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.backend = GetParam();
    options.workers = 2;
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  std::shared_ptr<Engine> engine_;
};
INSTANTIATE_TEST_SUITE_P(Backends, OpenTest, test::every_backend(), test::backend_name);

bool is_for_servers(const Option& option) {
  return std::string(option.name) == "detect_unreachable";
}

TEST_P(OpenTest, EveryOptionIsAppliedByEveryWay) {
  for (const Way& way : ways()) {
    for (const Option& option : options()) {
      if (is_for_servers(option) && !way.is_server) continue;
      SCOPED_TRACE(std::string(option.name) + " by " + way.name);
      const std::set<int> before = udp_sockets();
      const int descriptor = way.takes_descriptor ? plain_socket(true) : -1;
      SocketOptions asked;
      option.ask(asked);
      Opened opened(engine_);
      ASSERT_EQ(way.open(opened, asked, descriptor), Error::OK);
      int fresh = 0;
      for (const int socket : udp_sockets()) {
        if (before.contains(socket)) continue;
        EXPECT_TRUE(option.is_applied(socket));
        ++fresh;
      }
      EXPECT_EQ(fresh, way.is_server && !way.takes_descriptor ? 2 : 1);
    }
  }
}

TEST_P(OpenTest, WhatTheKernelRefusesIsRefusedByEveryWayAndTheDescriptorStaysTheCallers) {
  const std::vector<Option> refused = {
      {"interface", [](SocketOptions& asked) { asked.interface = "no-such-device"; }, {}},
      {"dscp", [](SocketOptions& asked) { asked.dscp = 64; }, {}}};
  for (const Way& way : ways()) {
    for (const Option& option : refused) {
      SCOPED_TRACE(std::string(option.name) + " by " + way.name);
      const int descriptor = way.takes_descriptor ? plain_socket(true) : -1;
      const std::set<int> before = udp_sockets();
      SocketOptions asked;
      option.ask(asked);
      {
        Opened opened(engine_);
        EXPECT_NE(way.open(opened, asked, descriptor), Error::OK);
        EXPECT_FALSE(opened.peer.is_bound());
        EXPECT_FALSE(opened.server.is_listening());
      }
      EXPECT_EQ(udp_sockets(), before) << "nothing is left open, nothing was closed";
      if (descriptor >= 0) ::close(descriptor);
    }
  }
}

// Nobody would read the error queue of a peer: its errors would fill the receive buffer and keep
// the worker awake.
TEST_P(OpenTest, WhatIsForServersIsRefusedToPeers) {
  for (const Way& way : ways()) {
    if (way.is_server) continue;
    SCOPED_TRACE(way.name);
    const int descriptor = way.takes_descriptor ? plain_socket(true) : -1;
    const std::set<int> before = udp_sockets();
    SocketOptions asked;
    asked.detect_unreachable = true;
    Opened opened(engine_);
    EXPECT_EQ(opened.peer.set_socket_options(asked), Error::ERR_INVALID_PARAMETER);
    const bool takes_options = way.name == std::string("bind") || way.takes_descriptor;
    EXPECT_EQ(way.open(opened, asked, descriptor),
              takes_options ? Error::ERR_INVALID_PARAMETER : Error::OK);
    for (const int socket : udp_sockets()) {
      EXPECT_TRUE(before.contains(socket) || option_of(socket, IPPROTO_IP, IP_RECVERR) == 0);
    }
    if (descriptor >= 0) ::close(descriptor);
  }
}

// ---- Descriptors that are given away.

// Late failures too, when all options have been set.
TEST_P(OpenTest, AStoppedEngineLeavesTheDescriptorToTheCaller) {
  engine_->stop();
  for (const Way& way : ways()) {
    if (!way.takes_descriptor) continue;
    SCOPED_TRACE(way.name);
    const int descriptor = plain_socket(true);
    {
      Opened opened(engine_);
      EXPECT_NE(way.open(opened, {}, descriptor), Error::OK);
    }
    EXPECT_EQ(option_of(descriptor, SOL_SOCKET, SO_TYPE), SOCK_DGRAM) << "it was closed";
    EXPECT_EQ(::fcntl(descriptor, F_GETFL) & O_NONBLOCK, 0) << "it blocks as before";
    EXPECT_EQ(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0) << "children inherit it as before";
    ::close(descriptor);
  }
}

TEST_P(OpenTest, WhatIsNoBoundUdpSocketIsRefused) {
  std::vector<int> wrong = {plain_socket(false), plain_socket(true, SOCK_STREAM), -1, 1 << 20};
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  wrong.insert(wrong.end(), ends, ends + 2);
  for (const Way& way : ways()) {
    if (!way.takes_descriptor) continue;
    for (const int descriptor : wrong) {
      SCOPED_TRACE(std::string(way.name) + " of " + std::to_string(descriptor));
      Opened opened(engine_);
      EXPECT_EQ(way.open(opened, {}, descriptor), Error::ERR_INVALID_PARAMETER);
    }
  }
  for (const int descriptor : wrong) {
    if (::fcntl(descriptor, F_GETFD) >= 0) ::close(descriptor);
  }
  EXPECT_LT(::fcntl(ends[0], F_GETFD), 0) << "they were all still open";
}

TEST_P(OpenTest, ADescriptorIsTakenOnce) {
  for (const Way& first : ways()) {
    if (!first.takes_descriptor) continue;
    for (const Way& second : ways()) {
      if (!second.takes_descriptor) continue;
      SCOPED_TRACE(std::string(first.name) + ", then " + second.name);
      const int descriptor = plain_socket(true);
      auto holder = std::make_unique<Opened>(engine_);
      ASSERT_EQ(first.open(*holder, {}, descriptor), Error::OK);
      auto other_engine = Engine::create(engine_->options());
      ASSERT_NE(other_engine, nullptr);
      for (const auto& engine : {engine_, other_engine}) {
        Opened again(engine);
        EXPECT_EQ(second.open(again, {}, descriptor), Error::ERR_ALREADY_IN_USE);
      }
      EXPECT_EQ(option_of(descriptor, SOL_SOCKET, SO_TYPE), SOCK_DGRAM) << "it was closed";
      holder.reset();
      EXPECT_LT(::fcntl(descriptor, F_GETFD), 0) << "the first has closed it";
      // The number is free for whoever comes next.
      const int next = ::dup2(STDIN_FILENO, descriptor);
      other_engine.reset();
      EXPECT_GE(::fcntl(next, F_GETFD), 0) << "a stranger's file was closed";
      ::close(next);
    }
  }
}

// A peer's own socket is no gift either.
TEST_P(OpenTest, NorIsTheSocketOfAPeerTakenByAnother) {
  const std::set<int> before = udp_sockets();
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind(0, "127.0.0.1"), Error::OK);
  for (const int socket : udp_sockets()) {
    if (before.contains(socket)) continue;
    PacketPeerUDP other(engine_);
    EXPECT_EQ(other.bind_descriptor(socket), Error::ERR_ALREADY_IN_USE);
    UDPServer server(engine_);
    EXPECT_EQ(server.listen_descriptor(socket), Error::ERR_ALREADY_IN_USE);
  }
  EXPECT_TRUE(peer.is_bound());
}

// Whoever made a socket may have asked for more than the engine looks at.
TEST_P(OpenTest, OptionsOfAnotherTimeDoNotStay) {
  const int descriptor = plain_socket(true);
  const int on = 1;
  constexpr int kUdpGro = 104;  // UDP_GRO
  ::setsockopt(descriptor, IPPROTO_UDP, kUdpGro, &on, sizeof(on));
  ::setsockopt(descriptor, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
  ::setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
  ::setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(peer.bind_descriptor(descriptor), Error::OK);
  const test::Sender sender(static_cast<std::uint16_t>(peer.get_local_port()));
  const std::vector<std::uint8_t> train = test::numbered_payload(1, 300);
  if (!sender.send_train(train, 100)) GTEST_SKIP() << "no UDP_SEGMENT in this kernel";
  ASSERT_EQ(engine_->sync(), Error::OK);
  EXPECT_EQ(peer.get_available_packet_count(), 3) << "a train passed for one packet";
  EXPECT_EQ(option_of(descriptor, IPPROTO_IP, IP_RECVERR), 0) << "nobody reads its error queue";
}

// What is put with OK leaves, as it is, and what comes is not swallowed.
TEST_P(OpenTest, DatagramsOfASocketThatIsTakenOverStayWhatTheyAre) {
  struct Manner {
    const char* name;
    int option;
    int value;
  };
  for (const Manner& manner :
       {Manner{"corked", 1, 1}, Manner{"cut", 103, 5}, Manner{"encapsulated", 100, 2}}) {
    SCOPED_TRACE(manner.name);
    const int descriptor = plain_socket(true);
    if (::setsockopt(descriptor, IPPROTO_UDP, manner.option, &manner.value, sizeof(manner.value)) !=
        0) {
      ::close(descriptor);
      continue;  // this kernel cannot
    }
    PacketPeerUDP taken(engine_);
    PacketPeerUDP other(engine_);
    ASSERT_EQ(taken.bind_descriptor(descriptor), Error::OK);
    ASSERT_EQ(other.connect_to_host("127.0.0.1", taken.get_local_port()), Error::OK);
    ASSERT_EQ(taken.set_dest_address("127.0.0.1", other.get_local_port()), Error::OK);
    const std::vector<std::uint8_t> packet(12, 1);
    ASSERT_EQ(taken.put_packet(packet), Error::OK);
    ASSERT_EQ(other.put_packet(packet), Error::OK);
    ASSERT_EQ(engine_->sync(), Error::OK);
    EXPECT_EQ(other.get_packet(), packet);
    EXPECT_EQ(other.get_available_packet_count(), 0);
    EXPECT_EQ(taken.get_packet(), packet);
  }
}

}  // namespace
}  // namespace ringpeer
