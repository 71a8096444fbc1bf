#ifndef RINGPEER_ENGINE_NET_IP_ADDRESS_H_
#define RINGPEER_ENGINE_NET_IP_ADDRESS_H_

#include "ringpeer/codec/base/language.h"

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace ringpeer::net {

// An IPv4 or IPv6 address in one form: 16 bytes in network order, IPv4 mapped into
// ::ffff:0:0/96. So a client compares equal whether it came in on an IPv4 or on a
// dual-stack socket. A value type; immutable but by assignment.
class IpAddress {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  constexpr IpAddress() = default;  // ::
  explicit constexpr IpAddress(const Bytes& bytes) : bytes_(bytes) {}
  static IpAddress from_ipv4(std::uint32_t network_order) {
    IpAddress address;
    address.bytes_[10] = address.bytes_[11] = 0xff;  // ::ffff:0:0/96, RFC 4291
    std::memcpy(&address.bytes_[12], &network_order, sizeof(network_order));
    return address;
  }

  // A literal address only: "127.0.0.1", "::1", "fe80::1". An interface
  // behind it ("%2") is refused: it is no part of an address. Nothing is resolved.
  static std::optional<IpAddress> parse(std::string_view text);

  constexpr const Bytes& bytes() const { return bytes_; }
  // v4-mapped. In two comparisons, because every packet that is sent is asked.
  bool is_ipv4() const {
    std::uint64_t zeros = 0;
    std::uint32_t marker = 0;
    std::memcpy(&zeros, bytes_.data(), sizeof(zeros));
    std::memcpy(&marker, bytes_.data() + sizeof(zeros), sizeof(marker));
    return zeros == 0 && marker == kMappedMarker;
  }
  std::uint32_t ipv4_network_order() const;
  bool is_multicast() const;
  bool is_link_local_ipv6() const;

  // As Godot prints it: dotted quad, or eight groups in lower case without zero
  // compression ("0:0:0:0:0:0:0:1").
  std::string to_string() const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  // The third word of a mapped address, in network order.
  static constexpr std::uint32_t kMappedMarker =
      std::bit_cast<std::uint32_t>(std::array<std::uint8_t, 4>{0, 0, 0xff, 0xff});
  Bytes bytes_{};
};

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_IP_ADDRESS_H_
