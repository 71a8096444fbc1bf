#ifndef RINGPEER_BENCH_SCALE_LOOKUP_COST_H_
#define RINGPEER_BENCH_SCALE_LOOKUP_COST_H_

#include <cstddef>

namespace ringpeer::bench {

// What finding a datagram's remote costs a worker.
// Threads: one, which measures.
struct LookupCost {
  std::size_t remotes = 0;
  double nanoseconds = 0;         // a look-up in a batch, senders in random order
  std::size_t longest_probe = 0;  // slots past its own, of the worst placed remote
  std::size_t table_bytes = 0;
  double growth_pause_us = 0;  // the longest insertion: the table grows in it
};

LookupCost measure_lookup_cost(std::size_t remotes);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_SCALE_LOOKUP_COST_H_
