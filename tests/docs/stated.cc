#include "ringpeer/tests/docs/stated.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "ringpeer/tests/docs/header_scanner.h"
#include "ringpeer/tests/docs/page.h"

namespace ringpeer::docs {

std::int64_t constant_of(const std::string& path, const std::string& name) {
  const std::string text = read_page(path);
  std::size_t at = std::min(text.find(" " + name + "{"), text.find(" " + name + " ="));
  EXPECT_NE(at, std::string::npos) << path << " has no " << name;
  if (at == std::string::npos) return -1;
  at += name.size() + 1;
  std::string value = text.substr(at, text.find(';', at) - at);
  if (const std::size_t equals = value.find('='); equals != std::string::npos) {
    value = value.substr(equals + 1);
  } else {
    value = value.substr(1, value.size() - 2);  // between braces
  }
  std::erase(value, '\'');
  const auto number = evaluate(value, {});
  EXPECT_TRUE(number.has_value()) << name << " = " << value;
  return number.value_or(-1);
}

std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  for (int i = static_cast<int>(text.size()) - 3; i > 0; i -= 3) {
    text.insert(static_cast<std::size_t>(i), ",");
  }
  return text;
}

double number_in(std::string cell) {
  std::erase(cell, ',');
  const std::size_t at = cell.find_first_of("0123456789");
  if (at == std::string::npos) return std::nan("");
  const bool is_negative = at > 0 && cell[at - 1] == '-';
  return std::atof(cell.substr(at).c_str()) * (is_negative ? -1 : 1);
}

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!is_space) line += c;
    if (is_space && !line.empty() && line.back() != ' ') line += ' ';
  }
  return line;
}

bool says(std::string_view page, std::string_view words) {
  return on_one_line(page).find(words) != std::string::npos;
}

}  // namespace ringpeer::docs
