// The largest datagrams in the worst shapes: how long one can hold a reader.

#include <benchmark/benchmark.h>

#include <string>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/arena_decode.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/tests/codec/support/hostile_shapes.h"
#include "ringpeer/tests/codec/support/value_operations.h"

namespace ringpeer::bench {
namespace {

constexpr DecodeOptions kOptions = {.allow_objects = true};

void register_shape(const testing::HostileShape& shape) {
  const auto add = [&shape](const char* how, auto body) {
    const std::string name = std::string(how) + "/" + shape.name;
    benchmark::RegisterBenchmark(name.c_str(), body)->Unit(benchmark::kMicrosecond);
  };
  add("decode_owning", [bytes = shape.bytes](benchmark::State& state) {
    for (auto _ : state) {
      Variant value;  // and its destruction
      benchmark::DoNotOptimize(decode_variant(bytes, &value, nullptr, kOptions));
    }
  });
  add("decode_arena", [bytes = shape.bytes](benchmark::State& state) {
    VariantArena arena;
    for (auto _ : state) {
      const Variant* value = nullptr;
      benchmark::DoNotOptimize(arena.decode(bytes, &value, nullptr, kOptions));
      arena.reset();
    }
  });
  add("view", [bytes = shape.bytes](benchmark::State& state) {
    PacketView view;
    for (auto _ : state) benchmark::DoNotOptimize(view.parse(bytes, kOptions));
  });
}

// cost/SHAPE/OPERATION/KIB: nanoseconds a byte, which must not grow with the bytes.
void register_cost(const testing::HostileShape& shape, const testing::ValueOperation& operation,
                   std::size_t size) {
  const std::string name =
      "cost/" + shape.name + "/" + operation.name + "/" + std::to_string(size >> 10) + "_KiB";
  const auto run = [bytes = shape.bytes, operation](benchmark::State& state) {
    Variant value;
    Variant other;
    (void)decode_variant(bytes, &value, nullptr, kOptions);
    (void)decode_variant(bytes, &other, nullptr, kOptions);
    for (auto _ : state) benchmark::DoNotOptimize(operation.run({bytes, value, other}));
    state.counters["ns_per_byte"] = benchmark::Counter(
        static_cast<double>(bytes.size()) * 1e-9,
        benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  };
  benchmark::RegisterBenchmark(name.c_str(), run)->Unit(benchmark::kMicrosecond);
}

[[maybe_unused]] const bool registered = [] {
  for (const std::size_t size : {std::size_t{1} << 10, std::size_t{8} << 10, std::size_t{65000}}) {
    for (const testing::HostileShape& shape : testing::shapes_of_size(size)) {
      for (const testing::ValueOperation& operation : testing::kValueOperations) {
        register_cost(shape, operation, size);
      }
    }
  }
  for (const testing::HostileShape& shape : testing::hostile_shapes()) register_shape(shape);
  return true;
}();

}  // namespace
}  // namespace ringpeer::bench
