#ifndef RINGPEER_BENCH_MICRO_PER_PACKET_H_
#define RINGPEER_BENCH_MICRO_PER_PACKET_H_

#include <benchmark/benchmark.h>

#include <cstdint>

namespace ringpeer::bench {

// Adds packets a second and the time of one to what a benchmark prints.
// Threads: the one that measures.
inline void report_packets(benchmark::State& state, std::int64_t packets) {
  state.SetItemsProcessed(packets);
  state.counters["per_packet"] = benchmark::Counter(
      static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_MICRO_PER_PACKET_H_
