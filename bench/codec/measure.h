#ifndef RINGPEER_BENCH_CODEC_MEASURE_H_
#define RINGPEER_BENCH_CODEC_MEASURE_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "ringpeer/bench/codec/codec_values.h"
#include "ringpeer/tests/codec/support/allocation_counter.h"

namespace ringpeer::bench {

// Registers "<operation>/<case>/<library>". `prepare` runs once and gives the loop's
// body, which returns the size of the encoding; allocations are counted over the loop.
// Threads: one. Failure: a body ends the program.
template <typename Prepare>
void measure(std::string_view operation, Case which, std::string_view library, Prepare prepare) {
  const std::string name =
      std::string(operation) + "/" + std::string(case_name(which)) + "/" + std::string(library);
  benchmark::RegisterBenchmark(name.c_str(), [prepare, which](benchmark::State& state) {
    auto body = prepare(which);
    body();  // what grows once has grown
    std::size_t bytes = 0;
    const std::uint64_t before = heap_use().allocations;
    for (auto _ : state) bytes = body();
    const std::uint64_t allocations = heap_use().allocations - before;
    state.counters["bytes"] = static_cast<double>(bytes);
    state.counters["allocations"] =
        benchmark::Counter(static_cast<double>(allocations), benchmark::Counter::kAvgIterations);
  });
}

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_CODEC_MEASURE_H_
