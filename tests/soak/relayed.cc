// Very many packets between load, impair and serve, and each of them on both sides.
//
// usage: relayed [PACKETS] [--rate PACKETS_A_SECOND] [--clients N] [--seed N]

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "ringpeer/tests/soak/balance.h"
#include "ringpeer/tests/soak/relayed_account.h"

namespace ringpeer::soak {
namespace {

// A day's worth is a slip.
constexpr std::uint64_t kMaxPackets = 1'000'000'000;
constexpr double kMaxRate = 1'000'000;
constexpr std::uint32_t kMaxClients = 1000;  // as `impair` takes

// False when the command line makes no sense.
bool read_run(int argc, char** argv, RelayedRun* run) {
  run->packets = 2'000'000;
  run->packets_per_second = 30'000;
  int at = 1;
  if (at < argc && argv[at][0] != '-') run->packets = std::strtoull(argv[at++], nullptr, 10);
  for (; at + 1 < argc; at += 2) {
    const std::string_view name = argv[at];
    if (name == "--rate") {
      run->packets_per_second = std::atof(argv[at + 1]);
    } else if (name == "--clients") {
      run->clients = static_cast<std::uint32_t>(std::atoi(argv[at + 1]));
    } else if (name == "--seed") {
      run->seed = std::strtoull(argv[at + 1], nullptr, 10);
    } else {
      return false;
    }
  }
  return at == argc && run->packets > 0 && run->packets <= kMaxPackets &&
         run->packets_per_second > 0 && run->packets_per_second <= kMaxRate && run->clients > 0 &&
         run->clients <= kMaxClients;
}

int run_main(int argc, char** argv) {
  RelayedRun run;
  if (!read_run(argc, argv, &run)) {
    std::fputs("usage: relayed [PACKETS] [--rate PACKETS_A_SECOND] [--clients N] [--seed N]\n",
               stderr);
    return 2;
  }
  const RelayedReports reports = run_relayed(run);
  Balance balance;
  compare(reports, &balance);
  std::fputs(to_text(reports).c_str(), stdout);
  for (const std::string& complaint : balance.complaints()) {
    std::fprintf(stderr, "%s\n", complaint.c_str());
  }
  std::printf("%s\n", balance.complaints().empty() ? "each packet is accounted for on both sides"
                                                   : "packets are unaccounted for");
  return balance.complaints().empty() ? 0 : 1;
}

}  // namespace
}  // namespace ringpeer::soak

int main(int argc, char** argv) {
  try {
    return ringpeer::soak::run_main(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "%s\n", exception.what());
    return 1;
  }
}
