// The memory of packets: a slab for a packet that must be copied, and the way home of
// buffers, whose cost a packet depends on how many packets in a row lie in one buffer.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "ringpeer/bench/micro/per_packet.h"
#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/engine/packet/packet_release.h"
#include "ringpeer/engine/packet/slab_pool.h"

namespace ringpeer::bench {
namespace {

using packet::BufferReturn;
using packet::PacketBuffer;
using packet::PacketRelease;
using packet::SlabPool;

constexpr std::size_t kBudget = std::size_t{64} << 20;  // the engine's default

// ---- A block for a copied packet: range(0) bytes, range(1) of them at a time.

void slab_pool(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  BufferReturn home;
  SlabPool pool(kBudget, &home);
  std::vector<PacketBuffer*> blocks(static_cast<std::size_t>(state.range(1)));
  // The first round maps and cuts the pages, which a warm pool has behind it.
  for (PacketBuffer*& block : blocks) block = pool.allocate(size);
  for (PacketBuffer* block : blocks) {
    if (block == nullptr) {
      state.SkipWithError("the budget is too small");
      return;
    }
    pool.free(block);
  }
  for (auto step : state) {
    for (PacketBuffer*& block : blocks) block = pool.allocate(size);
    benchmark::DoNotOptimize(blocks.data());
    for (PacketBuffer* block : blocks) pool.free(block);
  }
  report_packets(state, state.iterations() * state.range(1));
}

// What the pool stands in for.
void malloc_and_free(benchmark::State& state) {
  const std::size_t size = static_cast<std::size_t>(state.range(0)) + sizeof(PacketBuffer);
  std::vector<void*> blocks(static_cast<std::size_t>(state.range(1)));
  for (auto step : state) {
    for (void*& block : blocks) block = std::malloc(size);
    benchmark::DoNotOptimize(blocks.data());
    for (void* block : blocks) std::free(block);
  }
  report_packets(state, state.iterations() * state.range(1));
}

// Sizes of six of the pool's ten classes, from the smallest block to the largest.
#define RINGPEER_BENCHMARK_SIZES(function) \
  BENCHMARK(function)                      \
      ->ArgNames({"bytes", "batch"})       \
      ->ArgsProduct({{64, 512, 1200, 4096, 16384, 65507}, {1, 64}})

RINGPEER_BENCHMARK_SIZES(slab_pool);
RINGPEER_BENCHMARK_SIZES(malloc_and_free);

// ---- The way home: range(0) buffers pushed, then taken all at once.

void buffer_return(benchmark::State& state) {
  BufferReturn home;
  std::vector<PacketBuffer> buffers(static_cast<std::size_t>(state.range(0)));
  for (auto step : state) {
    for (PacketBuffer& buffer : buffers) home.push(&buffer);
    std::size_t count = 0;
    for (PacketBuffer* buffer = home.take_all(); buffer != nullptr; buffer = buffer->next) ++count;
    if (count != buffers.size()) {
      state.SkipWithError("a buffer was lost");
      break;
    }
  }
  report_packets(state, state.iterations() * state.range(0));
}
BENCHMARK(buffer_return)->ArgName("batch")->Arg(1)->Arg(8)->Arg(64)->Arg(256);

// ---- Giving packets back: 64 of them, range(0) in a row of each buffer.

constexpr std::size_t kPackets = 64;

// Lays packets over buffers and gives them back; `issue` makes a buffer hold `run` packets.
template <typename Issue>
void release_packets(benchmark::State& state, bool go_home, Issue issue) {
  const auto run = static_cast<std::size_t>(state.range(0));
  BufferReturn home;
  std::vector<PacketBuffer> buffers(kPackets / run);
  for (PacketBuffer& buffer : buffers) buffer.home = &home;
  PacketRelease release;
  for (auto step : state) {
    for (PacketBuffer& buffer : buffers) {
      issue(&buffer, run);
      for (std::size_t i = 0; i < run; ++i) release.add(&buffer);
    }
    release.flush();
    if ((home.take_all() != nullptr) != go_home) {
      state.SkipWithError(go_home ? "no buffer came home" : "a buffer came home too early");
      break;
    }
  }
  report_packets(state, state.iterations() * static_cast<std::int64_t>(kPackets));
}

// The last packets of their buffers, which go home.
void release_last(benchmark::State& state) {
  release_packets(state, true, [](PacketBuffer* buffer, std::size_t run) {
    buffer->references.store(static_cast<std::int64_t>(run), std::memory_order_relaxed);
  });
}

// The kernel still writes into the buffers, which stay: a locked subtraction each.
void release_of_open(benchmark::State& state) {
  release_packets(state, false, [](PacketBuffer* buffer, std::size_t) { buffer->open(); });
}

BENCHMARK(release_last)->ArgName("run")->Arg(1)->Arg(8)->Arg(64);
BENCHMARK(release_of_open)->ArgName("run")->Arg(1)->Arg(8)->Arg(64);

}  // namespace
}  // namespace ringpeer::bench

BENCHMARK_MAIN();
