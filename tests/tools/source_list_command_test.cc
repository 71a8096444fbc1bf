// `serve --deny` and `--allow`: who is answered, also after SIGHUP, and what becomes of files that
// are missing or wrong.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::tools {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kPatience{60};
// For an answer that must not come; one that does is here much sooner.
constexpr milliseconds kSilence{200};
const std::string kReloaded = "prefixes in the list of sources: ";

std::string path_of(const std::string& name) {
  return testing::TempDir() + "source_list_command_" + name;
}

// In one piece, as an operator is told to.
std::string write(const std::string& name, const std::string& text) {
  const std::string path = path_of(name);
  std::ofstream(path + ".new") << text;
  EXPECT_EQ(std::rename((path + ".new").c_str(), path.c_str()), 0);
  return path;
}

Words serve_words(Words more) {
  more.insert(more.begin(),
              {"serve", "--mode", "echo", "--port", "0", "--address", "127.0.0.1", "--json"});
  return more;
}

int port_of(CommandProcess& server) {
  EXPECT_TRUE(server.wait_for_error_text(", backend ", kPatience)) << server.error_output();
  std::smatch match;
  const std::string text = server.error_output();
  return std::regex_search(text, match, std::regex(" on port ([0-9]+)")) ? std::stoi(match[1]) : 0;
}

json end(CommandProcess& server) {
  server.send_signal(SIGTERM);
  EXPECT_EQ(server.finish(kPatience), 0) << server.error_output();
  json report = json::parse(server.output(), nullptr, false);
  EXPECT_TRUE(report.is_object()) << server.output();
  return report;
}

// Sends from an address of the loopback's own.
class Client {
 public:
  Client(const std::string& address, int port)
      : descriptor_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own = {};
    own.sin_family = AF_INET;
    EXPECT_EQ(::inet_pton(AF_INET, address.c_str(), &own.sin_addr), 1);
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<sockaddr*>(&own), sizeof(own)), 0);
    sockaddr_in server = {};
    server.sin_family = AF_INET;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.sin_port = htons(static_cast<std::uint16_t>(port));
    EXPECT_EQ(::connect(descriptor_, reinterpret_cast<sockaddr*>(&server), sizeof(server)), 0);
  }
  ~Client() { ::close(descriptor_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Whether what it sends comes back within the time.
  bool is_answered(milliseconds time) const {
    EXPECT_EQ(::send(descriptor_, "x", 1, 0), 1);
    pollfd event = {.fd = descriptor_, .events = POLLIN, .revents = 0};
    if (::poll(&event, 1, static_cast<int>(time.count())) != 1) return false;
    char byte = 0;
    return ::recv(descriptor_, &byte, 1, MSG_DONTWAIT) == 1;
  }
  // Whether it is within kPatience, however often it has to ask.
  bool is_answered_soon() const {
    for (auto left = milliseconds(kPatience); left > left.zero(); left -= kSilence) {
      if (is_answered(kSilence)) return true;
    }
    return false;
  }

 private:
  int descriptor_;
};

class SourceListCommandTest : public testing::TestWithParam<const char*> {};

TEST_P(SourceListCommandTest, WhoIsDeniedIsNotAnsweredUntilTheListIsAnother) {
  const std::string path = write("deny", "127.0.0.1\n127.0.0.3\n");
  CommandProcess server(serve_words({"--deny", path, "--backend", GetParam()}));
  const int port = port_of(server);
  const Client first("127.0.0.1", port);
  const Client second("127.0.0.2", port);
  EXPECT_FALSE(first.is_answered(kSilence));
  EXPECT_TRUE(second.is_answered_soon());
  EXPECT_FALSE(first.is_answered(kSilence));

  write("deny", "127.0.0.2/32 # the other one\n");
  server.send_signal(SIGHUP);
  ASSERT_TRUE(server.wait_for_error_text(kReloaded + "1,", kPatience)) << server.error_output();
  EXPECT_TRUE(first.is_answered_soon());
  EXPECT_FALSE(second.is_answered(kSilence));

  const json report = end(server);
  EXPECT_EQ(report.at("source_list").at("prefixes"), 1);
  EXPECT_EQ(report.at("source_list").at("reloads"), 1);
  EXPECT_EQ(report.at("source_list").at("reloads_failed"), 0);
  for (const auto& [stage, count] : report.at("unaccounted").items()) EXPECT_EQ(count, 0) << stage;
  EXPECT_GE(report.at("drops").at("drop_denied").get<int>(), 3) << "those of the silent looks";
}

TEST_P(SourceListCommandTest, WhoIsNotAllowedIsNotAnswered) {
  CommandProcess server(serve_words({"--allow", write("allow", "127.0.0.0/30\n"), "--deny",
                                     write("deny", "127.0.0.2\n"), "--backend", GetParam()}));
  const int port = port_of(server);
  EXPECT_TRUE(Client("127.0.0.1", port).is_answered_soon());
  EXPECT_FALSE(Client("127.0.0.2", port).is_answered(kSilence));
  EXPECT_TRUE(Client("127.0.0.3", port).is_answered_soon());
  EXPECT_FALSE(Client("127.0.0.4", port).is_answered(kSilence));
  EXPECT_EQ(end(server).at("source_list").at("prefixes"), 2);
}

INSTANTIATE_TEST_SUITE_P(Backends, SourceListCommandTest, testing::Values("auto", "recvmmsg"),
                         [](const auto& backend) { return std::string(backend.param); });

TEST(SourceListReloadTest, AWrongFileKeepsTheListAndSaysSoInOneLine) {
  const std::string path = write("deny", "127.0.0.1\n");
  CommandProcess server(serve_words({"--deny", path}));
  const int port = port_of(server);
  const std::string before = server.error_output();
  write("deny", "127.0.0.2\n127.0.0.9/8\n");
  server.send_signal(SIGHUP);
  const std::string wrong =
      "ringpeer: --deny " + path +
      ": line 2: '127.0.0.9/8' has bits behind its prefix: write 127.0.0.0/8 for the net, or "
      "127.0.0.9 for the one address. The list is what it was.\n";
  ASSERT_TRUE(server.wait_for_error_text(wrong, kPatience)) << server.error_output();
  EXPECT_EQ(server.error_output(), before + wrong);
  std::remove(path.c_str());
  server.send_signal(SIGHUP);
  ASSERT_TRUE(
      server.wait_for_error_text("No such file or directory. Name a file with a prefix a "
                                 "line. The list is what it was.\n",
                                 kPatience))
      << server.error_output();
  EXPECT_FALSE(Client("127.0.0.1", port).is_answered(kSilence));
  EXPECT_TRUE(Client("127.0.0.2", port).is_answered_soon());
  const json report = end(server);
  EXPECT_EQ(report.at("source_list").at("reloads"), 0);
  EXPECT_EQ(report.at("source_list").at("reloads_failed"), 2);
  EXPECT_TRUE(report.at("ok").get<bool>());
}

// nohup has it ignored, and who uses that wants to reload, too.
TEST(SourceListReloadTest, ASignalThatWasIgnoredReloads) {
  CommandProcess server(serve_words({"--deny", write("deny", "127.0.0.1\n")}),
                        [] { signal(SIGHUP, SIG_IGN); });
  port_of(server);
  server.send_signal(SIGHUP);
  EXPECT_TRUE(server.wait_for_error_text(kReloaded + "1,", kPatience)) << server.error_output();
  EXPECT_EQ(end(server).at("source_list").at("reloads"), 1);
}

TEST(SourceListReloadTest, WithoutAListTheSignalEndsTheRun) {
  CommandProcess server(serve_words({}));
  port_of(server);
  server.send_signal(SIGHUP);
  EXPECT_EQ(server.finish(kPatience), 0) << server.error_output();
  const json report = json::parse(server.output(), nullptr, false);
  EXPECT_EQ(report.at("stopped_by_signal"), SIGHUP);
  EXPECT_FALSE(report.contains("source_list"));
}

// None of them is of the loopback.
std::string large_list() {
  std::string text;
  for (int i = 0; i < 100'000; ++i) {
    text += "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
            std::to_string(i & 255) + "\n";
  }
  return text;
}

TEST(SourceListReloadTest, ALargeListIsReplacedWithoutALostPacket) {
  CommandProcess server(serve_words({"--deny", write("large", large_list())}));
  const std::string target = "127.0.0.1:" + std::to_string(port_of(server));
  CommandProcess clients({"load", "--target", target, "--clients", "20", "--hz", "100",
                          "--duration", "4", "--json", "--allow-invalid"});
  constexpr int kReloads = 5;
  std::string text = large_list();
  for (int i = 1; i <= kReloads; ++i) {
    text += "2001:db8::" + std::to_string(i) + "\n";  // so that each line is another one
    write("large", text);
    server.send_signal(SIGHUP);
    const std::string prefixes = std::to_string(100'000 + i);
    ASSERT_TRUE(server.wait_for_error_text(kReloaded + prefixes + ",", kPatience))
        << server.error_output();
  }
  EXPECT_EQ(clients.finish(kPatience), 0) << clients.error_output();
  const json load = json::parse(clients.output(), nullptr, false);
  EXPECT_EQ(load.at("lost"), 0);
  EXPECT_EQ(load.at("answered"), load.at("sent"));
  const json report = end(server);
  EXPECT_EQ(report.at("kernel_drops"), 0);
  for (const auto& [reason, count] : report.at("drops").items()) EXPECT_EQ(count, 0) << reason;
  EXPECT_EQ(report.at("source_list").at("reloads"), kReloads);
  EXPECT_EQ(report.at("source_list").at("prefixes"), 100'000 + kReloads);
  // Some twenty times what it takes: for sanitizers, and a machine that is busy.
  EXPECT_LT(report.at("source_list").at("load_ms").get<double>(), 1000);
}

TEST(SourceListUsageTest, AFileThatIsMissingOrWrongEndsItAtTheStart) {
  struct Case {
    Words words;
    int status;
    std::string says;
  };
  const std::string missing = path_of("missing");
  const std::string wrong = write("wrong", "10.0.0.0/8\n\nlocalhost\n");
  const std::string empty = write("empty", "# nobody\n");
  const std::vector<Case> cases = {
      {{"--deny", missing}, 1, "--deny " + missing + " cannot be read: No such file or directory."},
      {{"--allow", missing}, 1, "--allow " + missing + " cannot be read: No such file"},
      {{"--deny", "/"}, 1, "--deny / cannot be read: it is no regular file"},
      {{"--deny", wrong}, 2, "--deny " + wrong + ": line 3: 'localhost' is no address in numbers"},
      {{"--deny", empty, "--deny", wrong}, 2, "--deny " + wrong + ": line 3: "},
      {{"--allow", empty}, 2, "--allow " + empty + ": there is no prefix in it"},
  };
  for (const Case& one : cases) {
    CommandProcess server(serve_words(one.words));
    EXPECT_EQ(server.finish(kPatience), one.status) << one.says;
    EXPECT_NE(server.error_output().find("ringpeer: " + one.says), std::string::npos)
        << server.error_output();
    EXPECT_EQ(server.output(), "");
  }
}

}  // namespace
}  // namespace ringpeer::tools
