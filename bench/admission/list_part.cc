// Lists of 100,000 prefixes that change while players play.

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ringpeer/bench/admission/house.h"
#include "ringpeer/bench/admission/parts.h"
#include "ringpeer/bench/admission/round.h"
#include "ringpeer/source_list.h"

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::size_t kPrefixes = 100'000;
constexpr int kFramesBetweenLists = 30;
constexpr std::size_t kSources = std::size_t{1} << 18;
constexpr std::size_t kPasses = 9;
constexpr double kMaxBuildMs = 1000;
constexpr double kMaxLookUpNs = 50;
// Not the players' 127.0.0.0/8.
constexpr std::uint8_t kFirstOfIpv4 = 1;
constexpr std::uint8_t kLastOfIpv4 = 126;
constexpr std::uint8_t kFirstOfIpv6 = 0x20;  // 2000::/4, global

struct Family {
  const char* name;
  bool is_ipv4;
  std::array<int, 4> bits;  // of the prefixes, in turn
};
constexpr Family kFamilies[] = {{"IPv4", true, {128, 128, 120, 118}},
                                {"IPv6", false, {64, 56, 48, 32}}};

net::IpAddress any_address(const Family& family, std::mt19937_64& random) {
  net::IpAddress::Bytes bytes{};
  for (std::size_t i = family.is_ipv4 ? 12 : 1; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(random());
  }
  bytes[0] = family.is_ipv4 ? 0 : kFirstOfIpv6;
  if (family.is_ipv4) {
    bytes[10] = bytes[11] = 0xff;
    bytes[12] =
        static_cast<std::uint8_t>(kFirstOfIpv4 + random() % (kLastOfIpv4 - kFirstOfIpv4 + 1));
  }
  return net::IpAddress(bytes);
}

net::IpAddress network_of(const net::IpAddress& address, int bits) {
  net::IpAddress::Bytes bytes = address.bytes();
  for (int bit = bits; bit < SourcePrefix::kMaxBits; ++bit) {
    bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
  }
  return net::IpAddress(bytes);
}

std::vector<SourcePrefix> any_prefixes(const Family& family, std::mt19937_64& random) {
  std::vector<SourcePrefix> prefixes(kPrefixes);
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    prefixes[i].bits = family.bits[i % family.bits.size()];
    prefixes[i].address = network_of(any_address(family, random), prefixes[i].bits);
  }
  return prefixes;
}

// Builds a list and sets it every half second, on the application's thread, as a game would.
class ListChanger {
 public:
  ListChanger(const Family& family, House& house) : family_(family), house_(house) {}

  void play_frame() {
    if (house_.frames() % kFramesBetweenLists != 0) return;
    const auto prefixes = any_prefixes(family_, random_);
    const auto begun = Clock::now();
    list_ = SourceList::create(prefixes, {});
    const auto built = Clock::now();
    house_.server().set_source_list(list_);
    const auto set = Clock::now();
    build_ms_.push_back(Milliseconds(built - begun).count());
    longest_set_us_ =
        std::max(longest_set_us_, std::chrono::duration<double, std::micro>(set - built).count());
  }

  std::size_t lists() const { return build_ms_.size(); }
  double longest_build_ms() const { return *std::ranges::max_element(build_ms_); }
  double longest_set_us() const { return longest_set_us_; }
  const std::shared_ptr<const SourceList>& list() const { return list_; }

  // The median of some passes. Half of the sources have a prefix, in any order. Each look-up waits
  // for nothing, as on a worker.
  double look_up_ns() {
    std::vector<net::IpAddress> sources(kSources);
    const auto prefixes = any_prefixes(family_, random_);
    list_ = SourceList::create(prefixes, {});
    for (std::size_t i = 0; i < kSources; ++i) {
      sources[i] = i % 2 == 0 ? any_address(family_, random_)
                              : prefixes[random_() % prefixes.size()].address;
    }
    std::array<double, kPasses> ns;
    for (double& pass : ns) {
      pass = ns_of_pass(sources);
      if (pass < 0) return -1;
    }
    std::ranges::sort(ns);
    return ns[kPasses / 2];
  }

 private:
  // Negative when the list does not refuse those whose prefix it has.
  double ns_of_pass(const std::vector<net::IpAddress>& sources) const {
    std::size_t refused = 0;
    const auto begun = Clock::now();
    for (const net::IpAddress& source : sources) refused += list_->refuses(source) ? 1 : 0;
    const std::chrono::duration<double, std::nano> time = Clock::now() - begun;
    return refused < kSources / 2 ? -1 : time.count() / static_cast<double>(kSources);
  }

  const Family& family_;
  House& house_;
  std::mt19937_64 random_{1};
  std::shared_ptr<const SourceList> list_;
  std::vector<double> build_ms_;
  double longest_set_us_ = 0;
};

void add_row(const Family& family, const PartOptions& options, Table* table) {
  Json row = {{"family", family.name}, {"prefixes", kPrefixes}};
  std::string error;
  const auto house = House::open(house_options(options), &error);
  if (house == nullptr) return table->add_error(row, error);
  ListChanger changer(family, *house);
  house->set_each_frame([&] { changer.play_frame(); });
  const Round round = play_round(*house, kPlayerHz, options.seconds, nullptr);
  house->set_each_frame(nullptr);
  if (changer.lists() == 0) return table->add_error(row, "no list was set");
  const std::size_t memory = changer.list()->memory();
  const double look_up_ns = changer.look_up_ns();
  row["lists"] = changer.lists();
  row["longest build ms"] = rounded(changer.longest_build_ms(), 1);
  row["longest set us"] = rounded(changer.longest_set_us(), 1);
  row["look-up ns"] = rounded(look_up_ns, 1);
  row["list KiB"] = memory / 1024;
  row["players sent"] = round.players_sent;
  row["delivered"] = round.players_delivered;
  row["gone"] = round.players_gone;
  row["kernel drops"] = round.kernel_drops();
  row["drops of the engine"] = drops_of(round.counters);
  row["steal %"] = steal_of(round.steal_percent);
  const bool is_kept = round.players_delivered == round.players_sent && round.players_gone == 0 &&
                       changer.longest_build_ms() < kMaxBuildMs && look_up_ns >= 0 &&
                       look_up_ns < kMaxLookUpNs;
  table->add(row, is_kept ? kKept : round.is_void() ? kVoid : kMissed);
}

}  // namespace

Table measure_list(const PartOptions& options) {
  Table table;
  table.name = "list";
  table.about =
      "Players at 60 Hz, and twice a second a new list of 100,000 prefixes, built and set on the "
      "application's thread.\nPromised: built within a second, no packet of a player lost by "
      "anybody, a look-up below 50 ns (half of the sources\nhave a prefix, in any order). list: "
      "its memory.";
  for (const Family& family : kFamilies) add_row(family, options, &table);
  return table;
}

}  // namespace ringpeer::bench
