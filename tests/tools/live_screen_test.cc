// The live view of `ringpeer load` in a terminal of 80 columns and 24 lines, which tmux plays.

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <string>
#include <thread>

#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::tools {
namespace {

using std::chrono::seconds;
constexpr seconds kPatience{60};

// What a shell command prints; its status is not looked at.
std::string output_of(const std::string& command) {
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::string text;
  std::array<char, 4096> buffer;
  for (std::size_t size; (size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), size);
  }
  pclose(pipe);
  return text;
}

std::string program() {
  return std::string(std::getenv("TEST_SRCDIR")) + "/" + std::getenv("TEST_WORKSPACE") +
         "/tools/ringpeer";
}

// A tmux server of its own, which ends with the test.
class Terminal {
 public:
  // Not in the test's own folder: the name of a socket has 107 bytes at most.
  Terminal() : tmux_("tmux -f /dev/null -S /tmp/ringpeer-live." + std::to_string(getpid())) {}
  ~Terminal() { output_of(tmux_ + " kill-server 2>/dev/null"); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Runs it; the screen stays when it has ended.
  void run(const std::string& command, int columns, int lines) const {
    output_of(tmux_ + " new-session -d -x " + std::to_string(columns) + " -y " +
              std::to_string(lines) + " '" + command + "; echo status $?; sleep 600' 2>&1");
  }
  void resize(int columns, int lines) const {
    output_of(tmux_ + " resize-window -x " + std::to_string(columns) + " -y " +
              std::to_string(lines) + " 2>&1");
  }
  // What has left the screen at the top, too.
  std::string all() const { return output_of(tmux_ + " capture-pane -p -S - 2>/dev/null"); }
  std::string screen() const { return output_of(tmux_ + " capture-pane -p 2>/dev/null"); }
  bool shows(const std::function<bool(const std::string&)>& wanted, std::string* last) const {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      *last = screen();
      if (wanted(*last)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

 private:
  std::string tmux_;
};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

int count_of(const std::string& text, const std::string& part) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++count;
  return count;
}

class LiveScreenTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has(output_of("tmux -V 2>/dev/null"), "tmux")) GTEST_SKIP() << "there is no tmux";
    ASSERT_TRUE(server_.wait_for_error_text(", backend ", kPatience)) << server_.error_output();
    const std::string& line = server_.error_output();
    std::istringstream(line.substr(line.find(" on port ") + 9)) >> port_;
  }
  std::string load(const std::string& options) const {
    return program() + " load --target 127.0.0.1:" + std::to_string(port_) + " --allow-invalid " +
           options;
  }

  CommandProcess server_{{"serve", "--mode", "echo", "--port", "0", "--address", "127.0.0.1"}};
  int port_ = 0;
  Terminal terminal_;
};

TEST_F(LiveScreenTest, ShowsTheRunAndMakesWayForItsReport) {
  terminal_.run(load("--clients 5 --hz 40 --duration 4"), 80, 24);
  std::string screen;
  ASSERT_TRUE(terminal_.shows(
      [](const std::string& text) { return has(text, "% of a core") && has(text, " 200/s"); },
      &screen))
      << screen;
  for (const char* label :
       {"offered", "sent", "answered", "unanswered", "round trip", "p99", "s left"}) {
    EXPECT_TRUE(has(screen, label)) << label << "\n" << screen;
  }
  // Nothing wrapped, and nothing twice: it is drawn over.
  EXPECT_EQ(screen.find("round trip"), screen.rfind("round trip")) << screen;
  ASSERT_TRUE(
      terminal_.shows([](const std::string& text) { return has(text, "status 0"); }, &screen))
      << screen;
  EXPECT_FALSE(has(screen, "s left")) << screen;
  EXPECT_TRUE(has(screen, "unaccounted for")) << screen;
}

TEST_F(LiveScreenTest, OfASmallTerminalTakesOneLine) {
  terminal_.run(load("--clients 5 --hz 40 --duration 4"), 200, 10);
  std::string screen;
  ASSERT_TRUE(terminal_.shows(
      [](const std::string& text) { return has(text, "of 4 s: 5 clients, sent 2"); }, &screen))
      << screen;
  EXPECT_FALSE(has(screen, "round trip ")) << screen;
}

// The line is cut where the terminal ends, and drawn over.
TEST_F(LiveScreenTest, ALineThatIsLongerThanTheTerminalDoesNotScroll) {
  terminal_.run(load("--clients 5 --hz 40 --duration 10"), 40, 10);
  std::string screen;
  ASSERT_TRUE(
      terminal_.shows([](const std::string& text) { return has(text, "4 of 10 s:"); }, &screen))
      << screen;
  const std::string all = terminal_.all();
  EXPECT_EQ(count_of(all, "of 10 s:"), 1) << all;
  EXPECT_FALSE(has(all, "p99")) << "it goes on below: " << all;
}

// What was pushed out of the screen when it became smaller stays, once; no redraw adds to it.
TEST_F(LiveScreenTest, ATerminalMayChangeItsSize) {
  terminal_.run(load("--clients 5 --hz 40 --duration 12"), 80, 24);
  std::string screen;
  const auto shows = [&](const char* part) {
    return terminal_.shows([part](const std::string& text) { return has(text, part); }, &screen);
  };
  ASSERT_TRUE(shows("round trip")) << screen;
  terminal_.resize(50, 12);
  ASSERT_TRUE(shows("of 12 s:")) << screen;
  ASSERT_TRUE(shows("7 of 12 s:")) << screen;
  const std::string all = terminal_.all();
  EXPECT_LE(count_of(all, "ringpeer load against"), 1) << all;
  EXPECT_EQ(count_of(all, "of 12 s:"), 1) << all;
  terminal_.resize(90, 30);
  ASSERT_TRUE(terminal_.shows(
      [](const std::string& text) { return has(text, "round trip") && !has(text, "of 12 s:"); },
      &screen))
      << screen;
  ASSERT_TRUE(shows("status 0")) << screen;
}

TEST_F(LiveScreenTest, IntoAPipeGoesALineASecond) {
  CommandProcess process({"load", "--target", "127.0.0.1:" + std::to_string(port_),
                          "--allow-invalid", "--clients", "5", "--hz", "40", "--duration", "3"});
  EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
  const std::string& text = process.error_output();
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = text.find("of 3 s: 5 clients", at)) != text.npos; ++at) ++lines;
  EXPECT_GE(lines, 2U) << text;
  EXPECT_LE(lines, 4U) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

}  // namespace
}  // namespace ringpeer::tools
