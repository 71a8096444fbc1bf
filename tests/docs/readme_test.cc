// The README shows code that is built: its example is examples/game_server.cc itself.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace ringpeer {
namespace {

std::string read_file(const std::string& path) {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  if (runfiles == nullptr || workspace == nullptr) return "";
  std::ifstream file(std::string(runfiles) + "/" + workspace + "/" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ReadmeTest, TheExampleIsTheProgramThatIsBuilt) {
  const std::string program = read_file("examples/game_server.cc");
  ASSERT_NE(program, "");
  const std::string readme = read_file("README.md");
  ASSERT_NE(readme, "");
  EXPECT_NE(readme.find("```cpp\n" + program + "```\n"), std::string::npos)
      << "copy examples/game_server.cc into the README, or the other way round";
}

}  // namespace
}  // namespace ringpeer
