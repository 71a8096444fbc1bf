#ifndef RINGPEER_TOOLS_COMMAND_TEXT_TABLE_H_
#define RINGPEER_TOOLS_COMMAND_TEXT_TABLE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ringpeer::tools {

// A table of two columns for people: what, and how much.
// Threads: one.
class TextTable {
 public:
  explicit TextTable(std::string title) : title_(std::move(title)) {}

  void add(std::string name, std::string value) {
    rows_.emplace_back(std::move(name), std::move(value));
  }
  // The title, then the rows with the values in one column.
  std::string to_string() const;

 private:
  std::string title_;
  std::vector<std::pair<std::string, std::string>> rows_;
};

// 1234567 -> "1,234,567".
std::string with_thousands(std::int64_t number);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_TEXT_TABLE_H_
