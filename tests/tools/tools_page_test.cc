// docs/tools.md against the program: every command, option, default, limit, field and exit
// status, and no others.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "ringpeer/tests/tools/command_process.h"
#include "ringpeer/tests/tools/report_schema.h"
#include "ringpeer/tools/command/exit_status.h"
#include "ringpeer/tools/demo/demo_command.h"
#include "ringpeer/tools/doctor/checks.h"
#include "ringpeer/tools/doctor/doctor_command.h"
#include "ringpeer/tools/impair/impair_command.h"
#include "ringpeer/tools/load/load_command.h"
#include "ringpeer/tools/report/report_command.h"
#include "ringpeer/tools/serve/serve_command.h"
#include "ringpeer/tools/variant/variant_subcommand.h"

namespace ringpeer::tools {
namespace {

using Json = ReportSchema::Json;
using Row = std::vector<std::string>;
constexpr std::chrono::seconds kPatience{60};

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// "`x`" -> "x".
std::string unquoted(const std::string& cell) {
  return cell.size() > 1 && cell.front() == '`' && cell.back() == '`'
             ? cell.substr(1, cell.size() - 2)
             : cell;
}

// The page's tables: by the heading above, in order, each without its two lines of head.
std::map<std::string, std::vector<Row>> tables() {
  std::istringstream page(read_runfile("docs/tools.md"));
  std::map<std::string, std::vector<Row>> all;
  std::string heading;
  int line_of_table = 0;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with('#')) heading = trimmed(line.substr(line.find_first_not_of('#')));
    line_of_table = line.starts_with('|') ? line_of_table + 1 : 0;
    if (line_of_table <= 2) continue;
    Row row;
    std::istringstream cells(line.substr(1));
    for (std::string cell; std::getline(cells, cell, '|');) row.push_back(trimmed(cell));
    all[heading].push_back(row);
  }
  return all;
}

const std::vector<Row>& table_of(const std::string& heading) {
  static const auto& all = *new std::map<std::string, std::vector<Row>>(tables());
  const auto found = all.find(heading);
  if (found == all.end()) throw std::runtime_error("docs/tools.md has no table of " + heading);
  return found->second;
}

// ---- Commands and options ---------------------------------------------------

struct Program {
  int exit_status = 0;
  CLI::App app{"", "ringpeer"};

  Program() {
    add_serve_command(app, &exit_status);
    add_load_command(app, &exit_status);
    add_demo_command(app, &exit_status);
    add_impair_command(app, &exit_status);
    add_report_command(app, &exit_status);
    add_variant_command(app, &exit_status);
    add_doctor_command(app, &exit_status);
  }
};

// The commands that do something, under the names that a user types.
void collect_commands(const CLI::App& app, const std::string& prefix,
                      std::vector<std::pair<std::string, const CLI::App*>>* commands) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string name = prefix + command->get_name();
    if (command->get_require_subcommand_min() == 0) commands->emplace_back(name, command);
    collect_commands(*command, name + " ", commands);
  }
}

std::vector<std::pair<std::string, const CLI::App*>> commands_of(const Program& program) {
  std::vector<std::pair<std::string, const CLI::App*>> commands;
  collect_commands(program.app, "", &commands);
  return commands;
}

// What the page has to say in its column "default".
std::string default_of(const CLI::Option& option) {
  if (option.get_required()) return "required";
  if (option.get_expected_max() == 0) return "off";
  const std::string text = option.get_default_str();
  return text.empty() ? "none" : "`" + text + "`";
}

// The words of "TEXT:{arena,echo,sink}".
std::set<std::string> words_of_type(const std::string& type) {
  const std::size_t begin = type.find('{');
  if (begin == std::string::npos) return {};
  std::istringstream list(type.substr(begin + 1, type.find('}') - begin - 1));
  std::set<std::string> words;
  for (std::string word; std::getline(list, word, ',');) words.insert(trimmed(word));
  return words;
}

// The words of "`arena`, `echo`, `sink`"; none when it is anything else.
std::set<std::string> words_of_cell(const std::string& cell) {
  std::istringstream list(cell);
  std::set<std::string> words;
  for (std::string word; std::getline(list, word, ',');) {
    word = trimmed(word);
    if (unquoted(word) == word) return {};
    words.insert(unquoted(word));
  }
  return words;
}

TEST(ToolsPageTest, HasEveryCommandAndNoOther) {
  const Program program;
  std::vector<std::string> expected;
  for (const auto& [name, command] : commands_of(program)) expected.push_back(name);
  std::vector<std::string> found;
  for (const Row& row : table_of("The command")) found.push_back(unquoted(row.at(0)));
  EXPECT_EQ(found, expected);
}

TEST(ToolsPageTest, HasEveryOptionWithItsDefaultAndNoOther) {
  const Program program;
  for (const auto& [name, command] : commands_of(program)) {
    std::map<std::string, const CLI::Option*> options;
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_name() != "--help") options[option->get_name()] = option;
    }
    for (const Row& row : table_of(name)) {
      ASSERT_EQ(row.size(), 4U) << name << ": " << row.at(0);
      const auto found = options.find(unquoted(row[0]));
      ASSERT_NE(found, options.end()) << name << " has no option " << row[0];
      EXPECT_EQ(row[2], default_of(*found->second)) << name << " " << row[0];
      EXPECT_EQ(words_of_cell(row[1]), words_of_type(found->second->get_type_name()))
          << name << " " << row[0];
      EXPECT_NE(row[3], "") << name << " " << row[0];
      options.erase(found);
    }
    EXPECT_TRUE(options.empty()) << name << ": the page lacks " << options.begin()->first;
  }
}

// A number in the text of --help is one that the page has for the option.
TEST(ToolsPageTest, HasTheNumbersOfTheHelp) {
  const Program program;
  const std::regex number("[0-9]{2,}");
  int numbers = 0;
  for (const auto& [name, command] : commands_of(program)) {
    for (const Row& row : table_of(name)) {
      const CLI::Option* const option = command->get_option_no_throw(unquoted(row[0]));
      ASSERT_NE(option, nullptr) << name << " " << row[0];
      const std::string help = option->get_description();
      for (std::sregex_iterator i(help.begin(), help.end(), number), end; i != end; ++i) {
        const bool is_on_page = row[1].find(i->str()) != std::string::npos ||
                                row[3].find(i->str()) != std::string::npos;
        EXPECT_TRUE(is_on_page) << name << " " << row[0] << ": " << i->str();
        ++numbers;
      }
    }
  }
  EXPECT_GE(numbers, 2);
}

// ---- Limits -----------------------------------------------------------------

// What the program needs beside the option that is tried.
std::vector<std::string> with_required(const std::string& command, const std::string& option) {
  std::vector<std::string> words = {command};
  if (command == "serve") {
    words.insert(words.end(), {"--mode", "sink"});
    if (option != "--port") words.insert(words.end(), {"--port", "0"});
  }
  if (command == "load") words.insert(words.end(), {"--target", "127.0.0.1:9"});
  if (option.starts_with("--step")) words.insert(words.end(), {"--ramp", "1..2"});
  if (command == "impair") {
    words.insert(words.end(), {"--target", "127.0.0.1:9"});
    if (option != "--port") words.insert(words.end(), {"--port", "0"});
  }
  return words;
}

// Beyond the limits it is refused, in words that name the same limits.
void expect_refused(const std::string& command, const std::string& option, const std::string& value,
                    const std::string& limits, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = with_required(command, option);
  words.insert(words.end(), more.begin(), more.end());
  words.push_back(option + "=" + value);
  CommandProcess process(words);
  EXPECT_EQ(process.finish(kPatience), kExitUsage) << command << " " << option << " " << value;
  EXPECT_NE(process.error_output().find(limits), std::string::npos)
      << command << " " << option << ": " << limits << " is not in " << process.error_output();
}

TEST(ToolsPageTest, HasTheLimitsThatTheProgramHas) {
  const std::regex range("(?:(raw|var): )?([0-9.]+) to ([0-9.]+)");
  const std::regex above("more than 0 and at most ([0-9]+)");
  int limits = 0;
  for (const char* command : {"serve", "load", "demo", "impair", "doctor"}) {
    for (const Row& row : table_of(command)) {
      const std::string option = unquoted(row[0]);
      std::smatch match;
      if (std::regex_search(row[1], match, above)) {
        for (const std::string& value : {std::string("0"), match[1].str() + "1"}) {
          expect_refused(command, option, value, match[0]);
        }
        ++limits;
      }
      for (std::sregex_iterator i(row[1].begin(), row[1].end(), range), end; i != end; ++i) {
        const std::string kind = (*i)[1];
        const std::vector<std::string> more =
            kind.empty() ? std::vector<std::string>{} : std::vector<std::string>{"--payload", kind};
        const std::string least = (*i)[2];
        const std::string most = (*i)[3];
        std::string beyond = std::to_string(std::stoll(most) + 1);
        std::string below = least.find('.') != std::string::npos
                                ? least.substr(0, least.size() - 1) + "09"
                                : std::to_string(std::stoll(least) - 1);
        // The smallest may have a meaning of its own, like 0: see the option.
        const std::string words =
            option == "--port" || option == "--workers" ? "1 to " + most : least + " to " + most;
        expect_refused(command, option, beyond, words, more);
        expect_refused(command, option, below, words, more);
        ++limits;
      }
    }
  }
  EXPECT_EQ(limits, 50) << "has an option lost its limits on the page?";
}

// ---- Fields and exit statuses -----------------------------------------------

std::string type_text(const Json& type) {
  if (type.is_string()) return type;
  std::string text;
  for (const Json& one : type) text += (text.empty() ? "" : " or ") + one.get<std::string>();
  return text;
}

// Field, type and unit of all fields, as the page lists them.
void collect_fields(const ReportSchema& schema, const Json& object, const std::string& prefix,
                    std::vector<Row>* rows) {
  for (const auto& [name, reference] : object.at("properties").items()) {
    const Json& field = schema.resolved(reference);
    rows->push_back({prefix + name, type_text(field.at("type")), field.value("unit", "")});
    // Reports within a report have a table of their own.
    const bool is_object = field.contains("properties");  // or null
    const bool is_report = is_object && field.at("properties").contains("schema");
    if (is_object && !is_report) {
      collect_fields(schema, field, prefix + name + ".", rows);
    }
    if (field.at("type") != "array") continue;
    const Json& item = schema.resolved(field.at("items"));
    if (item.at("type") == "object") {
      collect_fields(schema, item, prefix + name + "[].", rows);
    }
  }
}

TEST(ToolsPageTest, HasEveryFieldOfEveryReportAndNoOther) {
  const ReportSchema schema;
  const std::map<std::string, std::string> headings = {
      {"serve", "Report of serve"},
      {"load", "Report of load"},
      {"demo", "Report of demo"},
      {"impair", "Report of impair"},
      {"report", "Report of report"},
      {"variant_decoded", "Line of variant decode"},
      {"variant_encoded", "Line of variant encode"},
      {"variant_failed", "Line that is no value"},
      {"doctor", "Report of doctor"},
      {"overload", "Report of bench overload"}};
  ASSERT_EQ(schema.root().at("oneOf").size(), headings.size());
  for (const auto& [definition, heading] : headings) {
    std::vector<Row> expected;
    collect_fields(schema, schema.definition(definition), "", &expected);
    std::vector<Row> found;
    for (const Row& row : table_of(heading)) {
      ASSERT_EQ(row.size(), 4U) << heading << ": " << row.at(0);
      found.push_back({unquoted(row[0]), row[1], row[2]});
      EXPECT_NE(row[3], "") << heading << ": " << row[0];
      // A field that can be null says when.
      EXPECT_EQ(row[1].ends_with("null"), row[3].find("null") != std::string::npos)
          << heading << ": " << row[0];
    }
    for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
      ASSERT_EQ(found[i], expected[i]) << heading;
    }
    EXPECT_EQ(found.size(), expected.size()) << heading;
  }
}

TEST(ToolsPageTest, HasEveryCheckOfTheDoctorAndNoOther) {
  MachineFacts facts;
  facts.interfaces.resize(1);
  std::vector<std::string> expected;
  for (const Finding& finding : check_machine(facts, {})) {
    std::string name = finding.check;
    if (name.starts_with("interface")) name = "interface";  // its own name follows
    expected.push_back(name);
  }
  std::vector<std::string> found;
  for (const Row& row : table_of("Checks of doctor")) found.push_back(row.at(0));
  EXPECT_EQ(found, expected);
}

TEST(ToolsPageTest, HasEveryExitStatusAndNoOther) {
  std::vector<std::string> found;
  for (const Row& row : table_of("Streams and exit statuses")) found.push_back(row.at(0));
  EXPECT_EQ(found, (std::vector<std::string>{std::to_string(kExitOk), std::to_string(kExitFailed),
                                             std::to_string(kExitUsage)}));
}

}  // namespace
}  // namespace ringpeer::tools
