// What it costs to ask whether a source may send, in a list of many prefixes, and to make the list
// out of its text. Half of the sources lie in a prefix.
//
// `look_ups` asks as a flood of strangers does, each by itself, so that the processor has several
// under way; `chained` waits for each answer before it knows whom to ask about next.

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ringpeer/bench/micro/per_packet.h"
#include "ringpeer/engine/admission/source_list.h"
#include "ringpeer/engine/admission/source_list_text.h"
#include "ringpeer/engine/net/ip_address.h"

namespace ringpeer::bench {
namespace {

using net::IpAddress;

// As many as make the caches forget the first before it comes again.
constexpr std::size_t kSources = std::size_t{1} << 18;

// Published lists of IPv4 are of single addresses and of nets of /24 above all, those of IPv6 of
// what providers hand out.
struct Ipv4 {
  static constexpr std::array<int, 4> kBits = {128, 128, 120, 118};
  static constexpr std::size_t kFirstByte = 12;
};
struct Ipv6 {
  static constexpr std::array<int, 4> kBits = {64, 56, 48, 32};
  static constexpr std::size_t kFirstByte = 0;
};

template <typename Family>
IpAddress any_address(std::mt19937_64& random) {
  IpAddress::Bytes bytes{};
  bytes[10] = bytes[11] = 0xff;
  for (std::size_t i = Family::kFirstByte; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(random());
  }
  return IpAddress(bytes);
}

IpAddress network_of(const IpAddress& address, int bits) {
  IpAddress::Bytes bytes = address.bytes();
  for (int bit = bits; bit < SourcePrefix::kMaxBits; ++bit) {
    bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
  }
  return IpAddress(bytes);
}

template <typename Family>
std::vector<SourcePrefix> many_prefixes(std::size_t count) {
  std::mt19937_64 random(count);
  std::vector<SourcePrefix> prefixes(count);
  for (SourcePrefix& prefix : prefixes) {
    prefix.bits = Family::kBits[random() % Family::kBits.size()];
    prefix.address = network_of(any_address<Family>(random), prefix.bits);
  }
  return prefixes;
}

template <typename Family>
std::vector<IpAddress> many_sources(const std::vector<SourcePrefix>& prefixes) {
  std::mt19937_64 random(1);
  std::vector<IpAddress> sources(kSources);
  for (std::size_t i = 0; i < kSources; ++i) {
    sources[i] =
        i % 2 == 0 ? any_address<Family>(random) : prefixes[random() % prefixes.size()].address;
  }
  return sources;
}

template <typename Family>
void look_ups(benchmark::State& state) {
  const auto prefixes = many_prefixes<Family>(static_cast<std::size_t>(state.range(0)));
  const std::vector<IpAddress> sources = many_sources<Family>(prefixes);
  const auto list = SourceList::create(prefixes, {});
  std::size_t next = 0;
  std::size_t refused = 0;
  for (auto step : state) {
    refused += list->refuses(sources[next]) ? 1 : 0;
    next = (next + 1) % kSources;
  }
  // Half, and what lies in a prefix by chance.
  if (state.iterations() > 100'000 && refused < static_cast<std::size_t>(state.iterations()) / 3) {
    state.SkipWithError("the list admits whom it denies");
  }
  state.counters["bytes"] = static_cast<double>(list->memory());
  report_packets(state, state.iterations());
}

template <typename Family>
void chained(benchmark::State& state) {
  const auto prefixes = many_prefixes<Family>(static_cast<std::size_t>(state.range(0)));
  const std::vector<IpAddress> sources = many_sources<Family>(prefixes);
  const auto list = SourceList::create(prefixes, {});
  std::size_t next = 0;
  for (auto step : state) {
    next = (next + (list->refuses(sources[next]) ? 2 : 1)) % kSources;
  }
  benchmark::DoNotOptimize(next);
  report_packets(state, state.iterations());
}

template <typename Family>
void build(benchmark::State& state) {
  const auto prefixes = many_prefixes<Family>(static_cast<std::size_t>(state.range(0)));
  for (auto step : state) benchmark::DoNotOptimize(SourceList::create(prefixes, {}));
}

template <typename Family>
void read_text(benchmark::State& state) {
  std::string text;
  for (const SourcePrefix& prefix :
       many_prefixes<Family>(static_cast<std::size_t>(state.range(0)))) {
    text += source_prefix_text(prefix) + '\n';
  }
  for (auto step : state) {
    std::vector<SourcePrefix> prefixes;
    std::string error;
    if (!parse_source_list(text, &prefixes, &error)) state.SkipWithError(error.c_str());
    benchmark::DoNotOptimize(prefixes);
  }
}

#define RINGPEER_BENCHMARK_LIST(Family)                                                      \
  BENCHMARK(look_ups<Family>)->ArgName("prefixes")->Arg(100)->Arg(10000)->Arg(100000);       \
  BENCHMARK(chained<Family>)->ArgName("prefixes")->Arg(100)->Arg(10000)->Arg(100000);        \
  BENCHMARK(build<Family>)->ArgName("prefixes")->Arg(100000)->Unit(benchmark::kMillisecond); \
  BENCHMARK(read_text<Family>)->ArgName("prefixes")->Arg(100000)->Unit(benchmark::kMillisecond)

RINGPEER_BENCHMARK_LIST(Ipv4);
RINGPEER_BENCHMARK_LIST(Ipv6);

}  // namespace
}  // namespace ringpeer::bench

BENCHMARK_MAIN();
