#ifndef RINGPEER_TESTS_DOCS_PAGE_H_
#define RINGPEER_TESTS_DOCS_PAGE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ringpeer::docs {

struct Row {
  std::vector<std::string> cells;  // trimmed
  int line = 0;
};

struct Table {
  std::string heading;  // the one that it stands under, without '#'
  Row head;
  std::vector<Row> rows;
};

// The file of a runfile's path; fails the test when there is none.
std::string read_page(const std::string& path);

// The tables of a page in Markdown. A "|" in a code span is no border.
std::vector<Table> tables_of(std::string_view page);

// All rows of the tables under a heading, of those whose head begins with this cell ("": any);
// fails the test when there is none.
std::vector<Row> rows_under(const std::string& path, const std::string& heading,
                            const std::string& first_head = "");

// What stands between backticks.
std::vector<std::string> code_spans(std::string_view text);

}  // namespace ringpeer::docs

#endif  // RINGPEER_TESTS_DOCS_PAGE_H_
