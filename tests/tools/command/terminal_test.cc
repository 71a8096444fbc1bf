// What a text takes of a terminal, and a line that keeps within one.

#include "ringpeer/tools/command/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

#include "ringpeer/tools/command/progress_line.h"

namespace ringpeer::tools {
namespace {

TEST(TerminalTest, ALineKeepsTheLastColumnFree) {
  EXPECT_EQ(fitting("abcdef", {.columns = 7, .lines = 1}), "abcdef");
  EXPECT_EQ(fitting("abcdef", {.columns = 6, .lines = 1}), "abcde");
  EXPECT_EQ(fitting("abcdef", {.columns = 1, .lines = 1}), "");
  EXPECT_EQ(fitting("abcdef", {}), "abcdef");
  EXPECT_EQ(fitting("", {.columns = 1, .lines = 1}), "");
}

TEST(TerminalTest, CharactersStayWhole) {
  EXPECT_EQ(columns_of("a\u2588\u2588b"), 4U);
  EXPECT_EQ(fitting("a\u2588\u2588b", {.columns = 3, .lines = 1}), "a\u2588");
  EXPECT_EQ(fitting("a\u2588\u2588b", {.columns = 5, .lines = 1}), "a\u2588\u2588b");
}

TEST(TerminalTest, WhatDoesNotFitAnyMoreGoesOnBelow) {
  EXPECT_EQ(lines_taken(0, {.columns = 10, .lines = 5}), 1U);
  EXPECT_EQ(lines_taken(10, {.columns = 10, .lines = 5}), 1U);
  EXPECT_EQ(lines_taken(11, {.columns = 10, .lines = 5}), 2U);
  EXPECT_EQ(lines_taken(100, {}), 1U);
}

TEST(TerminalTest, AFileHasNoSize) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(terminal_size(file), TerminalSize{});
  std::fclose(file);
}

// Both ends of a terminal that this test plays.
class ProgressLineTest : public testing::Test {
 protected:
  void SetUp() override {
    terminal_ = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (terminal_ < 0 || grantpt(terminal_) != 0 || unlockpt(terminal_) != 0) {
      GTEST_SKIP() << "no terminals here";
    }
    std::array<char, 64> name = {};
    ASSERT_EQ(ptsname_r(terminal_, name.data(), name.size()), 0);
    const int end = open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ASSERT_GE(end, 0);
    file_ = fdopen(end, "w");
    ASSERT_NE(file_, nullptr);
  }
  void TearDown() override {
    if (file_ != nullptr) std::fclose(file_);
    if (terminal_ >= 0) close(terminal_);
  }
  void resize(unsigned short columns) const {
    const winsize size = {.ws_row = 15, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ASSERT_EQ(ioctl(terminal_, TIOCSWINSZ, &size), 0);
  }
  std::string shown() const {
    std::array<char, 4096> buffer;
    const ssize_t count = read(terminal_, buffer.data(), buffer.size());
    return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : "";
  }

  int terminal_ = -1;
  std::FILE* file_ = nullptr;
};

TEST_F(ProgressLineTest, IsAsLongAsTheTerminalIsWideAndMakesWay) {
  const std::string text(150, 'x');
  auto now = ProgressLine::Clock::now();
  const std::string start = "\r\x1b[K";
  resize(40);
  ProgressLine line(file_);
  line.update(now, text);
  EXPECT_EQ(shown(), start + std::string(39, 'x'));
  // It has become two lines of 20 by now, and the cursor stands in the lower one.
  resize(20);
  line.update(now += std::chrono::seconds(1), text);
  EXPECT_EQ(shown(), "\x1b[1A\r\x1b[J" + std::string(19, 'x'));
  resize(200);
  line.update(now += std::chrono::seconds(1), text);
  EXPECT_EQ(shown(), start + text);
  line.make_way();
  EXPECT_EQ(shown(), start);
  line.make_way();
  EXPECT_EQ(shown(), "");
}

}  // namespace
}  // namespace ringpeer::tools
