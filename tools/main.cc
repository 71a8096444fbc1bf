#include <fmt/format.h>

#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "ringpeer/tools/demo_command.h"
#include "ringpeer/tools/exit_status.h"
#include "ringpeer/tools/load_command.h"
#include "ringpeer/tools/serve_command.h"
#include "ringpeer/tools/variant_subcommand.h"

int main(int argc, char** argv) {
  using namespace ringpeer::tools;  // NOLINT(google-build-using-namespace)
  int exit_status = kExitOk;
  CLI::App app("ringpeer: a UDP packet engine, its servers and its load", "ringpeer");
  app.require_subcommand(1);
  add_serve_command(app, &exit_status);
  add_load_command(app, &exit_status);
  add_demo_command(app, &exit_status);
  add_variant_command(app, &exit_status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& request) {  // --help: prints it
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    std::string command = app.get_name();
    for (const CLI::App* chosen = &app; !chosen->get_subcommands().empty();) {
      chosen = chosen->get_subcommands().front();
      command += " " + chosen->get_name();
    }
    fmt::print(stderr, "ringpeer: {}\nTry: {} --help\n", error.what(), command);
    return kExitUsage;
  }
  return exit_status;
}
