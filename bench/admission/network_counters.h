#ifndef RINGPEER_BENCH_ADMISSION_NETWORK_COUNTERS_H_
#define RINGPEER_BENCH_ADMISSION_NETWORK_COUNTERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringpeer::bench {

// What the kernel has counted in this process's network namespace.
// A plain value.
struct NetworkCounters {
  std::uint64_t datagrams_in = 0;    // UDP that somebody has read
  std::uint64_t datagrams_out = 0;   // UDP that was sent, by anybody
  std::uint64_t loopback_bytes = 0;  // of all packets that were sent, with their IP headers

  NetworkCounters operator-(const NetworkCounters& before) const {
    return {datagrams_in - before.datagrams_in, datagrams_out - before.datagrams_out,
            loopback_bytes - before.loopback_bytes};
  }
};

// From /proc/self/net: of the namespace that the process's first thread is in. Nothing where it
// cannot be read.
std::optional<NetworkCounters> network_counters();

// The same from the texts of snmp and dev.
std::optional<NetworkCounters> parse_network_counters(std::string_view snmp, std::string_view dev);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_ADMISSION_NETWORK_COUNTERS_H_
