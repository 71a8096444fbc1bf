// The code of the pages is code that is built: each block names the part of an example
// that it repeats.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ringpeer {
namespace {

struct Block {
  std::string page;
  int line = 0;
  std::string example;  // "path" or "path#part"; empty: the page does not say
  std::string text;
};

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// The fenced blocks in C++ and GDScript.
std::vector<Block> blocks_of(const std::string& page) {
  constexpr std::string_view kBefore = "<!-- example: ";
  constexpr std::string_view kAfter = " -->";
  const std::vector<std::string> lines = lines_of(page);
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] != "```cpp" && lines[i] != "```gdscript") continue;
    Block block{page, static_cast<int>(i + 1), {}, {}};
    if (i > 0 && lines[i - 1].starts_with(kBefore) && lines[i - 1].ends_with(kAfter)) {
      block.example =
          lines[i - 1].substr(kBefore.size(), lines[i - 1].size() - kBefore.size() - kAfter.size());
    }
    for (++i; i < lines.size() && lines[i] != "```"; ++i) block.text += lines[i] + "\n";
    blocks.push_back(block);
  }
  return blocks;
}

// A whole file, or what stands between "// example: part" and "// end" in it.
std::string example_text(const std::string& example) {
  const std::size_t hash = example.find('#');
  const std::vector<std::string> lines = lines_of(example.substr(0, hash));
  const std::string begin =
      hash == std::string::npos ? "" : "// example: " + example.substr(hash + 1);
  std::string text;
  bool inside = begin.empty();
  std::size_t indent = 0;
  for (const std::string& line : lines) {
    const std::size_t first = line.find_first_not_of(' ');
    const std::string trimmed = first == std::string::npos ? "" : line.substr(first);
    if (!begin.empty() && trimmed == begin) {
      inside = true;
      indent = first;
    } else if (inside && !begin.empty() && trimmed == "// end") {
      return text;
    } else if (inside) {
      text += (line.size() > indent ? line.substr(indent) : "") + "\n";
    }
  }
  return begin.empty() ? text : "";
}

class PagesTest : public testing::TestWithParam<const char*> {};

TEST_P(PagesTest, ShowsCodeThatIsBuilt) {
  const std::vector<Block> blocks = blocks_of(GetParam());
  EXPECT_FALSE(blocks.empty());
  for (const Block& block : blocks) {
    const std::string place = block.page + ":" + std::to_string(block.line);
    ASSERT_FALSE(block.example.empty())
        << place << ": put <!-- example: examples/FILE#PART --> in the line before";
    const std::string text = example_text(block.example);
    ASSERT_FALSE(text.empty()) << place << ": there is no " << block.example;
    EXPECT_EQ(text, block.text) << place << " and " << block.example << " differ";
  }
}

// "docs/api.md" is "api".
std::string name_of(const testing::TestParamInfo<const char*>& page) {
  std::string name = page.param;
  name = name.substr(5, name.size() - 8);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Pages, PagesTest,
                         testing::Values("docs/api.md", "docs/getting-started.md",
                                         "docs/porting.md", "docs/wire.md"),
                         name_of);

}  // namespace
}  // namespace ringpeer
