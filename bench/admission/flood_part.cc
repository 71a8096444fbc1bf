// 200 players, and a flood of forged addresses at the highest rate that the machine makes.

#include <array>
#include <span>
#include <string>
#include <vector>

#include "ringpeer/bench/admission/house.h"
#include "ringpeer/bench/admission/parts.h"
#include "ringpeer/bench/admission/round.h"
#include "ringpeer/bench/scale/spoofing_sender.h"
#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/source_list.h"

namespace ringpeer::bench {
namespace {

// Where players alone are timed they send more than players may.
constexpr RateLimit kAnyRate{.packets_per_second = 1e6, .bytes_per_second = 1e9};
constexpr int kBlockBits = SourcePrefix::kIpv4Bits + 16;
constexpr std::uint32_t kSourcesPerBlock = 65536;

struct Defence {
  const char* name;
  bool cookie = false;
  bool limit_rates = false;
  bool deny_list = false;
};
constexpr Defence kDefences[] = {
    {.name = "off"},
    {.name = "cookie", .cookie = true},
    {.name = "limit_rates", .limit_rates = true},
    {.name = "deny list", .deny_list = true},
};

HouseOptions house_of(const Defence& defence, const PartOptions& options) {
  HouseOptions house = house_options(options);
  house.admission.cookie = defence.cookie;
  house.admission.limit_rates = defence.limit_rates;
  return house;
}

void deny_flood(House& house, const PartOptions& options) {
  std::vector<SourcePrefix> prefixes;
  for (std::uint32_t i = 0; i * kSourcesPerBlock < options.sources; ++i) {
    const std::string network = "127." + std::to_string(kForgedBlock + i) + ".0.0";
    prefixes.push_back({*net::IpAddress::parse(network), kBlockBits});
  }
  house.server().set_source_list(SourceList::create(prefixes, {}));
  house.settle();  // the worker has it
}

Round players_alone(const Defence& defence, const PartOptions& options) {
  HouseOptions of_any_rate = house_of(defence, options);
  of_any_rate.admission.remote = kAnyRate;
  Round round;
  const auto house = House::open(of_any_rate, &round.error);
  if (house == nullptr) return round;
  if (defence.deny_list) deny_flood(*house, options);
  return play_round(*house, Players::kFlatOut, options.seconds, nullptr);
}

Round flooded(const Defence& defence, const PartOptions& options,
              std::span<const std::uint8_t> payload) {
  Round round;
  const auto house = House::open(house_of(defence, options), &round.error);
  if (house == nullptr) return round;
  if (defence.deny_list) deny_flood(*house, options);
  SpoofingSender sender(house->port(), kForgedBlock);
  Flood flood(
      [&](std::uint32_t first, std::size_t count) { return sender.send(first, count, payload); },
      options.sources);
  return play_round(*house, kPlayerHz, options.seconds, &flood);
}

Json row_of(const Defence& defence, const char* traffic, const Round& round) {
  return {{"admission", defence.name},
          {"traffic", traffic},
          {"received/s", rounded(static_cast<double>(round.received) / round.seconds, 0)},
          {"players sent", round.players_sent},
          {"delivered", round.players_delivered},
          {"gone", round.players_gone},
          {"may be of players", nullptr},
          {"kernel drops", round.kernel_drops()},
          {"worker ns", nullptr},
          {"challenges/s", rounded(static_cast<double>(round.challenges) / round.seconds, 0)},
          {"growth KiB", round.growth_kib},
          {"steal %", steal_of(round.steal_percent)},
          {"drops of the engine", drops_of(round.counters)}};
}

void add_flood(const Defence& defence, const char* traffic, const Round& round,
               double ns_of_players, Table* table) {
  if (!round.error.empty()) {
    return table->add_error({{"admission", defence.name}, {"traffic", traffic}}, round.error);
  }
  std::vector<Counter> own;
  if (defence.deny_list) own.push_back(Counter::kDropDenied);
  Json row = row_of(defence, traffic, round);
  row["may be of players"] = round.drops_that_can_meet_players(own);
  row["worker ns"] = rounded(round.worker_ns_per_other(ns_of_players), 0);
  const bool is_kept = round.lost_nothing(own) && round.growth_kib <= kMaxGrowthKib;
  table->add(row, round.is_void() ? kVoid : is_kept ? kKept : kMissed);
}

void measure(const Defence& defence, const PartOptions& options, Table* table) {
  const Round alone = first_that_counts([&] { return players_alone(defence, options); });
  if (!alone.error.empty()) return table->add_error({{"admission", defence.name}}, alone.error);
  const double ns_of_players = alone.worker_ns_per_packet();
  Json row = row_of(defence, "players alone", alone);
  row["worker ns"] = rounded(ns_of_players, 0);
  table->add(row, alone.is_void() ? kVoid : kShown);

  const auto hello = admission::hello_packet();
  const std::array<std::uint8_t, kGamePacketSize> game_packet{};
  if (defence.cookie) {
    const Round round = first_that_counts([&] { return flooded(defence, options, hello); });
    add_flood(defence, "hellos", round, ns_of_players, table);
  }
  const Round round = first_that_counts([&] { return flooded(defence, options, game_packet); });
  add_flood(defence, "game packets", round, ns_of_players, table);
}

}  // namespace

Table measure_flood(const PartOptions& options) {
  Table table;
  table.name = "flood";
  table.about =
      "Players at 60 Hz, 48 bytes each, and a flood of forged addresses at the highest rate; first "
      "players alone at\nthe highest rate. worker ns: processor time of the engine's worker for "
      "one "
      "packet of a player alone, or of\nthe flood. may be of players: dropped by the engine for a "
      "reason that can meet a player; 0 is promised, and\nthat no player misses more than the "
      "kernel dropped, whose drops meet all senders. growth: of resident memory.";
  for (const Defence& defence : kDefences) measure(defence, options, &table);
  return table;
}

}  // namespace ringpeer::bench
