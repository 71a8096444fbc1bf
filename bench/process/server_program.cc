#include "ringpeer/bench/process/server_program.h"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace ringpeer::bench {
namespace {

// A program says something sooner.
constexpr std::chrono::milliseconds kPatience{20'000};

}  // namespace

std::filesystem::path programs_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path().parent_path();
}

std::string start_with_both_streams(const std::vector<std::string>& words, ChildProcess* process) {
  std::vector<std::string> arguments = {"-c", R"(exec "$0" "$@" 2>&1)"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return process->start("/bin/sh", arguments);
}

std::uint16_t announced_port(ChildProcess* server) {
  constexpr std::string_view kBeforePort = " on port ";
  for (std::string line; server->read_line(&line, kPatience);) {
    const std::size_t at = line.find(kBeforePort);
    std::uint16_t port = 0;
    if (at == std::string::npos) continue;
    const char* const digits = line.data() + at + kBeforePort.size();
    if (std::from_chars(digits, line.data() + line.size(), port).ec == std::errc()) return port;
  }
  return 0;
}

}  // namespace ringpeer::bench
