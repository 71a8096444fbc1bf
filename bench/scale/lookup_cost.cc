#include "ringpeer/bench/scale/lookup_cost.h"

#include <arpa/inet.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/remotes/remote_table.h"

namespace ringpeer::bench {
namespace {

constexpr std::size_t kLookups = 1 << 18;
// The fastest of each chunk counts, since noise only ever adds; between two turns of a
// chunk all the others have passed through the caches.
constexpr std::size_t kChunk = 1 << 12;
constexpr int kRounds = 40;
static_assert(kChunk % backend::kBatchSize == 0);

net::Endpoint endpoint_of(std::size_t index) {
  net::Endpoint endpoint;
  endpoint.address =
      net::IpAddress::from_ipv4(htonl(0x0a000000u + static_cast<std::uint32_t>(index)));
  endpoint.port = static_cast<std::uint16_t>(1024 + index % 50000);
  return endpoint;
}

// Of this thread: a neighbour's turn on the processor is no part of it.
double cpu_us() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e6 * static_cast<double>(now.tv_sec) + 1e-3 * static_cast<double>(now.tv_nsec);
}

// In batches, as the demultiplexer does it: every remote of a batch is found, then
// each is written to.
double lookup_us(const worker::RemoteTable& table, std::span<const net::Endpoint> senders) {
  std::array<worker::Remote*, backend::kBatchSize> found;
  const double begin = cpu_us();
  for (; !senders.empty(); senders = senders.subspan(found.size())) {
    table.find_all(senders.first(found.size()), found.data());
    for (worker::Remote* remote : found) ++remote->admitted_bytes;
  }
  return cpu_us() - begin;
}

}  // namespace

LookupCost measure_lookup_cost(std::size_t count) {
  LookupCost cost;
  cost.remotes = count;
  worker::RemoteTable table;
  std::vector<std::unique_ptr<worker::Remote>> remotes;
  remotes.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    remotes.push_back(std::make_unique<worker::Remote>(endpoint_of(i), std::uint16_t{0}));
    const double begin = cpu_us();
    table.put(remotes.back().get());
    cost.growth_pause_us = std::max(cost.growth_pause_us, cpu_us() - begin);
  }
  std::mt19937_64 random(count);
  std::uniform_int_distribution<std::size_t> any(0, count - 1);
  std::vector<net::Endpoint> senders(kLookups);
  for (net::Endpoint& sender : senders) sender = endpoint_of(any(random));
  std::vector<double> fastest(kLookups / kChunk, std::numeric_limits<double>::max());
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t chunk = 0; chunk < fastest.size(); ++chunk) {
      const std::span<const net::Endpoint> part(&senders[chunk * kChunk], kChunk);
      fastest[chunk] = std::min(fastest[chunk], lookup_us(table, part));
    }
  }
  cost.nanoseconds =
      1000 * std::accumulate(fastest.begin(), fastest.end(), 0.0) / static_cast<double>(kLookups);
  cost.longest_probe = table.longest_probe();
  cost.table_bytes = table.memory();
  return cost;
}

}  // namespace ringpeer::bench
