// What the command line reads: any lines for `ringpeer variant`, which answers each in its place,
// and any text where a number is wanted.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "ringpeer/tests/fuzz/fuzz_check.h"
#include "ringpeer/tests/fuzz/work_bound.h"
#include "ringpeer/tools/command/exit_status.h"
#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/variant/variant_command.h"

namespace {

using namespace ringpeer;

// An answer a line, each an object that says whether it is one.
void check_answers(const std::string& answers, int status) {
  FUZZ_CHECK(status == tools::kExitOk || status == tools::kExitFailed);
  FUZZ_CHECK(answers.empty() || answers.back() == '\n');
  std::istringstream lines(answers);
  bool any_ok = false;
  for (std::string line; std::getline(lines, line);) {
    const bool is_ok = line.starts_with("{\"ok\":true") || line.starts_with("{\"ok\": true");
    const bool is_error = line.starts_with("{\"ok\":false") || line.starts_with("{\"ok\": false");
    FUZZ_CHECK(is_ok || is_error);
    FUZZ_CHECK(line.back() == '}');
    any_ok = any_ok || is_ok;
  }
  FUZZ_CHECK(answers.empty() || any_ok == (status == tools::kExitOk));
}

template <typename Run>
void run_lines(const std::string& text, Run run) {
  std::istringstream input(text);
  std::ostringstream output;
  const int status = run(input, output);
  check_answers(output.str(), status);
}

void parse_number(const std::string& text) {
  CLI::App app;
  std::int64_t number = 0;
  tools::add_number(app, "--number", &number, "any");
  try {
    app.parse(std::vector<std::string>{text, "--number"});  // from the last
  } catch (const CLI::Error&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  fuzz::check_work("variant decode", size, [&] {
    run_lines(text, [](auto& input, auto& output) {
      return run_variant_decode(input, output, {.allow_objects = true});
    });
  });
  fuzz::check_work("variant encode", size, [&] {
    run_lines(text, [](auto& input, auto& output) {
      return run_variant_encode(input, output, {.full_objects = true});
    });
  });
  parse_number(text.substr(0, text.find('\n')));
  return 0;
}
