#ifndef RINGPEER_ENGINE_ADMISSION_SOURCE_LIST_H_
#define RINGPEER_ENGINE_ADMISSION_SOURCE_LIST_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <memory>
#include <span>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/engine/net/ip_address.h"

namespace ringpeer {

// All addresses whose first bits are those of one: a net, or a single address.
//
// A plain value.
struct SourcePrefix {
  net::IpAddress address;
  // Of the address in its one form, 0 to kMaxBits: IPv4's /24 has kIpv4Bits more.
  int bits = kMaxBits;

  static constexpr int kMaxBits = 128;
  static constexpr int kIpv4Bits = 96;  // of ::ffff:0:0/96, where IPv4 is mapped into IPv6
};

// Who may send to a server: prefixes that are denied, and prefixes that are allowed.
//
// Of the prefixes that have an address the longest decides; of two that are equal the denied one.
// An address that none has is refused where anything is allowed, and admitted where nothing is: a
// list that allows one net refuses all others, of both families.
//
// Prefixes of IPv4 (0.0.0.0/0, or ::ffff:0:0/96, which is the same) and of IPv6 never have
// addresses of each other: ::/0 is all of IPv6, and none of IPv4.
//
// Immutable, so that threads may share one. A look-up neither allocates nor locks, and takes as
// long for a prefix of any length.
class SourceList {
 public:
  // Denied and allowed together: more than all networks of the Internet have between them.
  static constexpr std::size_t kMaxPrefixes = std::size_t{2} << 20;

  // Null with ERR_INVALID_PARAMETER when a prefix has bits outside of 0 to kMaxBits, an address
  // with bits set behind them, or there are more than kMaxPrefixes; with ERR_OUT_OF_MEMORY when
  // there is no memory. Prefixes may come in any order, and more than once.
  static std::shared_ptr<const SourceList> create(std::span<const SourcePrefix> denied,
                                                  std::span<const SourcePrefix> allowed,
                                                  Error* error = nullptr);
  ~SourceList();
  SourceList(const SourceList&) = delete;
  SourceList& operator=(const SourceList&) = delete;

  bool refuses(const net::IpAddress& address) const noexcept;

  // As many as were given.
  std::size_t prefix_count() const { return prefix_count_; }
  // Bytes of it all: of IPv4 9 for each prefix at most, of IPv6 20 where the longest is /64, else
  // 36, and some hundreds.
  std::size_t memory() const;

 private:
  struct Tables;

  SourceList(std::span<const SourcePrefix> denied, std::span<const SourcePrefix> allowed);

  const std::size_t prefix_count_;
  const std::unique_ptr<const Tables> tables_;
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_ADMISSION_SOURCE_LIST_H_
