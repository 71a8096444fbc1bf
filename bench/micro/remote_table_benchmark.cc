// Finding the senders of a batch among a server's remotes: the engine's own table, looked
// at in batches and one by one, and two tables of libraries with the same keyed hash. Each
// remote that is found is then written to, as a server does for every packet.
//
// RemoteTable stirs the hash once more, which costs it two multiplications that the others
// are spared. They keep the address in the slot, so a hit touches the remote only to write.

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <tsl/robin_map.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <unordered_map>
#include <vector>

#include "ringpeer/bench/micro/per_packet.h"
#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/endpoint_hash.h"
#include "ringpeer/engine/remotes/remote.h"
#include "ringpeer/engine/remotes/remote_table.h"

namespace ringpeer::bench {
namespace {

using net::Endpoint;
using worker::Remote;

// The senders of what a worker takes from the kernel at a time, or half of it.
constexpr std::size_t kBatch = 64;
static_assert(kBatch <= backend::kBatchSize);

// Batches until the same senders come again: so many that with 100,000 remotes every one
// of them comes, and no cache keeps what the first batch touched.
constexpr std::size_t kBatches = 4096;

// Every table below has: put(remote), and find(endpoints, remotes).

class OwnInBatches {
 public:
  void put(Remote* remote) { table_.put(remote); }
  void find(std::span<const Endpoint> endpoints, Remote** remotes) const {
    table_.find_all(endpoints, remotes);
  }

 private:
  worker::RemoteTable table_;
};

class OwnOneByOne {
 public:
  void put(Remote* remote) { table_.put(remote); }
  void find(std::span<const Endpoint> endpoints, Remote** remotes) const {
    for (const Endpoint& endpoint : endpoints) *remotes++ = table_.find(endpoint);
  }

 private:
  worker::RemoteTable table_;
};

template <typename Map>
class MapOfLibrary {
 public:
  void put(Remote* remote) { map_[remote->endpoint] = remote; }
  void find(std::span<const Endpoint> endpoints, Remote** remotes) const {
    for (const Endpoint& endpoint : endpoints) {
      const auto found = map_.find(endpoint);
      *remotes++ = found == map_.end() ? nullptr : found->second;
    }
  }

 private:
  Map map_;
};
using StdUnorderedMap = MapOfLibrary<std::unordered_map<Endpoint, Remote*, net::EndpointHash>>;
using TslRobinMap = MapOfLibrary<tsl::robin_map<Endpoint, Remote*, net::EndpointHash>>;

Endpoint endpoint_in(std::uint32_t net, std::size_t index) {
  Endpoint endpoint;
  endpoint.address = net::IpAddress::from_ipv4(htonl(net + static_cast<std::uint32_t>(index)));
  endpoint.port = static_cast<std::uint16_t>(1024 + index % 50000);
  return endpoint;
}

constexpr std::uint32_t kKnownNet = 0x0a000000;    // 10.0.0.0/8
constexpr std::uint32_t kUnknownNet = 0x0b000000;  // 11.0.0.0/8

std::vector<Endpoint> random_senders(std::uint32_t net, std::size_t count) {
  std::mt19937_64 random(count);
  std::uniform_int_distribution<std::size_t> any(0, count - 1);
  std::vector<Endpoint> senders(kBatches * kBatch);
  for (Endpoint& sender : senders) sender = endpoint_in(net, any(random));
  return senders;
}

template <typename Table>
void look_up(benchmark::State& state, std::uint32_t net, std::size_t expected) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Table table;
  std::vector<std::unique_ptr<Remote>> remotes;
  for (std::size_t i = 0; i < count; ++i) {
    remotes.push_back(std::make_unique<Remote>(endpoint_in(kKnownNet, i), std::uint16_t{0}));
    table.put(remotes.back().get());
  }
  const std::vector<Endpoint> senders = random_senders(net, count);
  std::array<Remote*, kBatch> found{};
  std::size_t batch = 0;
  for (auto step : state) {
    table.find({&senders[batch * kBatch], kBatch}, found.data());
    batch = batch + 1 == kBatches ? 0 : batch + 1;
    std::size_t hits = 0;
    for (Remote* remote : found) {
      if (remote == nullptr) continue;
      ++remote->admitted_bytes;
      ++hits;
    }
    if (hits != expected) {
      state.SkipWithError("the table lost a remote, or made one up");
      break;
    }
  }
  report_packets(state, state.iterations() * static_cast<std::int64_t>(kBatch));
}

template <typename Table>
void hits(benchmark::State& state) {
  look_up<Table>(state, kKnownNet, kBatch);
}

template <typename Table>
void misses(benchmark::State& state) {
  look_up<Table>(state, kUnknownNet, 0);
}

#define RINGPEER_BENCHMARK_TABLE(Table)                                                    \
  BENCHMARK(hits<Table>)->ArgName("remotes")->Arg(64)->Arg(1000)->Arg(10000)->Arg(100000); \
  BENCHMARK(misses<Table>)->ArgName("remotes")->Arg(64)->Arg(1000)->Arg(10000)->Arg(100000)

RINGPEER_BENCHMARK_TABLE(OwnInBatches);
RINGPEER_BENCHMARK_TABLE(OwnOneByOne);
RINGPEER_BENCHMARK_TABLE(TslRobinMap);
RINGPEER_BENCHMARK_TABLE(StdUnorderedMap);

}  // namespace
}  // namespace ringpeer::bench

BENCHMARK_MAIN();
