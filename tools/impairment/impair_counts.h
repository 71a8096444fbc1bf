#ifndef RINGPEER_TOOLS_IMPAIRMENT_IMPAIR_COUNTS_H_
#define RINGPEER_TOOLS_IMPAIRMENT_IMPAIR_COUNTS_H_

#include <cstdint>

#include "ringpeer/tools/measure/latency_histogram.h"

namespace ringpeer::tools {

// What became of the datagrams of one direction. Each that arrived, and each copy, is in one of
// forwarded, lost, queue_full, relay_full, no_client, send_failed and waiting.
// Threads: a plain value.
struct ImpairCounts {
  std::uint64_t arrived = 0;
  std::uint64_t duplicated = 0;  // copies that were made
  std::uint64_t forwarded = 0;
  std::uint64_t lost = 0;
  std::uint64_t queue_full = 0;   // over the rate
  std::uint64_t relay_full = 0;   // of the memory of the relay
  std::uint64_t no_client = 0;    // of clients for whom there was no room, or no socket
  std::uint64_t send_failed = 0;  // the kernel refused them
  std::uint64_t waiting = 0;      // still here at the end

  std::uint64_t reordered = 0;  // forwarded after a later one of the same client
  std::uint64_t truncated = 0;
  std::uint64_t corrupted = 0;
  LatencyHistogram added_delay;  // of those forwarded

  // Those of another relay.
  void add(const ImpairCounts& other);

  std::int64_t unaccounted() const {
    return static_cast<std::int64_t>(arrived + duplicated - forwarded - lost - queue_full -
                                     relay_full - no_client - send_failed - waiting);
  }
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIRMENT_IMPAIR_COUNTS_H_
