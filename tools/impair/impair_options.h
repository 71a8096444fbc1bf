#ifndef RINGPEER_TOOLS_IMPAIR_IMPAIR_OPTIONS_H_
#define RINGPEER_TOOLS_IMPAIR_IMPAIR_OPTIONS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tools/impair/impairment.h"

namespace ringpeer::tools {

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
  // By direction.
  std::array<Impairment, kDirections.size()> impairments;
  // Given for both at once.
  JitterShape shape = JitterShape::kUniform;
  bool keep_order = false;
  std::optional<std::uint64_t> seed;
  std::uint32_t clients = 1000;
  double idle_seconds = 60;
  double seconds = 0;         // 0: until a signal
  double report_seconds = 0;  // 0: at the end alone
};

// An option whose value is a number for both directions, or one for each.
struct ImpairmentOption {
  const char* name;
  const char* unit;
  double least;
  double most;
  const char* otherwise;  // what --help calls the default; "" for none
  const char* description;
  void (*set)(Impairment* impairment, double number);
};

std::span<const ImpairmentOption> impairment_options();

// Reads "5" for both directions, "5/0" for the one to the server and the one to the client, or
// "5/" and "/5" for one alone. An empty text when it was right, otherwise what is wrong.
std::string read_impairment(const ImpairmentOption& option, const std::string& text,
                            ImpairOptions* options);

// An empty text when the options make sense together; otherwise what is wrong and what to
// do about it. Gives both directions what was given once.
std::string check_impair_options(ImpairOptions* options);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIR_IMPAIR_OPTIONS_H_
