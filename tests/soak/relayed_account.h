#ifndef RINGPEER_TESTS_SOAK_RELAYED_ACCOUNT_H_
#define RINGPEER_TESTS_SOAK_RELAYED_ACCOUNT_H_

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/soak/balance.h"

namespace ringpeer::soak {

// `ringpeer load`, `impair` and `serve --mode echo` in a row, a process each: what one of them sent
// the next one received, or a kernel says that it dropped it, to the packet, by all three reports.

struct RelayedRun {
  std::uint64_t packets = 20'000;  // that are due
  double packets_per_second = 10'000;
  std::uint32_t clients = 100;
  std::uint64_t seed = 1;
};

// NOLINTNEXTLINE(bugprone-exception-escape): the assertions of the JSON library
struct RelayedReports {
  nlohmann::json load;
  nlohmann::json impair;
  nlohmann::json serve;
};

// Starts all three and waits for their ends. Throws std::runtime_error with what a process said
// that did not do its part. Threads: one.
RelayedReports run_relayed(const RelayedRun& run);

// Each sum that the reports promise.
void compare(const RelayedReports& reports, Balance* balance);

// The sums for people, a line each.
std::string to_text(const RelayedReports& reports);

}  // namespace ringpeer::soak

#endif  // RINGPEER_TESTS_SOAK_RELAYED_ACCOUNT_H_
