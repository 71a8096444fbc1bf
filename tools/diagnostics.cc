#include "ringpeer/tools/diagnostics.h"

#include <fmt/format.h>

#include <cstdio>

#include "ringpeer/tools/exit_status.h"

namespace ringpeer::tools {

void say(std::string_view text) { fmt::print(stderr, "ringpeer: {}\n", text); }

int usage_error(std::string_view text) {
  say(text);
  return kExitUsage;
}

int run_error(std::string_view text) {
  say(text);
  return kExitFailed;
}

}  // namespace ringpeer::tools
