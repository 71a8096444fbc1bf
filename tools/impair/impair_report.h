#ifndef RINGPEER_TOOLS_IMPAIR_IMPAIR_REPORT_H_
#define RINGPEER_TOOLS_IMPAIR_IMPAIR_REPORT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "ringpeer/tools/impair/impair_options.h"
#include "ringpeer/tools/impairment/impair_counts.h"
#include "ringpeer/tools/impairment/impairment.h"

namespace ringpeer::tools {

// What a relay did in a run.
// Threads: a plain value.
struct ImpairReport {
  bool is_interim = false;  // of a run that goes on
  int port = 0;
  int receive_buffer = 0;  // of the socket for clients, in bytes, as the kernel counts them
  std::uint64_t seed = 0;
  double seconds = 0;
  std::uint64_t clients = 0;       // that came; one that comes back after its time counts again
  std::uint64_t most_clients = 0;  // at the same time
  // By direction.
  std::array<ImpairCounts, kDirections.size()> counts;
  // Dropped by the kernel for want of socket buffer, before they arrived here.
  std::array<std::optional<std::uint64_t>, kDirections.size()> kernel_drops = {0, 0};
  // ICMP errors that came back for what was sent to the server: nobody listens there.
  std::uint64_t refused = 0;
  int stopped_by_signal = 0;
  int send_error = 0;    // errno of the datagram that the kernel refused last
  int socket_error = 0;  // errno of the client that last got no socket
  int wait_error = 0;    // errno of a wait that the kernel refused; it ended the run

  const ImpairCounts& of(Direction direction) const {
    return counts[static_cast<std::size_t>(direction)];
  }
};

// An empty text when the run is good, with nothing unaccounted for; otherwise what is
// wrong and what to do about it.
std::string judge_impair(const ImpairReport& report);

nlohmann::ordered_json impair_report_to_json(const ImpairOptions& options,
                                             const ImpairReport& report);
std::string impair_report_to_text(const ImpairOptions& options, const ImpairReport& report);
// The same on one line, for reports while it runs.
std::string impair_report_to_line(const ImpairReport& report);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIR_IMPAIR_REPORT_H_
