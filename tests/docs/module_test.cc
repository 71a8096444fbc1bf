// MODULE.bazel moves nobody's versions without a reason, and the README names its own.

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <sstream>
#include <string>

#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tools/command/version.h"

namespace ringpeer::docs {
namespace {

struct Dependency {
  std::string version;
  std::string reason;  // the comment above
  bool is_dev = false;
};

std::map<std::string, Dependency> dependencies_of(const std::string& module) {
  static const std::regex kDependency(
      R"re(bazel_dep\(name = "([^"]+)", version = "([^"]+)"(.*)\))re");
  std::map<std::string, Dependency> found;
  std::istringstream lines(module);
  std::string comment;
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (line.starts_with("# ")) {
      comment += line.substr(2) + ' ';
    } else {
      if (std::regex_search(line, match, kDependency)) {
        found[match[1]] = {match[2], comment, match[3].str().find("dev_dep") != std::string::npos};
      }
      comment.clear();
    }
  }
  return found;
}

// The dependencies that consumers inherit, and whose reason does not begin with their version.
std::string without_reason(const std::string& module) {
  std::string found;
  for (const auto& [name, dependency] : dependencies_of(module)) {
    const bool has_reason = dependency.reason.starts_with(dependency.version + ": ");
    if (!dependency.is_dev && !has_reason) found += name + ' ';
  }
  return found;
}

TEST(ModuleTest, EachInheritedVersionHasItsReason) {
  const std::string module = read_page("MODULE.bazel");
  EXPECT_EQ(without_reason(module), "");
  std::string inherited;
  for (const auto& [name, dependency] : dependencies_of(module)) {
    if (!dependency.is_dev) inherited += name + ' ';
  }
  EXPECT_EQ(inherited, "concurrentqueue liburing platforms rules_cc ");
}

TEST(ModuleTest, ARaisedVersionIsFound) {
  EXPECT_EQ(without_reason("# 1.2: because.\nbazel_dep(name = \"a\", version = \"1.2\")\n"), "");
  EXPECT_EQ(without_reason("# 1.2: because.\nbazel_dep(name = \"a\", version = \"1.3\")\n"), "a ");
  EXPECT_EQ(without_reason("# 1.2: because.\n\nbazel_dep(name = \"a\", version = \"1.2\")\n"),
            "a ");
  EXPECT_EQ(without_reason("bazel_dep(name = \"a\", version = \"1\", dev_dependency = True)\n"),
            "");
}

// The registry has turned away from levels: they make trees that do not resolve.
TEST(ModuleTest, NoCompatibilityLevelIsSet) {
  const std::string module = read_page("MODULE.bazel");
  EXPECT_EQ(module.find("compatibility_level"), std::string::npos);
  EXPECT_NE(module.find("bazel_compatibility"), std::string::npos);
}

TEST(ModuleTest, PagesNameTheVersionOfTheModule) {
  std::smatch version;
  const std::string module = read_page("MODULE.bazel");
  ASSERT_TRUE(std::regex_search(module, version, std::regex(R"re(\n    version = "([^"]+)")re")));
  for (const char* page : {"README.md", "docs/getting-started.md"}) {
    const std::string text = read_page(page);
    EXPECT_NE(text.find("bazel_dep(name = \"ringpeer\", version = \"" + version[1].str() + "\")"),
              std::string::npos)
        << page;
  }
  // What reports say.
  EXPECT_EQ(tools::kVersion, version[1].str());
}

}  // namespace
}  // namespace ringpeer::docs
