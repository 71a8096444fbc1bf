#ifndef RINGPEER_BENCH_INSTRUCTIONS_WAYS_H_
#define RINGPEER_BENCH_INSTRUCTIONS_WAYS_H_

#include <cstddef>

#include "ringpeer/engine.h"

namespace ringpeer::bench {

// How packets come to the application. Each has the functions that are counted in a file of its
// own: two loops over a drain in one file would be compiled otherwise than one.
void count_views(BackendKind backend,
                 std::size_t batch);  // views, as a server takes that wants no copy
void count_packets(BackendKind backend, std::size_t batch);  // one by one, as with Godot
void count_server(BackendKind backend, std::size_t batch);   // views of a server's remotes
void count_limits(BackendKind backend, std::size_t batch);   // the same, with all limits on

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_INSTRUCTIONS_WAYS_H_
