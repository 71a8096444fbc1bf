#include "ringpeer/tests/docs/public_headers.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/tests/docs/page.h"

namespace ringpeer::docs {

// Where what is included as "ringpeer/x.h" stands: the table of the public door.
std::map<std::string, std::string> public_door() {
  const std::string text = read_page("ringpeer.bzl");
  const std::size_t begin = text.find("PUBLIC_HEADERS = {");
  std::istringstream rows(text.substr(begin, text.find("\n}", begin) - begin));
  std::map<std::string, std::string> paths;
  for (std::string row; std::getline(rows, row);) {
    std::vector<std::string> quoted;  // by turns what stands outside quotes and within
    std::istringstream parts(row);
    for (std::string part; std::getline(parts, part, '"');) quoted.push_back(part);
    if (quoted.size() == 5) paths[quoted[1]] = quoted[3];
  }
  return paths;
}

namespace {

std::string path_of(const std::string& included) {
  static const std::map<std::string, std::string> door = public_door();
  const auto found = door.find(included);
  EXPECT_NE(found, door.end()) << included;
  return found == door.end() ? "" : found->second;
}
}  // namespace

std::set<std::string> public_headers() {
  std::set<std::string> paths;
  for (const std::string& span : code_spans(read_page("docs/api.md"))) {
    if (span.starts_with("ringpeer/") && span.ends_with(".h")) paths.insert(path_of(span));
  }
  return paths;
}

}  // namespace ringpeer::docs
