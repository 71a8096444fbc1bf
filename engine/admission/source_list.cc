#include "ringpeer/engine/admission/source_list.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <tuple>
#include <vector>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/engine/admission/interval_search.h"
#include "ringpeer/engine/admission/wide_interval_search.h"

namespace ringpeer {
namespace {

// An address as a number.
using Ipv4Key = std::uint32_t;
using Ipv6Key = admission::WideKey;

Ipv6Key ipv6_key(const net::IpAddress& address) {
  std::array<std::uint64_t, 2> halves;
  std::memcpy(halves.data(), address.bytes().data(), sizeof(halves));
  if constexpr (std::endian::native == std::endian::little) {
    for (std::uint64_t& half : halves) half = __builtin_bswap64(half);
  }
  return static_cast<Ipv6Key>(halves[0]) << 64 | halves[1];
}

Ipv4Key ipv4_key(const net::IpAddress& address) {
  const std::uint32_t word = address.ipv4_network_order();
  return std::endian::native == std::endian::little ? __builtin_bswap32(word) : word;
}

bool is_ipv4(const SourcePrefix& prefix) {
  return prefix.address.is_ipv4() && prefix.bits >= SourcePrefix::kIpv4Bits;
}

// Ones where the last address of a prefix has them and the first one has not.
template <typename Key>
Key host_bits(int prefix_bits) {
  constexpr int kBits = static_cast<int>(sizeof(Key)) * 8;
  constexpr Key kAll = static_cast<Key>(~Key{0});
  return prefix_bits == kBits ? Key{0} : static_cast<Key>(kAll >> prefix_bits);
}

bool is_valid(const SourcePrefix& prefix) {
  return prefix.bits >= 0 && prefix.bits <= SourcePrefix::kMaxBits &&
         (ipv6_key(prefix.address) & host_bits<Ipv6Key>(prefix.bits)) == 0;
}

// A prefix as the addresses that it has.
template <typename Key>
struct Range {
  Key first = 0;
  Key last = 0;
  bool is_refused = false;

  // A range before those within it, and of two that are equal the one that decides.
  friend bool operator<(const Range& a, const Range& b) {
    if (a.first != b.first) return a.first < b.first;
    if (a.last != b.last) return a.last > b.last;
    return a.is_refused && !b.is_refused;
  }
  bool has_addresses_of(const Range& other) const {
    return first == other.first && last == other.last;
  }
};

// Puts intervals, in turn refused and admitted, in the place of ranges that lie within each other.
template <typename Key>
class Flattening {
 public:
  explicit Flattening(bool refuses_others) : refuses_others_(refuses_others) {}

  void run(std::vector<Range<Key>>* ranges) {
    std::sort(ranges->begin(), ranges->end());
    ends_.reserve(2 * ranges->size());
    const Range<Key>* previous = nullptr;
    for (const Range<Key>& range : *ranges) {
      if (previous != nullptr && range.has_addresses_of(*previous)) continue;
      previous = &range;
      while (depth_ > 0 && innermost().last < range.first) close_innermost();
      if (range.first > 0) extend_to(range.first - 1, verdict());
      open_[depth_++] = range;
    }
    while (depth_ > 0) close_innermost();
    extend_to(static_cast<Key>(~Key{0}), verdict());
  }

  // The last address of each interval but the last one.
  const std::vector<Key>& ends() const { return ends_; }
  bool first_is_refused() const { return first_is_refused_; }

 private:
  // Each range within another one is a longer prefix.
  static constexpr std::size_t kMaxDepth = sizeof(Key) * 8 + 1;

  const Range<Key>& innermost() const { return open_[depth_ - 1]; }
  bool verdict() const { return depth_ > 0 ? innermost().is_refused : refuses_others_; }
  void close_innermost() {
    extend_to(innermost().last, verdict());
    --depth_;
  }
  // What is not said so far, up to `last`.
  void extend_to(Key last, bool is_refused) {
    if (!has_any_) {
      has_any_ = true;
      first_is_refused_ = is_refused;
    } else if (last <= last_) {
      return;
    } else if (is_refused != last_is_refused_) {
      ends_.push_back(last_);
    }
    last_ = last;
    last_is_refused_ = is_refused;
  }

  const bool refuses_others_;
  std::array<Range<Key>, kMaxDepth> open_;  // each within the one before
  std::size_t depth_ = 0;
  std::vector<Key> ends_;
  bool has_any_ = false;
  bool first_is_refused_ = false;
  Key last_ = 0;
  bool last_is_refused_ = false;
};

// The verdicts on all addresses of a family. Neighbours differ, so the first says what each is.
template <typename Key, typename Search>
class Verdicts {
 public:
  explicit Verdicts(const Flattening<Key>& flattening)
      : intervals_(flattening.ends()), first_is_refused_(flattening.first_is_refused()) {}

  bool refuses(Key key) const noexcept {
    return ((intervals_.find(key) & 1) != 0) != first_is_refused_;
  }
  std::size_t memory() const { return intervals_.memory(); }

 private:
  Search intervals_;
  const bool first_is_refused_;
};

Range<Ipv4Key> range_of(const SourcePrefix& prefix, bool is_refused, Ipv4Key /*family*/) {
  const Ipv4Key first = ipv4_key(prefix.address);
  return {first, first | host_bits<Ipv4Key>(prefix.bits - SourcePrefix::kIpv4Bits), is_refused};
}

Range<Ipv6Key> range_of(const SourcePrefix& prefix, bool is_refused, Ipv6Key /*family*/) {
  const Ipv6Key first = ipv6_key(prefix.address);
  return {first, first | host_bits<Ipv6Key>(prefix.bits), is_refused};
}

using Ipv4Verdicts = Verdicts<Ipv4Key, admission::IntervalSearch<Ipv4Key>>;
using Ipv6Verdicts = Verdicts<Ipv6Key, admission::WideIntervalSearch>;

// Of the key's family.
template <typename Key>
Flattening<Key> flattened(std::span<const SourcePrefix> denied,
                          std::span<const SourcePrefix> allowed) {
  constexpr bool kIsIpv4 = sizeof(Key) == sizeof(Ipv4Key);
  std::vector<Range<Key>> ranges;
  const auto add = [&ranges](std::span<const SourcePrefix> prefixes, bool is_refused) {
    for (const SourcePrefix& prefix : prefixes) {
      if (is_ipv4(prefix) == kIsIpv4) ranges.push_back(range_of(prefix, is_refused, Key{0}));
    }
  };
  add(denied, true);
  add(allowed, false);
  Flattening<Key> flattening(!allowed.empty());
  flattening.run(&ranges);
  return flattening;
}

}  // namespace

struct SourceList::Tables {
  Ipv4Verdicts ipv4;
  Ipv6Verdicts ipv6;
};

SourceList::SourceList(std::span<const SourcePrefix> denied, std::span<const SourcePrefix> allowed)
    : prefix_count_(denied.size() + allowed.size()),
      tables_(new Tables{Ipv4Verdicts(flattened<Ipv4Key>(denied, allowed)),
                         Ipv6Verdicts(flattened<Ipv6Key>(denied, allowed))}) {}

SourceList::~SourceList() = default;

std::shared_ptr<const SourceList> SourceList::create(std::span<const SourcePrefix> denied,
                                                     std::span<const SourcePrefix> allowed,
                                                     Error* error) {
  Error unread = Error::OK;
  Error& result = error != nullptr ? *error : unread;
  result = Error::ERR_INVALID_PARAMETER;
  if (denied.size() > kMaxPrefixes || allowed.size() > kMaxPrefixes - denied.size()) return nullptr;
  if (!std::ranges::all_of(denied, is_valid) || !std::ranges::all_of(allowed, is_valid)) {
    return nullptr;
  }
  RINGPEER_TRY {
    std::shared_ptr<const SourceList> list(new SourceList(denied, allowed));
    result = Error::OK;
    return list;
  }
  RINGPEER_CATCH(const std::bad_alloc&) {
    result = Error::ERR_OUT_OF_MEMORY;
    return nullptr;
  }
}

bool SourceList::refuses(const net::IpAddress& address) const noexcept {
  return address.is_ipv4() ? tables_->ipv4.refuses(ipv4_key(address))
                           : tables_->ipv6.refuses(ipv6_key(address));
}

std::size_t SourceList::memory() const {
  return sizeof(SourceList) + sizeof(Tables) + tables_->ipv4.memory() + tables_->ipv6.memory();
}

}  // namespace ringpeer
