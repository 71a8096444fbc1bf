#ifndef RINGPEER_TOOLS_LOAD_LOAD_VALIDITY_H_
#define RINGPEER_TOOLS_LOAD_LOAD_VALIDITY_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/tools/load/load_report.h"

namespace ringpeer::tools {

// Whether a run measured the server, or this program and its machine. Threads: any.

// A packet that leaves later than this after its time is late...
inline constexpr std::chrono::milliseconds kLateSend{1};
// ... and a run of which more than this share is late did not offer what it says.
inline constexpr double kMaxLatePercent = 1;
// A thread that takes more of its core has nothing left for what comes in.
inline constexpr double kMaxThreadPercent = 95;
// The host's share of the processors' time.
inline constexpr double kMaxStealPercent = 5;

// What a step or a whole run knows of its generator.
struct GeneratorHealth {
  std::optional<double> late_percent;
  std::optional<double> busiest_thread_percent;
  std::optional<double> steal_percent;
  std::uint64_t client_kernel_drops = 0;
  std::uint64_t joins_failed = 0;
  int join_error = 0;
  std::uint64_t send_refused = 0;
  int send_error = 0;
};

GeneratorHealth health_of(const LoadReport& report);

// What makes it invalid, each with what to do about it; nothing when it is valid.
std::vector<std::string> reasons_against(const GeneratorHealth& health);

// The same of a whole run; of one in steps, by its steps.
std::vector<std::string> reasons_against(const LoadReport& report);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_VALIDITY_H_
