#ifndef RINGPEER_TOOLS_LOAD_CLIENT_RESULT_H_
#define RINGPEER_TOOLS_LOAD_CLIENT_RESULT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/tools/load/load_client.h"
#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/measure/sparse_histogram.h"

namespace ringpeer::tools {

// What became of one client of a load: of those that came and went, each by itself.
// Threads: a plain value.
struct ClientResult {
  std::uint32_t id = 0;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t late = 0;
  std::uint64_t repeated = 0;
  std::uint64_t corrupted = 0;
  // Corrected; nothing when none was answered.
  struct RoundTrips {
    std::chrono::nanoseconds p50{0};
    std::chrono::nanoseconds p99{0};
    std::chrono::nanoseconds max{0};
  };
  std::optional<RoundTrips> round_trips;
};

// What a client's account and its round trips come to. `known`: the same account, or where an
// impairment is between, that of what came to it from the server.
ClientResult result_of(const LoadClient& account, const LoadClient& known,
                       const SparseHistogram& round_trips);

// Of one run: each takes memory until its end.
inline constexpr std::size_t kMaxClientResults = 500'000;

// How many a run of that length has at most.
double most_client_results(const LoadOptions& options, double seconds);

// Comma-separated values: a line of names, then a line for each in the order of their numbers, an
// empty field for what is not known. Threads: any.
std::string clients_to_csv(const LoadOptions& options, std::vector<ClientResult> results);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_CLIENT_RESULT_H_
