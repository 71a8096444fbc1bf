#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <new>
#include <sstream>
#include <string>

#include <CLI/CLI.hpp>

#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/exit_status.h"
#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/command/process_setup.h"
#include "ringpeer/tools/demo/demo_command.h"
#include "ringpeer/tools/doctor/doctor_command.h"
#include "ringpeer/tools/impair/impair_command.h"
#include "ringpeer/tools/load/load_command.h"
#include "ringpeer/tools/report/report_command.h"
#include "ringpeer/tools/serve/serve_command.h"
#include "ringpeer/tools/variant/variant_subcommand.h"

namespace ringpeer::tools {
namespace {

// "ringpeer variant decode", as far as it was named.
std::string chosen_command(const CLI::App& app) {
  std::string command = app.get_name();
  for (const CLI::App* chosen = &app; !chosen->get_subcommands().empty();) {
    chosen = chosen->get_subcommands().front();
    command += " " + chosen->get_name();
  }
  return command;
}

// What a variable of a shell that was never set makes of an option is no value, and not 0 either.
void refuse_empty_values(CLI::App& app) {
  const CLI::Validator is_given(
      [](const std::string& value) {
        return std::string(value.empty() ? "its value is empty: write one, or leave it out" : "");
      },
      "");
  for (CLI::Option* option : app.get_options()) {
    if (option->get_expected_max() > 0) option->check(is_given);
  }
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    refuse_empty_values(*command);
  }
}

// In one line, which the next sentence follows.
std::string words_of(const CLI::ParseError& error) {
  std::string words = error.what();
  std::replace(words.begin(), words.end(), '\n', ' ');
  words = printable_text(words);
  while (words.ends_with('.') || words.ends_with(' ')) words.pop_back();
  return words;
}

int run(int argc, char** argv) {
  int exit_status = kExitOk;
  CLI::App app("ringpeer: a UDP packet engine, its servers and its load", "ringpeer");
  app.require_subcommand(1);
  add_serve_command(app, &exit_status);
  add_load_command(app, &exit_status);
  add_demo_command(app, &exit_status);
  add_impair_command(app, &exit_status);
  add_report_command(app, &exit_status);
  add_variant_command(app, &exit_status);
  add_doctor_command(app, &exit_status);
  refuse_empty_values(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {  // --help
    std::ostringstream text;
    const int status = app.exit(request, text, text);
    return print_result(text.str()) ? status : kExitFailed;
  } catch (const CLI::ParseError& error) {
    return usage_error(fmt::format("{}. Try: {} --help", words_of(error), chosen_command(app)));
  }
  return exit_status;
}

}  // namespace
}  // namespace ringpeer::tools

int main(int argc, char** argv) {
  using namespace ringpeer::tools;  // NOLINT(google-build-using-namespace)
  set_up_process();
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::exception& exception) {
    return run_error(exception.what());
  }
}
