// The largest datagrams in the worst shapes: how long one can hold a reader.

#include <benchmark/benchmark.h>

#include <string>

#include "ringpeer/codec/arena_decode.h"
#include "ringpeer/codec/decode.h"
#include "ringpeer/codec/error.h"
#include "ringpeer/codec/packet_view.h"
#include "ringpeer/codec/variant.h"
#include "tests/codec/hostile_shapes.h"

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

[[maybe_unused]] const bool registered = [] {
  for (const testing::HostileShape& shape : testing::hostile_shapes()) register_shape(shape);
  return true;
}();

}  // namespace
}  // namespace ringpeer::bench
