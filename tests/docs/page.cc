#include "ringpeer/tests/docs/page.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <utility>

namespace ringpeer::docs {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  std::string cell;
  bool in_code = false;
  for (const char c : line.substr(1)) {
    if (c == '`') in_code = !in_code;
    if (c == '|' && !in_code) {
      cells.push_back(trimmed(cell));
      cell.clear();
    } else {
      cell += c;
    }
  }
  return cells;
}

}  // namespace

std::string read_page(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Table> tables_of(std::string_view page) {
  std::vector<Table> tables;
  std::istringstream lines{std::string(page)};
  std::string heading;
  bool in_table = false;
  bool in_code = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("```")) in_code = !in_code;
    if (in_code) continue;
    if (line.starts_with("#")) heading = trimmed(line.substr(line.find_first_not_of('#')));
    if (!line.starts_with("|")) {
      in_table = false;
    } else if (!in_table) {
      tables.push_back({heading, {cells_of(line), number}, {}});
      in_table = true;
    } else if (line.find_first_not_of("|- ") != std::string::npos) {
      tables.back().rows.push_back({cells_of(line), number});
    }
  }
  return tables;
}

std::vector<Row> rows_under(const std::string& path, const std::string& heading,
                            const std::string& first_head) {
  std::vector<Row> rows;
  for (const Table& table : tables_of(read_page(path))) {
    if (table.heading != heading) continue;
    if (!first_head.empty() && table.head.cells[0] != first_head) continue;
    rows.insert(rows.end(), table.rows.begin(), table.rows.end());
  }
  EXPECT_FALSE(rows.empty()) << path << ", " << heading;
  return rows;
}

std::vector<std::string> code_spans(std::string_view text) {
  std::vector<std::string> spans;
  for (std::size_t begin = text.find('`'); begin != std::string_view::npos;) {
    const std::size_t end = text.find('`', begin + 1);
    if (end == std::string_view::npos) break;
    spans.emplace_back(text.substr(begin + 1, end - begin - 1));
    begin = text.find('`', end + 1);
  }
  return spans;
}

}  // namespace ringpeer::docs
