// `serve --inherited`: a socket that a service manager keeps open, so that a restart loses nothing.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::tools {
namespace {

using Words = std::vector<std::string>;

constexpr std::chrono::seconds kPatience{60};
constexpr int kFirstInherited = 3;

class Descriptor {
 public:
  Descriptor(int type, bool is_bound) : number_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!is_bound) return;
    EXPECT_EQ(0, ::bind(number_, reinterpret_cast<sockaddr*>(&address), sizeof(address)));
    socklen_t size = sizeof(address_);
    EXPECT_EQ(0, ::getsockname(number_, reinterpret_cast<sockaddr*>(&address_), &size));
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  int port() const { return ntohs(address_.sin_port); }
  void send(const Descriptor& to, const std::string& text) const {
    EXPECT_EQ(static_cast<ssize_t>(text.size()),
              ::sendto(number_, text.data(), text.size(), 0,
                       reinterpret_cast<const sockaddr*>(&to.address_), sizeof(to.address_)));
  }
  // What comes next; "" when nothing does.
  std::string receive() const {
    pollfd event = {.fd = number_, .events = POLLIN, .revents = 0};
    const auto patience = std::chrono::milliseconds(kPatience);
    if (::poll(&event, 1, static_cast<int>(patience.count())) != 1) return "";
    char bytes[64];
    const ssize_t count = ::recv(number_, bytes, sizeof(bytes), MSG_DONTWAIT);
    return count < 0 ? "" : std::string(bytes, static_cast<std::size_t>(count));
  }

 private:
  int number_;
  sockaddr_in address_ = {};
};

// As systemd does before it starts a service.
CommandProcess serve_on(const std::vector<int>& sockets, const std::string& names, Words more) {
  more.insert(more.begin(), {"serve", "--mode", "echo"});
  return CommandProcess(more, [&] {
    std::vector<int> kept;
    for (const int socket : sockets) kept.push_back(::fcntl(socket, F_DUPFD, 100));
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (::dup2(kept[i], kFirstInherited + static_cast<int>(i)) < 0) ::_exit(126);
      ::close(kept[i]);
    }
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(sockets.size()).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
  });
}

class InheritedCommandTest : public testing::TestWithParam<const char*> {};

TEST_P(InheritedCommandTest, ARestartLosesNothing) {
  const Descriptor socket(SOCK_DGRAM, true);
  const Descriptor client(SOCK_DGRAM, true);
  for (int start = 1; start <= 3; ++start) {
    const std::string text = "packet " + std::to_string(start);
    client.send(socket, text);  // nobody is there, but the socket
    CommandProcess server =
        serve_on({socket.number()}, "game", {"--inherited", "game", "--backend", GetParam()});
    EXPECT_EQ(client.receive(), text) << server.error_output();
    EXPECT_TRUE(server.wait_for_error_text("on port " + std::to_string(socket.port()), kPatience))
        << server.error_output();
    server.send_signal(SIGTERM);
    EXPECT_EQ(server.finish(kPatience), 0) << server.error_output();
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, InheritedCommandTest, testing::Values("auto", "recvmmsg"),
                         [](const auto& backend) { return std::string(backend.param); });

TEST(InheritedSocketsTest, OneOfSeveralIsNamed) {
  const Descriptor first(SOCK_DGRAM, true);
  const Descriptor second(SOCK_DGRAM, true);
  const Descriptor client(SOCK_DGRAM, true);
  CommandProcess server =
      serve_on({first.number(), second.number()}, "one:two", {"--inherited", "two"});
  client.send(second, "to the second");
  EXPECT_EQ(client.receive(), "to the second") << server.error_output();
}

TEST(InheritedSocketsTest, WhatCannotBeServedIsToldInOneLine) {
  const Descriptor good(SOCK_DGRAM, true);
  const Descriptor other(SOCK_DGRAM, true);
  const Descriptor unbound(SOCK_DGRAM, false);
  const Descriptor stream(SOCK_STREAM, true);
  const std::vector<int> two = {good.number(), other.number()};
  struct Case {
    std::vector<int> sockets;
    const char* names;
    Words words;
    int status;
    const char* said;
  };
  const std::vector<Case> cases = {
      {{}, "", {"--inherited", "*"}, 1, "no service manager has handed over a socket"},
      {{good.number()}, "game", {"--inherited", "chat"}, 1, "are called game"},
      {two, "game:chat", {"--inherited", "*"}, 1, "there are 2 of them, called game, chat"},
      {two, "game:game", {"--inherited", "game"}, 1, "there are 2 of them"},
      {{unbound.number()}, "game", {"--inherited", "*"}, 1, "has to be a bound UDP socket"},
      {{stream.number()}, "game", {"--inherited", "*"}, 1, "has to be a bound UDP socket"},
      {{good.number()}, "game", {"--inherited", "*", "--port", "0"}, 2, "has its port already"},
      {{good.number()}, "game", {"--inherited", "*", "--address", "::1"}, 2, "its address already"},
      {{good.number()}, "game", {"--inherited", "*", "--share-port"}, 2, "has its port already"},
      {{good.number()}, "game", {"--inherited", "*", "--workers", "2"}, 2, "is served by one"},
      {{good.number()}, "game", {"--inherited", ""}, 2, "its value is empty"},
      {{good.number()}, "game", {}, 2, "--port is required"}};
  for (const Case& each : cases) {
    CommandProcess server = serve_on(each.sockets, each.names, each.words);
    EXPECT_EQ(server.finish(kPatience), each.status) << each.said << server.error_output();
    EXPECT_EQ(server.output(), "");
    const std::string& said = server.error_output();
    EXPECT_NE(said.find(each.said), std::string::npos) << said;
    // Before it says what is wrong, the engine may say which backend it has.
    const std::size_t last = said.find_last_of('\n', said.size() - 2);
    EXPECT_EQ(said.compare(last == std::string::npos ? 0 : last + 1, 10, "ringpeer: "), 0) << said;
  }
}

}  // namespace
}  // namespace ringpeer::tools
