// A real Godot plays in the arena, where there is one.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <regex>
#include <string>

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
  for (const char* name : {"client.gd", "client.tscn", "project.godot"}) {
    std::filesystem::copy_file(
        std::filesystem::canonical(std::string("examples/godot_client/") + name), copy + "/" + name,
        std::filesystem::copy_options::overwrite_existing);
  }
  return copy;
}

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
