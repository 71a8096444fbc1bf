#ifndef RINGPEER_BENCH_RIVALS_CASES_H_
#define RINGPEER_BENCH_RIVALS_CASES_H_

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/bench/rivals/receiver_process.h"
#include "ringpeer/bench/rivals/transmitter_process.h"

namespace ringpeer::bench {

// What the machine's traffic looks like in a case, and who takes part.
// Threads: plain values, any.
struct Case {
  enum class Kind {
    kReceive,  // the peer receives, a sender offers
    kSend,     // the peer sends to sinks
    kIdle,     // the peer is open and nothing happens
  };

  std::string name;
  std::string what;
  Kind kind = Kind::kReceive;
  double packets_per_second = 0;  // 0: as fast as the sender can
  int train = 0;
  int ordinary_one_in = 0;
  Drain drain = Drain::kAsTheyCome;
  // How long a packet may wait for others: the bound of this engine's choice, and the budget of
  // the rivals that sleep.
  std::chrono::microseconds latency_bound{200};
  bool default_receive_buffer = false;
  bool gro = false;
  std::vector<Pattern> patterns = {};  // kSend: one series of measurements each
  int destinations = 0;                // kSend
  double incoming_per_second = 0;      // kSend: packets that the peer gets meanwhile
  std::vector<std::string> peers = {};
  // Those that a line of the check table needs.
  std::vector<std::string> quick_peers = {};
  bool all_sizes_and_remotes = false;
};

inline constexpr int kQuickSize = 64;
inline constexpr int kQuickRemotes = 64;
inline constexpr int kSizes[] = {32, 64, 512, 1200};
inline constexpr int kRemotes[] = {1, 64, 1000};

const std::vector<Case>& all_cases();
// Null when there is none of that name.
const Case* find_case(std::string_view name);
// Every peer that some case has, in the order of the report.
std::vector<std::string> all_peers();

// "recvmmsg_gro" is recvmmsg with UDP_GRO.
bool peer_uses_gro(const Case& test_case, std::string_view peer);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_CASES_H_
