// The largest datagrams in the worst shapes: how long one can hold a reader.

#include <benchmark/benchmark.h>

#include <string>

#include "ringpeer/codec/arena_decode.h"
#include "ringpeer/codec/decode.h"
#include "ringpeer/codec/error.h"
#include "ringpeer/codec/packet_view.h"
#include "ringpeer/codec/variant.h"
#include "tests/codec/hostile_packets.h"

namespace ringpeer::bench {
namespace {

void register_packet(const HostilePacket& packet) {
  const auto add = [&packet](const char* how, auto body) {
    const std::string name = std::string(how) + "/" + packet.name;
    benchmark::RegisterBenchmark(name.c_str(), body)->Unit(benchmark::kMicrosecond);
  };
  add("decode_owning", [bytes = packet.bytes](benchmark::State& state) {
    for (auto _ : state) {
      Variant value;  // and its destruction
      benchmark::DoNotOptimize(decode_variant(bytes, &value, nullptr));
    }
  });
  add("decode_arena", [bytes = packet.bytes](benchmark::State& state) {
    VariantArena arena;
    for (auto _ : state) {
      const Variant* value = nullptr;
      benchmark::DoNotOptimize(arena.decode(bytes, &value, nullptr));
      arena.reset();
    }
  });
  add("view", [bytes = packet.bytes](benchmark::State& state) {
    PacketView view;
    for (auto _ : state) benchmark::DoNotOptimize(view.parse(bytes));
  });
}

[[maybe_unused]] const bool registered = [] {
  for (const HostilePacket& packet : hostile_packets()) register_packet(packet);
  return true;
}();

}  // namespace
}  // namespace ringpeer::bench
