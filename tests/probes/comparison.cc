#include "ringpeer/tests/probes/comparison.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

namespace ringpeer::probes {
namespace {

// Bugs of Godot, by what they do.
constexpr std::array<std::string_view, 11> kAllowedKinds = {
    "phantom packets",       // after connect_to_host
    "stale packets",         // after close and bind
    "stranger's packet",     // shown with the host's address
    "inverted trim",         // of max_pending_connections
    "port wraps",            //
    "recv_buf_size",         // negative or zero
    "integer cut",           // to 16 or 32 bits
    "second server",         // on a port already listened on
    "put after close",       // or stop, answered with OK
    "holds more",            // than Godot's ring
    "value contains itself"  // cannot exist here
};

std::string trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

std::vector<std::string> cells_of(std::string_view row) {
  std::vector<std::string> cells;
  std::size_t begin = 1;  // behind the first bar
  while (begin < row.size()) {
    const std::size_t end = row.find('|', begin);
    if (end == std::string_view::npos) break;
    cells.push_back(trim(row.substr(begin, end - begin)));
    begin = end + 1;
  }
  return cells;
}

ProbeVerdict judge(const ExpectedProbe& expected, const DocumentedDifference* documented,
                   const ProbeReport::Observation* observed) {
  ProbeVerdict verdict{expected.name, Verdict::kReproduced, expected.result.dump(), {}, {}};
  if (observed == nullptr) {
    verdict.verdict = Verdict::kUnexplained;
    verdict.reason = "the probe was not run";
    return verdict;
  }
  if (!observed->skipped_because.empty()) {
    verdict.verdict = Verdict::kSkipped;
    verdict.reason = observed->skipped_because;
    return verdict;
  }
  verdict.ours = observed->result.dump();
  const bool same = observed->result == expected.result;
  if (same && documented == nullptr) return verdict;
  verdict.verdict = Verdict::kUnexplained;
  if (same) {
    verdict.reason = "listed in docs/compatibility.md, yet it does not differ";
  } else if (documented == nullptr) {
    verdict.reason = "not listed in docs/compatibility.md";
  } else if (!is_allowed_kind(documented->kind)) {
    verdict.reason = "listed with a kind that is none: " + documented->kind;
  } else if (documented->reason.empty()) {
    verdict.reason = "listed without a reason";
  } else {
    verdict.verdict = Verdict::kDifferent;
    verdict.reason = documented->kind + ": " + documented->reason;
  }
  return verdict;
}

}  // namespace

std::optional<std::vector<ExpectedProbe>> read_expected(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  std::vector<ExpectedProbe> probes;
  while (std::getline(file, line)) {
    const nlohmann::json entry = nlohmann::json::parse(line, nullptr, false);
    if (entry.is_discarded()) return std::nullopt;
    probes.push_back({entry.at("probe").get<std::string>(), entry.at("result")});
  }
  return probes;
}

std::optional<DocumentedDifferences> read_differences(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  DocumentedDifferences differences;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() != 5 || cells[0].size() < 3) continue;
    differences[cells[0].substr(1, cells[0].size() - 2)] = {cells[1], cells[4]};
  }
  return differences;
}

bool is_allowed_kind(const std::string& kind) {
  return std::find(kAllowedKinds.begin(), kAllowedKinds.end(), kind) != kAllowedKinds.end();
}

std::vector<ProbeVerdict> compare(const std::vector<ExpectedProbe>& expected,
                                  const DocumentedDifferences& documented,
                                  const ProbeReport& report) {
  std::vector<ProbeVerdict> verdicts;
  std::map<std::string, bool> known;
  for (const ExpectedProbe& probe : expected) {
    const auto entry = documented.find(probe.name);
    verdicts.push_back(judge(probe, entry == documented.end() ? nullptr : &entry->second,
                             report.find(probe.name)));
    known[probe.name] = true;
  }
  const auto add_unknown = [&](const std::string& probe, const char* reason) {
    if (known.contains(probe)) return;
    verdicts.push_back({probe, Verdict::kUnexplained, {}, {}, reason});
  };
  for (const auto& [probe, difference] : documented) {
    add_unknown(probe, "listed in docs/compatibility.md, but Godot was not asked");
  }
  for (const auto& [probe, observation] : report.observations()) {
    add_unknown(probe, "run here, but Godot was not asked");
  }
  return verdicts;
}

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kReproduced:
      return "reproduced";
    case Verdict::kDifferent:
      return "different by design";
    case Verdict::kSkipped:
      return "skipped";
    case Verdict::kUnexplained:
      break;
  }
  return "UNEXPLAINED";
}

}  // namespace ringpeer::probes
