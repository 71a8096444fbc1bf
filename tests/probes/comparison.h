#ifndef RINGPEER_TESTS_PROBES_COMPARISON_H_
#define RINGPEER_TESTS_PROBES_COMPARISON_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/probes/probe_report.h"

namespace ringpeer::probes {

// What a real Godot answered to one probe.
struct ExpectedProbe {
  std::string name;
  nlohmann::json result;
};

// A row of the table of differences in docs/compatibility.md.
struct DocumentedDifference {
  std::string kind;
  std::string reason;
};
using DocumentedDifferences = std::map<std::string, DocumentedDifference>;

enum class Verdict {
  kReproduced,
  kDifferent,    // as docs/compatibility.md says
  kSkipped,      // this machine cannot run it
  kUnexplained,  // a difference that is not documented, or the other way round
};

struct ProbeVerdict {
  std::string probe;
  Verdict verdict;
  std::string godot;  // the answers, as JSON
  std::string ours;
  std::string reason;
};

// The probes of a file with one JSON object a line, without its first line, which names
// the engine's version. Nothing when the file cannot be read.
std::optional<std::vector<ExpectedProbe>> read_expected(const std::string& path);

// The rows "| `probe` | kind | Godot | here | why |" of a Markdown page.
std::optional<DocumentedDifferences> read_differences(const std::string& path);

// What differs on purpose is of one of these kinds; a row of another kind explains
// nothing.
bool is_allowed_kind(const std::string& kind);

// One verdict for each expected probe, in their order, then one for each documented or
// observed probe that Godot was not asked.
std::vector<ProbeVerdict> compare(const std::vector<ExpectedProbe>& expected,
                                  const DocumentedDifferences& documented,
                                  const ProbeReport& report);

std::string_view verdict_name(Verdict verdict);

}  // namespace ringpeer::probes

#endif  // RINGPEER_TESTS_PROBES_COMPARISON_H_
