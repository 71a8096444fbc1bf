#ifndef RINGPEER_TOOLS_LOAD_IMPAIRMENT_ACCOUNT_H_
#define RINGPEER_TOOLS_LOAD_IMPAIRMENT_ACCOUNT_H_

#include <array>
#include <cstdint>

#include "ringpeer/tools/impairment/impair_counts.h"
#include "ringpeer/tools/impairment/impairment.h"
#include "ringpeer/tools/load/load_client.h"

namespace ringpeer::tools {

// What the bad networks of clients did, and what was to be seen between them and the server: there
// it shows what the server, and the way to it, did with what it was given.
// Threads: a plain value.
struct ImpairmentAccount {
  // By direction. All that clients sent arrived in one, all that they received left the other.
  std::array<ImpairCounts, kDirections.size()> counts;

  // What went on to the server with other bytes than the client's, and of the packets that clients
  // sent, how many went on at least once as they were.
  std::uint64_t damaged = 0;
  std::uint64_t requests = 0;
  // What came from the server, as `load` names it; answered_damaged are of the requests.
  std::uint64_t answered = 0;
  std::uint64_t answered_damaged = 0;
  std::uint64_t repeated = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t foreign = 0;
  // Of an arena: what its snapshots say that it got and sent, and snapshots that came.
  std::uint64_t inputs = 0;
  std::uint64_t snapshots_announced = 0;
  std::uint64_t snapshots = 0;

  const ImpairCounts& of(Direction direction) const {
    return counts[static_cast<std::size_t>(direction)];
  }
  void add(const ImpairmentAccount& other);
  // What one client's account between network and server says.
  void add(const LoadClient& outside);

  // What went on to a server that echoes, did not come back, and is not among the `explained`
  // drops and refusals. A server need not answer what is damaged.
  std::int64_t unaccounted_echoes(std::uint64_t explained) const;
  // The same of an arena's inputs. It believes what is damaged, and then nothing is known.
  std::int64_t unaccounted_inputs(std::uint64_t explained) const;
  // Of the packets that clients sent, those of which nothing went on: this many at least.
  std::uint64_t surely_unanswered() const;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_IMPAIRMENT_ACCOUNT_H_
