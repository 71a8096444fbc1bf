#include "ringpeer/bench/process/child_process.h"

#include <gtest/gtest.h>

namespace ringpeer::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{10'000};

TEST(ChildProcess, TalksInLines) {
  ChildProcess child;
  ASSERT_EQ(child.start("/bin/cat", {}), "");
  ASSERT_TRUE(child.write_line("one"));
  ASSERT_TRUE(child.write_line("two"));
  std::string line;
  ASSERT_TRUE(child.read_line(&line, kPatience));
  EXPECT_EQ(line, "one");
  ASSERT_TRUE(child.read_line(&line, kPatience));
  EXPECT_EQ(line, "two");
  child.finish(kPatience);
}

TEST(ChildProcess, SilenceEndsWithTheTimeout) {
  ChildProcess child;
  ASSERT_EQ(child.start("/bin/cat", {}), "");
  std::string line;
  EXPECT_FALSE(child.read_line(&line, milliseconds(20)));
}

TEST(ChildProcess, AProgramThatIsNotThereGivesNoLine) {
  ChildProcess child;
  ASSERT_EQ(child.start("/nonexistent/program", {}), "");
  std::string line;
  EXPECT_FALSE(child.read_line(&line, kPatience));
}

TEST(ChildProcess, OneThatIgnoresItsEndIsKilled) {
  ChildProcess child;
  ASSERT_EQ(child.start("/bin/sleep", {"600"}), "");
  const auto start = std::chrono::steady_clock::now();
  child.finish(milliseconds(50));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

}  // namespace
}  // namespace ringpeer::bench
