#include "ringpeer/tools/command/text_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace ringpeer::tools {

std::string TextTable::to_string() const {
  std::size_t width = 0;
  for (const auto& row : rows_) width = std::max(width, row.first.size());
  std::string text = title_ + "\n";
  for (const auto& [name, value] : rows_) {
    text += fmt::format("  {:<{}}  {}\n", name, width, value);
  }
  return text;
}

std::string with_thousands(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first_digit = number < 0 ? 1 : 0;
  constexpr std::size_t kGroup = 3;
  for (std::size_t i = digits.size(); i > first_digit + kGroup;) {
    i -= kGroup;
    digits.insert(i, 1, ',');
  }
  return digits;
}

}  // namespace ringpeer::tools
