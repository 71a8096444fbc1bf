#ifndef RINGPEER_TOOLS_IMPAIR_IMPAIR_OPTIONS_H_
#define RINGPEER_TOOLS_IMPAIR_IMPAIR_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tools/impairment/impairment_options.h"

namespace ringpeer::tools {

// Before the names of its options.
inline constexpr const char* kImpairPrefix = "--";

// What `ringpeer impair` is asked to do.
struct ImpairOptions {
  // As of `load`: one thread serves all, and each client takes a descriptor.
  static constexpr std::uint32_t kMaxImpairedClients = 20'000;
  // Seconds. Shorter than a second is no idleness; nobody comes back after a day.
  static constexpr double kMinIdle = 1;
  static constexpr double kMaxIdle = 86'400;
  // Seconds between reports: more often nobody can read.
  static constexpr double kMinReportInterval = 0.1;

  int port = 0;
  std::string address = "*";
  std::string target_text;
  net::Endpoint target;
  ImpairmentPlan plan;
  std::optional<std::uint64_t> seed;
  std::uint32_t clients = 1000;
  double idle_seconds = 60;
  double seconds = 0;         // 0: until a signal
  double report_seconds = 0;  // 0: at the end alone
};

// An empty text when the options make sense together; otherwise what is wrong and what to
// do about it. Gives both directions what was given once.
std::string check_impair_options(ImpairOptions* options);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIR_IMPAIR_OPTIONS_H_
