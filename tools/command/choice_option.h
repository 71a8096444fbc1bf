#ifndef RINGPEER_TOOLS_COMMAND_CHOICE_OPTION_H_
#define RINGPEER_TOOLS_COMMAND_CHOICE_OPTION_H_

#include <map>
#include <string>

#include <CLI/CLI.hpp>

namespace ringpeer::tools {

// An option that takes one of the words of `names`, which must live as long as `command`.
// *value is a T, or an optional one that stays empty without the option; `otherwise` is what
// --help calls the default. Another word is refused with the list of those that are known.
// Threads: the one that parses. Lifetime: *value must outlive the parsing.
template <typename T, typename Value>
CLI::Option* add_choice(CLI::App& command, const std::string& option,
                        const std::map<std::string, T>& names, Value* value,
                        const std::string& otherwise, const std::string& description) {
  CLI::Option* const added =
      command
          .add_option_function<std::string>(
              option, [value, &names](const std::string& word) { *value = names.at(word); },
              description)
          ->check(CLI::IsMember(names));
  if (!otherwise.empty()) added->default_str(otherwise);
  return added;
}

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_CHOICE_OPTION_H_
