#include "lookup_cost.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "ringpeer/backend/backend.h"
#include "ringpeer/net/endpoint.h"
#include "ringpeer/worker/remote_table.h"

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLookups = 1 << 20;
constexpr int kRounds = 7;  // the fastest counts: noise only ever adds

net::Endpoint endpoint_of(std::size_t index) {
  net::Endpoint endpoint;
  endpoint.address =
      net::IpAddress::from_ipv4(htonl(0x0a000000u + static_cast<std::uint32_t>(index)));
  endpoint.port = static_cast<std::uint16_t>(1024 + index % 50000);
  return endpoint;
}

double microseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

// In batches, as the demultiplexer does it: every remote of a batch is found, then
// each is written to.
double lookup_round(const worker::RemoteTable& table, const std::vector<net::Endpoint>& senders) {
  std::array<worker::Remote*, backend::kBatchSize> found;
  const auto begin = Clock::now();
  for (std::size_t i = 0; i + found.size() <= senders.size(); i += found.size()) {
    table.find_all({&senders[i], found.size()}, found.data());
    for (worker::Remote* remote : found) ++remote->admitted_bytes;
  }
  return 1000.0 * microseconds_since(begin) / static_cast<double>(senders.size());
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
    const auto begin = Clock::now();
    table.put(remotes.back().get());
    cost.growth_pause_us = std::max(cost.growth_pause_us, microseconds_since(begin));
  }
  std::mt19937_64 random(count);
  std::uniform_int_distribution<std::size_t> any(0, count - 1);
  std::vector<net::Endpoint> senders(kLookups);
  for (net::Endpoint& sender : senders) sender = endpoint_of(any(random));
  cost.nanoseconds = std::numeric_limits<double>::max();
  for (int round = 0; round < kRounds; ++round) {
    cost.nanoseconds = std::min(cost.nanoseconds, lookup_round(table, senders));
  }
  cost.longest_probe = table.longest_probe();
  cost.table_bytes = table.memory();
  return cost;
}

}  // namespace ringpeer::bench
