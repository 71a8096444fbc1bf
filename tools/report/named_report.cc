#include "ringpeer/tools/report/named_report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/report/report_shape.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

// Before the parser: what walks through the value later, calls itself for each level.
bool is_nested_too_deeply(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxNesting) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// 0 or errno; EFBIG when it is longer than kMaxReportBytes.
int read_all(int descriptor, std::string* text) {
  std::array<char, std::size_t{64} << 10U> block;
  for (;;) {
    const ssize_t count = ::read(descriptor, block.data(), block.size());
    if (count == 0) return 0;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (text->size() + static_cast<std::size_t>(count) > kMaxReportBytes) return EFBIG;
    text->append(block.data(), static_cast<std::size_t>(count));
  }
}

int read_file(const std::string& path, std::string* text) {
  if (path == "-") return read_all(STDIN_FILENO, text);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return errno;
  const int problem = read_all(descriptor, text);
  ::close(descriptor);
  return problem;
}

std::string shown(const std::string& path) {
  return path == "-" ? "standard input" : printable_text(path);
}

std::optional<NamedReport> read_named_report(const std::string& path, std::string* error) {
  std::string text;
  const int problem = read_file(path, &text);
  if (problem == EFBIG) {
    *error = fmt::format("{} is larger than {} MiB, and no report of ringpeer load: name another.",
                         shown(path), kMaxReportBytes >> 20U);
    return std::nullopt;
  }
  if (problem != 0) {
    *error =
        fmt::format("{} cannot be read: {}. Name a file that ringpeer load --json has written.",
                    shown(path), std::strerror(problem));
    return std::nullopt;
  }
  auto report = parse_load_report(text, shown(path), error);
  if (!report) return std::nullopt;
  return NamedReport{shown(path), std::move(*report)};
}

// Short names where they tell the runs apart, and a number where even the paths do not.
void name_runs(std::vector<NamedReport>* runs) {
  std::set<std::string> short_names;
  for (const NamedReport& run : *runs) {
    short_names.insert(std::filesystem::path(run.name).filename().string());
  }
  std::set<std::string> taken;
  for (NamedReport& run : *runs) {
    if (short_names.size() == runs->size()) {
      run.name = std::filesystem::path(run.name).filename().string();
    }
    const std::string name = run.name;
    for (int number = 2; !taken.insert(run.name).second; ++number) {
      run.name = fmt::format("{} ({})", name, number);
    }
  }
}

}  // namespace

std::optional<ordered_json> parse_load_report(std::string_view text, const std::string& name,
                                              std::string* error) {
  if (text.empty()) {
    *error =
        fmt::format("{} is empty: did the run end with an error? Run ringpeer load --json.", name);
    return std::nullopt;
  }
  ordered_json report = is_nested_too_deeply(text) ? ordered_json(ordered_json::value_t::discarded)
                                                   : ordered_json::parse(text, nullptr, false);
  if (report.is_discarded()) {
    *error = fmt::format(
        "{} is not JSON, or only the beginning of it: make a report with ringpeer "
        "load --json.",
        name);
    return std::nullopt;
  }
  const std::string complaint = complaint_about_report(report);
  if (complaint.empty()) return report;
  *error = fmt::format("{} {}", name, complaint);
  return std::nullopt;
}

std::string complaint_about_paths(const std::vector<std::string>& paths) {
  if (std::count(paths.begin(), paths.end(), "-") < 2) return "";
  return "standard input can be read once: name one - and files.";
}

std::vector<NamedReport> read_named_reports(const std::vector<std::string>& paths,
                                            std::string* error) {
  if (*error = complaint_about_paths(paths); !error->empty()) return {};
  std::vector<NamedReport> runs;
  for (const std::string& path : paths) {
    auto run = read_named_report(path, error);
    if (!run) return {};
    runs.push_back(std::move(*run));
  }
  name_runs(&runs);
  return runs;
}

}  // namespace ringpeer::tools
