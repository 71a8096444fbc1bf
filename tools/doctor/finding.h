#ifndef RINGPEER_TOOLS_DOCTOR_FINDING_H_
#define RINGPEER_TOOLS_DOCTOR_FINDING_H_

#include <string>
#include <vector>

namespace ringpeer::tools {

enum class Verdict {
  kOk,
  kNote,     // works, and could do better; or cannot be found out
  kProblem,  // the plan loses packets here, or does not even start
};

// What one check has to say: a line of the report.
// Threads: any; a value.
struct Finding {
  std::string check;  // what was looked at, two words at most
  Verdict verdict = Verdict::kOk;
  std::string found;
  std::string advice;  // what to do; empty when there is nothing to be done
};

using Findings = std::vector<Finding>;

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_FINDING_H_
