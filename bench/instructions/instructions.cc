// Receives a known number of packets in batches of a known size, so that callgrind can
// count the user-space instructions from completion to view; run by check.sh.
//
// The engine runs inline: the application's thread does the worker's part and its own,
// in the function that callgrind watches. What the kernel does is not counted.

#include <cstdlib>
#include <string_view>

#include "ringpeer/bench/instructions/traffic.h"
#include "ringpeer/bench/instructions/ways.h"

namespace {

struct Way {
  std::string_view name;
  void (*count)(ringpeer::BackendKind backend, std::size_t batch);
};
constexpr Way kWays[] = {
    {"views", ringpeer::bench::count_views},
    {"packets", ringpeer::bench::count_packets},
    {"server", ringpeer::bench::count_server},
    {"limits", ringpeer::bench::count_limits},
};

}  // namespace

int main(int argc, char** argv) {
  using ringpeer::bench::give_up;
  const char* const usage =
      "usage: instructions io_uring|recvmmsg views|packets|server|limits BATCH";
  if (argc != 4) give_up(usage);
  const auto backend = std::string_view(argv[1]) == "recvmmsg" ? ringpeer::BackendKind::kRecvmmsg
                                                               : ringpeer::BackendKind::kIoUring;
  const auto batch = static_cast<std::size_t>(std::atoi(argv[3]));
  if (batch < 1 || batch > 128) give_up("BATCH is 1 to 128");
  for (const Way& way : kWays) {
    if (way.name != argv[2]) continue;
    way.count(backend, batch);
    return 0;
  }
  give_up(usage);
}
