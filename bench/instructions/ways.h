#ifndef RINGPEER_BENCH_INSTRUCTIONS_WAYS_H_
#define RINGPEER_BENCH_INSTRUCTIONS_WAYS_H_

#include <cstddef>

#include "ringpeer/engine.h"

namespace ringpeer::bench {

// How packets come to the application. Each has the functions that are counted in a file of its
// own: two loops over a drain in one file would be compiled otherwise than one.

// Views, as a server takes them that wants no copy.
void count_views(BackendKind backend, std::size_t batch);
// One by one, as with Godot.
void count_packets(BackendKind backend, std::size_t batch);
// Views of a server's remotes, and the same with all limits on.
void count_server(BackendKind backend, std::size_t batch);
void count_limits(BackendKind backend, std::size_t batch);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_INSTRUCTIONS_WAYS_H_
