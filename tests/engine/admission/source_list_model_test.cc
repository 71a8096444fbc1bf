// Random lists of prefixes, nested and side by side, of both families: what is refused is what
// looking at each prefix says.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "ringpeer/engine/admission/source_list.h"
#include "ringpeer/engine/net/ip_address.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer {
namespace {

using net::IpAddress;
using test::Draws;

constexpr int kBits = 128;
constexpr int kMappedBits = 96;

bool bit_of(const IpAddress& address, int bit) {
  return (address.bytes()[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0;
}

IpAddress with_bit(const IpAddress& address, int bit, bool value) {
  IpAddress::Bytes bytes = address.bytes();
  std::uint8_t& byte = bytes[static_cast<std::size_t>(bit / 8)];
  const auto mask = static_cast<std::uint8_t>(0x80 >> bit % 8);
  byte = static_cast<std::uint8_t>(value ? byte | mask : byte & ~mask);
  return IpAddress(bytes);
}

// All bits from `bits` on the same.
IpAddress with_rest(IpAddress address, int bits, bool value) {
  for (int bit = bits; bit < kBits; ++bit) address = with_bit(address, bit, value);
  return address;
}

IpAddress next_to(const IpAddress& address, bool above) {
  // The last bit that can carry, and all behind it turned.
  IpAddress result = address;
  for (int bit = kBits - 1; bit >= 0; --bit) {
    const bool was_set = bit_of(address, bit);
    result = with_bit(result, bit, !was_set);
    if (was_set != above) break;
  }
  return result;
}

bool is_of_ipv4(const SourcePrefix& prefix) {
  return prefix.address.is_ipv4() && prefix.bits >= kMappedBits;
}

bool has(const SourcePrefix& prefix, const IpAddress& address) {
  if (is_of_ipv4(prefix) != address.is_ipv4()) return false;
  for (int bit = 0; bit < prefix.bits; ++bit) {
    if (bit_of(prefix.address, bit) != bit_of(address, bit)) return false;
  }
  return true;
}

// The longest of them that has the address; -1 when none has.
int longest(const std::vector<SourcePrefix>& prefixes, const IpAddress& address) {
  int bits = -1;
  for (const SourcePrefix& prefix : prefixes) {
    if (has(prefix, address)) bits = std::max(bits, prefix.bits);
  }
  return bits;
}

class ListModel final : public test::Model {
 public:
  enum Kind { kPut, kNest, kNeighbour, kRepeat, kCheck, kWithoutMemory };

  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case kPut:
        put(draws, any_prefix(draws));
        break;
      case kNest:
        if (const auto outer = earlier(draws)) put(draws, within(draws, *outer));
        break;
      case kNeighbour:
        if (const auto other = earlier(draws); other && other->bits > lowest_bits(*other)) {
          const int last = other->bits - 1;
          put(draws, {with_bit(other->address, last, !bit_of(other->address, last)), other->bits});
        }
        break;
      case kRepeat:
        if (const auto other = earlier(draws)) put(draws, *other);
        break;
      case kCheck:
        check();
        break;
      default:
        create_without_memory(draws.below(8));
    }
  }

  void end() override { check(); }

 private:
  static int lowest_bits(const SourcePrefix& prefix) {
    return is_of_ipv4(prefix) ? kMappedBits : 0;
  }

  static SourcePrefix any_prefix(Draws& draws) {
    static constexpr std::array<std::uint32_t, 5> kWords = {0, 1, 0x0a000000, 0xc0000200,
                                                            0xffffffff};
    static constexpr std::array<int, 10> kIpv4 = {0, 32, 24, 8, 31, 1, 16, 30, 12, 17};
    static constexpr std::array<int, 10> kIpv6 = {0, 128, 64, 32, 127, 1, 96, 95, 48, 65};
    const bool is_ipv4 = draws.one_in(2);
    const std::uint32_t word = draws.one_of(kWords);
    const int bits = is_ipv4 ? kMappedBits + draws.one_of(kIpv4) : draws.one_of(kIpv6);
    IpAddress::Bytes bytes{};
    // Those that look most like IPv4 are of IPv6, too.
    if (is_ipv4 || draws.one_in(4)) bytes[10] = bytes[11] = 0xff;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto byte = static_cast<std::uint8_t>(word >> (24 - 8 * i));
      bytes[12 + i] = byte;
      if (!is_ipv4 && bytes[10] == 0) bytes[i] = bytes[8 + i] = byte;
    }
    return {with_rest(IpAddress(bytes), bits, false), bits};
  }

  // A longer one with some of the same addresses.
  static SourcePrefix within(Draws& draws, SourcePrefix prefix) {
    const int longer = static_cast<int>(draws.up_to(static_cast<std::size_t>(kBits - prefix.bits)));
    const bool is_high = draws.one_in(2);
    for (int i = 0; i < longer; ++i) {
      prefix.address = with_bit(prefix.address, prefix.bits++, is_high);
    }
    return prefix;
  }

  std::optional<SourcePrefix> earlier(Draws& draws) const {
    if (all_.empty()) return std::nullopt;
    return all_[draws.below(all_.size())];
  }

  void put(Draws& draws, const SourcePrefix& prefix) {
    all_.push_back(prefix);
    (draws.one_in(2) ? allowed_ : denied_).push_back(prefix);
  }

  bool refuses(const IpAddress& address) const {
    const int denied = longest(denied_, address);
    const int allowed = longest(allowed_, address);
    if (denied < 0 && allowed < 0) return !allowed_.empty();
    return denied >= allowed;
  }

  // Around each end of each prefix, and the ends of both families.
  void check() {
    Error error = Error::FAILED;
    const auto list = SourceList::create(denied_, allowed_, &error);
    ASSERT_EQ(error, Error::OK);
    ASSERT_NE(list, nullptr);
    ASSERT_EQ(list->prefix_count(), all_.size());
    std::vector<SourcePrefix> places = all_;
    places.push_back({IpAddress(), 0});
    places.push_back({IpAddress::from_ipv4(0), kMappedBits});
    for (const SourcePrefix& place : places) {
      for (const bool at_end : {false, true}) {
        const IpAddress end = with_rest(place.address, place.bits, at_end);
        for (const IpAddress& address : {end, next_to(end, at_end), next_to(end, !at_end)}) {
          ASSERT_EQ(list->refuses(address), refuses(address)) << address.to_string();
        }
      }
    }
  }

  void create_without_memory(std::size_t granted) {
    Error error = Error::FAILED;
    bool was_refused = false;
    std::shared_ptr<const SourceList> list;
    {
      const test::RefusedMemory refused(true, granted);
      list = SourceList::create(denied_, allowed_, &error);
      was_refused = refused.has_refused();
    }
    ASSERT_EQ(list == nullptr, was_refused);
    ASSERT_EQ(error, was_refused ? Error::ERR_OUT_OF_MEMORY : Error::OK);
  }

  std::vector<SourcePrefix> all_;
  std::vector<SourcePrefix> denied_;
  std::vector<SourcePrefix> allowed_;
};

TEST(SourceListModelTest, RefusesWhatTheLongestPrefixSays) {
  test::ModelPlan plan;
  plan.kinds = {{"put", 4},    {"nest", 6},  {"neighbour", 3},
                {"repeat", 1}, {"check", 1}, {"without_memory", 1}};
  plan.make = [](Draws&) { return std::make_unique<ListModel>(); };
  plan.sequences = 1000;
  plan.max_operations = 40;
  run_model(plan);
}

// ---- As many as a published list has

// By length and network.
using Verdicts = std::map<std::pair<int, IpAddress>, bool>;

bool refuses(const Verdicts& verdicts, const IpAddress& address) {
  const int least = address.is_ipv4() ? kMappedBits : 0;
  for (int bits = kBits; bits >= least; --bits) {
    const auto found = verdicts.find({bits, with_rest(address, bits, false)});
    if (found != verdicts.end()) return found->second;
  }
  return true;  // something is allowed
}

TEST(SourceListModelTest, OneHundredThousandAreAsOne) {
  constexpr std::size_t kPrefixes = 100'000;
  constexpr int kLookUps = 20'000;
  std::mt19937_64 random(4711);
  const auto draw = [&random](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
  };
  const auto any_address = [&](bool is_ipv4) {
    IpAddress::Bytes bytes{};
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(draw(0, 255));
    if (is_ipv4) {
      std::fill_n(bytes.begin(), 10, 0);
      bytes[10] = bytes[11] = 0xff;
    } else {
      bytes[0] = 0x20;  // so that prefixes and look-ups meet
      bytes[1] = bytes[2] = 0;
    }
    return IpAddress(bytes);
  };
  std::vector<SourcePrefix> denied;
  std::vector<SourcePrefix> allowed;
  Verdicts verdicts;
  while (denied.size() + allowed.size() < kPrefixes) {
    const bool is_ipv4 = draw(0, 1) == 0;
    const int bits = is_ipv4 ? kMappedBits + draw(8, 32) : draw(24, 128);
    const SourcePrefix prefix = {with_rest(any_address(is_ipv4), bits, false), bits};
    const bool is_denied = draw(0, 1) == 0;
    (is_denied ? denied : allowed).push_back(prefix);
    bool& verdict = verdicts[{prefix.bits, prefix.address}];
    verdict = verdict || is_denied;
  }
  Error error = Error::FAILED;
  const auto list = SourceList::create(denied, allowed, &error);
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->prefix_count(), kPrefixes);
  std::array<int, 2> seen{};
  for (int i = 0; i < kLookUps; ++i) {
    IpAddress address = any_address(i % 2 == 0);
    if (i % 4 < 2) {  // one that a prefix has, or its neighbour
      const auto& prefixes = i % 8 < 4 ? denied : allowed;
      const SourcePrefix& prefix = prefixes[random() % prefixes.size()];
      for (int bit = prefix.bits; bit < kBits; ++bit) {
        address = with_bit(address, bit, draw(0, 1) == 0);
      }
      for (int bit = 0; bit < prefix.bits; ++bit) {
        address = with_bit(address, bit, bit_of(prefix.address, bit));
      }
      if (i % 16 == 0) address = next_to(with_rest(address, prefix.bits, true), true);
    }
    const bool refused = refuses(verdicts, address);
    ASSERT_EQ(list->refuses(address), refused) << address.to_string();
    ++seen[refused ? 1 : 0];
  }
  EXPECT_GT(seen[0], kLookUps / 20);
  EXPECT_GT(seen[1], kLookUps / 20);
}

}  // namespace
}  // namespace ringpeer
