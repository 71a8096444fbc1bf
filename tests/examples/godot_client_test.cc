// A real Godot plays in the arena, and shows a cookie, where there is one.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer {
namespace {

using std::chrono::seconds;

constexpr seconds kPatience{30};

// What a command prints; its exit status goes to *status.
std::string output_of(const std::string& command, int* status) {
  std::string text;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    text += static_cast<char>(c);
  }
  const int ended = ::pclose(pipe);
  *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
  return text;
}

// The name of a Godot 4 on the PATH, or "" and why there is none.
std::string find_godot(std::string* why) {
  *why = "there is no godot on the PATH";
  for (const char* name : {"godot", "godot4"}) {
    int status = -1;
    const std::string version =
        output_of("timeout 20 " + std::string(name) + " --headless --version", &status);
    if (status == 127) continue;
    if (status == 0 && version.starts_with("4.")) return name;
    *why = std::string(name) + " is no Godot 4: " + version;
  }
  return "";
}

// Godot writes into a project's folder; the sources are not to be written to.
std::string copy_of_project() {
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::string copy = std::string(folder == nullptr ? "/tmp" : folder) + "/godot_client";
  std::filesystem::create_directories(copy);
  for (const char* name :
       {"client.gd", "client.tscn", "cookie_client.gd", "cookie_peer.gd", "project.godot"}) {
    std::filesystem::copy_file(
        std::filesystem::canonical(std::string("examples/godot_client/") + name), copy + "/" + name,
        std::filesystem::copy_options::overwrite_existing);
  }
  return copy;
}

// Of a server that has said where it listens; nothing when it has not.
std::string port_of(tools::CommandProcess& server) {
  if (!server.wait_for_error_text(" on port ", kPatience)) return "";
  server.wait_for_error_text("\n", kPatience);
  std::smatch match;
  const std::string said = server.error_output();
  return std::regex_search(said, match, std::regex(" on port ([0-9]+)")) ? match[1].str() : "";
}

// A server that asks for cookies.
std::unique_ptr<tools::CommandProcess> cookie_server(const std::string& port) {
  return std::make_unique<tools::CommandProcess>(
      std::vector<std::string>{"serve", "--mode", "echo", "--cookie", "--port", port, "--address",
                               "127.0.0.1", "--duration", "60"});
}

// Gives the lines of a command as it prints them.
class Lines {
 public:
  explicit Lines(const std::string& command) : pipe_(::popen((command + " 2>&1").c_str(), "r")) {}
  ~Lines() {
    if (pipe_ != nullptr) ::pclose(pipe_);
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  // Reads up to a line with `text`; false when there is none.
  bool wait_for(const std::string& text) {
    while (pipe_ != nullptr && std::fgets(line_.data(), static_cast<int>(line_.size()), pipe_)) {
      all_ += line_.data();
      if (std::string(line_.data()).find(text) != std::string::npos) return true;
    }
    return false;
  }
  // The exit status, when no line is left.
  int finish() {
    wait_for("\n\n");  // in no line
    const int ended = pipe_ == nullptr ? -1 : ::pclose(std::exchange(pipe_, nullptr));
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
  }
  const std::string& all() const { return all_; }

 private:
  FILE* pipe_;
  std::array<char, 1024> line_{};
  std::string all_;
};

TEST(GodotClientTest, PlaysInTheArena) {
  std::string why;
  const std::string godot = find_godot(&why);
  if (godot.empty()) GTEST_SKIP() << why;
  tools::CommandProcess server(
      {"serve", "--mode", "arena", "--port", "0", "--address", "127.0.0.1", "--duration", "60"});
  ASSERT_TRUE(server.wait_for_error_text(" on port ", kPatience)) << server.error_output();
  std::smatch match;
  const std::string said = server.error_output();
  ASSERT_TRUE(std::regex_search(said, match, std::regex(" on port ([0-9]+)"))) << said;
  int status = -1;
  const std::string output =
      output_of("timeout 30 " + godot + " --headless --path " + copy_of_project() +
                    " -- --seconds 3 --port " + match[1].str(),
                &status);
  server.send_signal(SIGTERM);
  EXPECT_EQ(0, server.finish(kPatience));
  EXPECT_EQ(0, status) << output;
  EXPECT_NE(std::string::npos, output.find("snapshots")) << output;
}

// The client of docs/wire.md is let in, and once more by a server that has started again and knows
// nothing of it.
TEST(GodotClientTest, ShowsItsCookieAndOnceMoreAfterARestart) {
  std::string why;
  const std::string godot = find_godot(&why);
  if (godot.empty()) GTEST_SKIP() << why;
  auto server = cookie_server("0");
  const std::string port = port_of(*server);
  ASSERT_NE(port, "") << server->error_output();
  Lines client("timeout 60 " + godot + " --headless --path " + copy_of_project() +
               " --script cookie_client.gd -- --times 2 --seconds 40 --port " + port);
  EXPECT_TRUE(client.wait_for("it is in")) << client.all();
  server->send_signal(SIGTERM);
  EXPECT_EQ(0, server->finish(kPatience)) << server->error_output();
  // The client hears nothing meanwhile, for as long as it takes to be sure of that.
  std::this_thread::sleep_for(seconds(1));
  server = cookie_server(port);
  EXPECT_EQ(port_of(*server), port) << server->error_output();
  EXPECT_EQ(0, client.finish()) << client.all();
  server->send_signal(SIGTERM);
  EXPECT_EQ(0, server->finish(kPatience)) << server->error_output();
}

// docs/getting-started.md shows it.
TEST(GodotClientTest, TheFirstClientIsAScript) {
  std::string why;
  const std::string godot = find_godot(&why);
  if (godot.empty()) GTEST_SKIP() << why;
  const std::string script = std::filesystem::canonical("examples/first_client.gd").string();
  int status = -1;
  const std::string output =
      output_of("timeout 30 " + godot + " --headless --check-only --script " + script, &status);
  EXPECT_EQ(0, status) << output;
  EXPECT_EQ(std::string::npos, output.find("Error")) << output;
}

}  // namespace
}  // namespace ringpeer
