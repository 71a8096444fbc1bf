// The ringpeer command when its standard streams are closed, full, or read by nobody.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::tools {
namespace {

using std::chrono::seconds;

constexpr seconds kPatience{60};

// For a server whose words nobody reads.
std::string free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(0, ::bind(descriptor, generic, size));
  EXPECT_EQ(0, ::getsockname(descriptor, generic, &size));
  ::close(descriptor);
  return std::to_string(ntohs(address.sin_port));
}

// Ways to lose a stream, done to one descriptor in the new process.
using Loss = std::function<void(int descriptor)>;

void redirect(int descriptor, int other) {
  if (::dup2(other, descriptor) < 0) ::_exit(126);
}

const std::vector<std::pair<const char*, Loss>>& losses() {
  static const auto& all = *new std::vector<std::pair<const char*, Loss>>{
      {"closed", [](int descriptor) { ::close(descriptor); }},
      {"on a full disk",
       [](int descriptor) { redirect(descriptor, ::open("/dev/full", O_WRONLY | O_CLOEXEC)); }},
      {"a pipe that nobody reads", [](int descriptor) {
         int ends[2];
         if (::pipe2(ends, O_CLOEXEC) != 0) ::_exit(126);
         redirect(descriptor, ends[1]);
         ::close(ends[0]);
       }}};
  return all;
}

// True once the server on that port answers every packet.
bool answers(const std::string& port) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    CommandProcess clients({"load", "--target", "127.0.0.1:" + port, "--clients", "2", "--duration",
                            "0.1", "--json", "--allow-invalid"});
    if (clients.finish(kPatience) == 0) return true;
  }
  return false;
}

class StandardStreamsTest : public testing::TestWithParam<const char*> {
 protected:
  static std::vector<std::string> serve(const std::string& port) {
    return {"serve", "--mode", "echo", "--port", port, "--backend", GetParam(), "--json"};
  }
  void SetUp() override {
    CommandProcess probe(
        {"serve", "--mode", "sink", "--port", "0", "--backend", GetParam(), "--duration", "0.01"});
    if (probe.finish(kPatience) != 0) GTEST_SKIP() << GetParam() << " is not to be had here";
  }
};

// Nothing that the server opens takes their place.
TEST_P(StandardStreamsTest, AServerServesWithAnyOfItsDescriptorsClosed) {
  for (int closed = 0; closed < 8; ++closed) {
    SCOPED_TRACE("closed: " + std::to_string(closed));
    const std::string port = free_port();
    CommandProcess server(serve(port), [closed] {
      for (int descriptor = 0; descriptor < 3; ++descriptor) {
        if ((closed & 1 << descriptor) != 0) ::close(descriptor);
      }
    });
    EXPECT_TRUE(answers(port));
    server.send_signal(SIGTERM);
    const bool has_output = (closed & 1 << STDOUT_FILENO) == 0;
    EXPECT_EQ(has_output ? 0 : 1, server.finish(kPatience)) << server.error_output();
    EXPECT_EQ(has_output, server.output().find("\"ok\": true") != std::string::npos);
  }
}

TEST_P(StandardStreamsTest, AServerServesOnWhenItsWordsAreLost) {
  for (const auto& [how, lose] : losses()) {
    SCOPED_TRACE(std::string("stderr ") + how);
    const std::string port = free_port();
    const Loss& loss = lose;
    CommandProcess server(serve(port), [&loss] { loss(STDERR_FILENO); });
    EXPECT_TRUE(answers(port));
    server.send_signal(SIGTERM);
    EXPECT_EQ(0, server.finish(kPatience));
    EXPECT_NE(server.output().find("\"ok\": true"), std::string::npos) << server.output();
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, StandardStreamsTest, testing::Values("io_uring", "recvmmsg"),
                         [](const auto& backend) { return std::string(backend.param); });

// A file with a value to decode and, of the same name, to encode.
std::string file_of_values() {
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::string path = std::string(folder == nullptr ? "/tmp" : folder) + "/values";
  std::ofstream(path) << "00000000\n";
  return path;
}

// A file with a report of load, and beside it those of two parts.
std::string file_of_a_report(const std::string& target) {
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::string path = std::string(folder == nullptr ? "/tmp" : folder) + "/report";
  const std::vector<std::string> load = {"load",       "--target", target,
                                         "--clients",  "2",        "--allow-invalid",
                                         "--duration", "0.1",      "--json-file"};
  for (const char* part : {"", "1/2", "2/2"}) {
    std::vector<std::string> words = load;
    words.push_back(*part == '\0' ? path : path + "-" + *part);
    if (*part != '\0') words.insert(words.end(), {"--part", part});
    CommandProcess process(words);
    EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
  }
  return path;
}

// Every command says that its result is lost, and does not end as if it had been read.
TEST(StandardStreamsOfAllCommandsTest, ALostResultIsAnErrorInWords) {
  CommandProcess server({"serve", "--mode", "echo", "--port", "0"});
  ASSERT_TRUE(server.wait_for_error_text(" on port ", kPatience));
  const std::string said = server.error_output();
  const std::string port = std::to_string(std::stoi(said.substr(said.find(" on port ") + 9)));
  const std::string target = "127.0.0.1:" + port;
  const std::string values = file_of_values();
  const std::string report = file_of_a_report(target);
  const std::vector<std::vector<std::string>> commands = {
      {"serve", "--mode", "sink", "--port", "0", "--duration", "0.01"},
      {"impair", "--target", target, "--port", "0", "--duration", "0.01"},
      {"impair", "--target", target, "--port", "0", "--duration", "0.01", "--json"},
      {"report", report},
      {"report", report, "--json"},
      {"load", "merge", report + "-1", report + "-2"},
      {"load", "merge", report + "-1", report + "-2", "--json"},
      {"doctor", "--clients", "1"},
      {"doctor", "--clients", "1", "--json"},
      {"serve", "--mode", "arena", "--port", "0", "--duration", "0.01", "--json"},
      {"load", "--target", target, "--duration", "0.1"},
      {"load", "--target", target, "--duration", "0.1", "--json"},
      {"demo", "--clients", "2", "--duration", "0.1"},
      {"demo", "--clients", "2", "--duration", "0.1", "--json"},
      {"variant", "decode"},
      {"variant", "encode"},
      {"--help"},
      {"serve", "--help"},
      {"variant", "decode", "--help"}};
  for (const auto& command : commands) {
    for (const auto& [how, lose] : losses()) {
      const Loss& loss = lose;
      CommandProcess process(command, [&] {
        redirect(STDIN_FILENO, ::open(values.c_str(), O_RDONLY | O_CLOEXEC));
        loss(STDOUT_FILENO);
      });
      const std::string what = command.front() + " " + command.back() + ", stdout " + how;
      EXPECT_EQ(1, process.finish(kPatience)) << what;
      EXPECT_NE(process.error_output().find("standard output"), std::string::npos)
          << what << ": " << process.error_output();
    }
  }
}

// Words that nobody hears change neither the result nor the status, right or wrong.
TEST(StandardStreamsOfAllCommandsTest, LostWordsChangeNothing) {
  const std::string values = file_of_values();
  const std::vector<std::pair<std::vector<std::string>, int>> commands = {
      {{"serve", "--mode", "sink", "--port", "0", "--duration", "0.01", "--json"}, 0},
      {{"serve", "--mode", "sink", "--port", "0", "--address", "192.0.2.1"}, 1},
      {{"load", "--target", "127.0.0.1:9", "--duration", "0.1", "--allow-invalid", "--expect",
        "nothing"},
       0},
      {{"load", "--target", "127.0.0.1:9", "--duration", "0.1", "--json"}, 1},
      {{"demo", "--clients", "2", "--duration", "0.1"}, 0},
      {{"impair", "--target", "127.0.0.1:9", "--port", "0", "--duration", "0.01", "--json"}, 0},
      {{"impair", "--target", "127.0.0.1:9", "--port", "0", "--address", "192.0.2.1"}, 1},
      {{"report", "/no/such/file"}, 1},
      {{"load", "merge", "/no/such/file"}, 1},
      {{"variant", "decode"}, 0},
      {{"serve"}, 2},
      {{"--help"}, 0}};
  for (const auto& [command, status] : commands) {
    for (const auto& [how, lose] : losses()) {
      const Loss& loss = lose;
      CommandProcess process(command, [&] {
        redirect(STDIN_FILENO, ::open(values.c_str(), O_RDONLY | O_CLOEXEC));
        loss(STDERR_FILENO);
      });
      const std::string what = command.front() + ", stderr " + how;
      EXPECT_EQ(status, process.finish(kPatience)) << what;
      EXPECT_EQ(status == 0 || command.back() == "--json", !process.output().empty()) << what;
    }
  }
}

// Bytes of any kind, and input that ends in the middle: an answer for each line, in words.
TEST(StandardStreamsOfAllCommandsTest, BinaryAndCutInputIsAnswered) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);  // one line end among them
  const std::vector<std::tuple<const char*, std::string, int, int>> inputs = {
      // what, input, lines of output, status
      {"all bytes", bytes, 2, 1},
      {"nothing", "", 0, 0},
      {"a packet without a line end", "00000000", 1, 0},
      {"a packet cut in the middle", "00000000\n0200010005", 2, 0},
      {"a digit cut off", "0000000", 1, 1},
      {"JSON cut in the middle", "{\"bytes\": \"0000", 1, 1},
      {"NUL after a packet", std::string("00000000\n\0\0\n", 12), 2, 0}};
  for (const auto& [what, input, lines, status] : inputs) {
    const std::string path = file_of_values();
    std::ofstream(path, std::ios::binary) << input;
    CommandProcess process({"variant", "decode"}, [&path] {
      redirect(STDIN_FILENO, ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    });
    EXPECT_EQ(status, process.finish(kPatience)) << what << process.error_output();
    const std::string& output = process.output();
    EXPECT_EQ(lines, std::count(output.begin(), output.end(), '\n')) << what << ": " << output;
    EXPECT_EQ(status != 0, process.error_output().starts_with("ringpeer: ")) << what;
  }
}

TEST(StandardStreamsOfAllCommandsTest, InputThatCannotBeReadIsAnErrorInWords) {
  const std::vector<std::pair<const char*, std::function<void()>>> inputs = {
      {"closed", [] { ::close(STDIN_FILENO); }},
      {"a folder", [] { redirect(STDIN_FILENO, ::open("/", O_RDONLY | O_CLOEXEC)); }}};
  for (const auto& [what, lose] : inputs) {
    for (const char* direction : {"decode", "encode"}) {
      CommandProcess process({"variant", direction}, lose);
      EXPECT_EQ(1, process.finish(kPatience)) << what;
      EXPECT_NE(process.error_output().find("standard input"), std::string::npos)
          << what << ": " << process.error_output();
    }
  }
}

}  // namespace
}  // namespace ringpeer::tools
