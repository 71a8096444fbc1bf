// What all pages have: links that lead somewhere, and commands of ./dev that there are.

#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tests/docs/stated.h"

namespace ringpeer::docs {
namespace {

std::vector<std::string> pages() {
  std::vector<std::string> paths = {"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"};
  for (const auto& file : std::filesystem::directory_iterator("docs")) {
    if (file.path().extension() == ".md") paths.push_back(file.path().string());
  }
  EXPECT_GT(paths.size(), 10u);
  return paths;
}

// As web pages name a heading: "What OK of a put means" is "what-ok-of-a-put-means".
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_') {
      anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

std::set<std::string> anchors_of(const std::string& page) {
  std::set<std::string> anchors;
  std::istringstream lines(read_page(page));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t words = line.find_first_not_of('#');
    if (words == 0 || words == std::string::npos || line[words] != ' ') continue;
    anchors.insert(anchor_of(line.substr(words + 1)));
  }
  return anchors;
}

// Without what stands in code, where brackets are no links.
std::string prose_of(const std::string& text) {
  const std::string prose = std::regex_replace(text, std::regex("```[^`]*```"), "");
  return std::regex_replace(prose, std::regex("`[^`\n]*`"), "code");
}

std::string complaint_about(const std::string& page, const std::string& link) {
  const std::size_t hash = link.find('#');
  const std::string file = link.substr(0, hash);
  const std::filesystem::path folder = std::filesystem::path(page).parent_path();
  const std::string target = file.empty() ? page : (folder / file).lexically_normal().string();
  if (!std::filesystem::exists(target)) return page + ": there is no " + link;
  if (hash == std::string::npos || anchors_of(target).contains(link.substr(hash + 1))) return "";
  return page + ": there is no heading " + link;
}

std::vector<std::string> complaints_about_links(const std::string& page, const std::string& text) {
  static const std::regex link(R"(\[[^\]]*\]\(([^) ]+)\))");
  std::vector<std::string> complaints;
  const std::string prose = prose_of(text);
  for (std::sregex_iterator i(prose.begin(), prose.end(), link), end; i != end; ++i) {
    const std::string to = (*i)[1];
    if (to.starts_with("http")) continue;
    if (std::string complaint = complaint_about(page, to); !complaint.empty()) {
      complaints.push_back(std::move(complaint));
    }
  }
  return complaints;
}

TEST(PagesTest, LinksLeadSomewhere) {
  for (const std::string& page : pages()) {
    EXPECT_EQ(complaints_about_links(page, read_page(page)), std::vector<std::string>());
  }
}

TEST(PagesTest, ABrokenLinkIsHeardOf) {
  EXPECT_EQ(complaints_about_links("docs/api.md", "see [there](compatibility.md#no-such)").size(),
            1u);
  EXPECT_EQ(complaints_about_links("docs/api.md", "see [there](no_such.md)").size(), 1u);
  EXPECT_EQ(complaints_about_links("README.md", "see [there](docs/api.md#threads)").size(), 0u);
}

// The commands of ./dev, by its help.
std::set<std::string> commands_of_dev() {
  const std::string script = read_page("dev");
  const std::size_t begin = script.find("usage: ./dev");
  const std::string help = script.substr(begin, script.find("HELP\n}", begin) - begin);
  static const std::regex line("\n  ([a-z-]+) ");
  std::set<std::string> commands;
  for (std::sregex_iterator i(help.begin(), help.end(), line), end; i != end; ++i) {
    commands.insert((*i)[1]);
    EXPECT_TRUE(std::regex_search(script, std::regex("\n  " + (*i)[1].str() + "( \\|[^\n]*)?\\)")))
        << "./dev has no " << (*i)[1];
  }
  return commands;
}

TEST(PagesTest, CommandsOfDevExist) {
  const std::set<std::string> commands = commands_of_dev();
  EXPECT_GT(commands.size(), 10u);
  static const std::regex command("\\./dev ([a-z][a-z-]*)");
  for (const std::string& page : pages()) {
    const std::string text = read_page(page);
    for (std::sregex_iterator i(text.begin(), text.end(), command), end; i != end; ++i) {
      EXPECT_TRUE(commands.contains((*i)[1])) << page << ": " << i->str();
    }
  }
}

// README.md: "bazel_dep(name = "ringpeer", version = ...)" is this version.
TEST(ReadmeClaimsTest, TheVersionIsTheModules) {
  const std::string module = read_page("MODULE.bazel");
  std::smatch version;
  ASSERT_TRUE(std::regex_search(module, version,
                                std::regex("name = \"ringpeer\",\\s*version = \"([0-9.]+)\"")));
  EXPECT_TRUE(says(read_page("README.md"),
                   "bazel_dep(name = \"ringpeer\", version = \"" + version[1].str() + "\")"));
}

// The rows of the demo that README.md shows are the demo's own.
TEST(ReadmeClaimsTest, TheDemoHasTheRowsThatAreShown) {
  const std::string readme = read_page("README.md");
  const std::string report = read_page("tools/demo/demo_report.cc");
  const std::size_t begin = readme.find("    An arena of 200 players");
  ASSERT_NE(begin, std::string::npos);
  std::istringstream lines(readme.substr(begin, readme.find("\n\n", begin) - begin));
  std::string line;
  std::getline(lines, line);
  int rows = 0;
  while (std::getline(lines, line)) {
    const std::size_t first = line.find_first_not_of(' ');
    const std::string label = line.substr(first, line.find("  ", first) - first);
    EXPECT_NE(report.find("\"" + label + "\""), std::string::npos) << label;
    ++rows;
  }
  EXPECT_EQ(rows, 10);
}

}  // namespace
}  // namespace ringpeer::docs
