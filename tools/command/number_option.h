#ifndef RINGPEER_TOOLS_COMMAND_NUMBER_OPTION_H_
#define RINGPEER_TOOLS_COMMAND_NUMBER_OPTION_H_

#include <string>

#include <CLI/CLI.hpp>

namespace ringpeer::tools {

// An option that takes a number, or several of them. Zeros in front do not change it: CLI11 alone
// takes 04000 for an octal number, 2048.
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
    return std::string();  // no complaint
  };
  return command.add_option(option, *value, description)->transform(CLI::Validator(drop_zeros, ""));
}

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_NUMBER_OPTION_H_
