#ifndef RINGPEER_TOOLS_COMMAND_NUMBER_OPTION_H_
#define RINGPEER_TOOLS_COMMAND_NUMBER_OPTION_H_

#include <cerrno>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>

namespace ringpeer::tools {

// What an option's value is made of.
template <typename T>
struct NumberOf {
  using Type = T;
};
template <typename T>
struct NumberOf<std::optional<T>> : NumberOf<T> {};
template <typename T>
struct NumberOf<std::vector<T>> : NumberOf<T> {};

// An empty text, or what is wrong with `text` as a whole number of 0 or more.
template <typename T>
std::string complaint_about_whole_number(const std::string& text) {
  errno = 0;
  (void)std::strtoull(text.c_str(), nullptr, 0);
  if (errno != ERANGE && !text.starts_with('-')) return "";
  return "choose 0 to " + std::to_string(std::numeric_limits<T>::max());
}

// An option that takes a number, or several of them. Zeros in front do not change it: CLI11 alone
// takes 04000 for an octal number, 2048. Nor does it take -1 for the largest of all numbers, or one
// that is larger.
// Threads: the one that parses. Lifetime: *value must outlive the parsing.
template <typename T>
CLI::Option* add_number(CLI::App& command, const std::string& option, T* value,
                        const std::string& description) {
  const auto drop_zeros = [](std::string& text) {
    const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
    // Of 0x10 and of 0 itself the zero stays.
    while (text.size() > sign + 1 && text[sign] == '0' && text[sign + 1] >= '0' &&
           text[sign + 1] <= '9') {
      text.erase(sign, 1);
    }
    using Number = typename NumberOf<T>::Type;
    if constexpr (std::is_unsigned_v<Number>) return complaint_about_whole_number<Number>(text);
    return std::string();  // no complaint
  };
  return command.add_option(option, *value, description)->transform(CLI::Validator(drop_zeros, ""));
}

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_NUMBER_OPTION_H_
