#include "ringpeer/tools/capture/udp_frame.h"

#include <algorithm>
#include <array>
#include <optional>

namespace ringpeer::tools {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Numbers of protocols: of Ethernet's types, of IP.
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeIpv6 = 0x86dd;
constexpr std::array<std::uint16_t, 3> kTypesVlan = {0x8100, 0x88a8, 0x9100};
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kDestination = 60;
constexpr std::uint8_t kAuthentication = 51;

constexpr std::size_t kUdpHeader = 8;
// Tags and extension headers that one packet may have: more are an attack on whoever follows them.
constexpr int kMaxHeaders = 16;

std::uint16_t number_at(Bytes bytes, std::size_t place) {
  return static_cast<std::uint16_t>(bytes[place] << 8 | bytes[place + 1]);
}

Bytes behind(Bytes bytes, std::size_t size) { return bytes.subspan(std::min(size, bytes.size())); }

UdpFrame of_kind(UdpFrame::Kind kind) {
  UdpFrame frame;
  frame.kind = kind;
  return frame;
}

// `bytes` begin with UDP's header. `whole`: how many the IP packet has, of which the capture may
// lack some.
UdpFrame read_udp(Bytes bytes, std::size_t whole, bool is_fragment, UdpFrame frame) {
  if (whole < kUdpHeader) return of_kind(UdpFrame::Kind::kMalformed);
  if (bytes.size() < kUdpHeader) {
    frame.kind = UdpFrame::Kind::kCut;
    return frame;
  }
  frame.from.port = number_at(bytes, 0);
  frame.to.port = number_at(bytes, 2);
  const std::size_t length = number_at(bytes, 4);
  if (length < kUdpHeader || (length > whole && !is_fragment)) {
    return of_kind(UdpFrame::Kind::kMalformed);
  }
  frame.size = length - kUdpHeader;
  frame.payload = bytes.subspan(kUdpHeader);
  frame.payload = frame.payload.first(std::min(frame.payload.size(), frame.size));
  if (is_fragment) {
    frame.kind = UdpFrame::Kind::kFirstFragment;
  } else {
    frame.kind = frame.payload.size() == frame.size ? UdpFrame::Kind::kWhole : UdpFrame::Kind::kCut;
  }
  return frame;
}

UdpFrame read_ipv4(Bytes bytes) {
  constexpr std::size_t kHeader = 20;
  if (bytes.size() < kHeader) return of_kind(UdpFrame::Kind::kCut);
  if (bytes[0] >> 4 != 4) return of_kind(UdpFrame::Kind::kMalformed);
  const std::size_t header = std::size_t{4} * (bytes[0] & 0x0f);
  std::size_t total = number_at(bytes, 2);
  // What is sent in one piece to a card that cuts it up has no length of its own in a capture.
  if (total == 0) total = bytes.size();
  if (header < kHeader || total < header) return of_kind(UdpFrame::Kind::kMalformed);
  if (bytes[9] != kUdp) return {};
  UdpFrame frame;
  const auto address = [bytes](std::size_t place) {
    std::uint32_t network_order = 0;
    std::memcpy(&network_order, bytes.data() + place, sizeof(network_order));
    return net::IpAddress::from_ipv4(network_order);
  };
  frame.from.address = address(12);
  frame.to.address = address(16);
  frame.datagram = number_at(bytes, 4);
  const std::uint16_t fragment = number_at(bytes, 6);
  const bool has_more = (fragment & 0x2000) != 0;
  if ((fragment & 0x1fff) != 0) {
    frame.kind = UdpFrame::Kind::kLaterFragment;
    return frame;
  }
  // Behind it a short frame has padding.
  const Bytes packet = bytes.first(std::min(bytes.size(), total));
  return read_udp(behind(packet, header), total - header, has_more, frame);
}

UdpFrame read_ipv6(Bytes bytes) {
  constexpr std::size_t kHeader = 40;
  if (bytes.size() < kHeader) return of_kind(UdpFrame::Kind::kCut);
  if (bytes[0] >> 4 != 6) return of_kind(UdpFrame::Kind::kMalformed);
  std::size_t left = number_at(bytes, 4);
  if (left == 0) left = bytes.size() - kHeader;
  UdpFrame frame;
  const auto address = [bytes](std::size_t place) {
    net::IpAddress::Bytes octets;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(place), octets.size(), octets.begin());
    return net::IpAddress(octets);
  };
  frame.from.address = address(8);
  frame.to.address = address(24);
  std::uint8_t next = bytes[6];
  Bytes rest = bytes.subspan(kHeader);
  rest = rest.first(std::min(rest.size(), left));
  bool is_fragment = false;
  for (int i = 0; i < kMaxHeaders; ++i) {
    if (next == kUdp) return read_udp(rest, left, is_fragment, frame);
    constexpr std::size_t kExtension = 8;
    const bool is_extension = next == kHopByHop || next == kRouting || next == kDestination ||
                              next == kFragment || next == kAuthentication;
    if (!is_extension) return {};
    if (left < kExtension) return of_kind(UdpFrame::Kind::kMalformed);
    if (rest.size() < kExtension) return of_kind(UdpFrame::Kind::kCut);
    std::size_t size = (std::size_t{rest[1]} + 1) * 8;
    if (next == kAuthentication) size = (std::size_t{rest[1]} + 2) * 4;
    if (next == kFragment) {
      size = kExtension;
      const std::uint16_t fragment = number_at(rest, 2);
      frame.datagram = std::uint32_t{number_at(rest, 4)} << 16 | number_at(rest, 6);
      if ((fragment & 0xfff8) != 0) {
        if (rest[0] != kUdp) return {};
        frame.kind = UdpFrame::Kind::kLaterFragment;
        return frame;
      }
      is_fragment = is_fragment || (fragment & 1) != 0;
    }
    if (size > left) return of_kind(UdpFrame::Kind::kMalformed);
    next = rest[0];
    rest = behind(rest, size);
    left -= size;
  }
  return of_kind(UdpFrame::Kind::kMalformed);
}

UdpFrame read_ip(std::uint16_t type, Bytes bytes) {
  if (type == kTypeIpv4) return read_ipv4(bytes);
  if (type == kTypeIpv6) return read_ipv6(bytes);
  return {};
}

// From an Ethernet type on, behind which tags may stand.
UdpFrame read_typed(Bytes bytes, std::size_t place_of_type) {
  for (int i = 0; i < kMaxHeaders; ++i) {
    if (bytes.size() < place_of_type + 2) return of_kind(UdpFrame::Kind::kCut);
    const std::uint16_t type = number_at(bytes, place_of_type);
    bytes = behind(bytes, place_of_type + 2);
    if (std::find(kTypesVlan.begin(), kTypesVlan.end(), type) == kTypesVlan.end()) {
      return read_ip(type, bytes);
    }
    place_of_type = 2;  // behind the tag
  }
  return of_kind(UdpFrame::Kind::kMalformed);
}

UdpFrame read_raw(Bytes bytes) {
  if (bytes.empty()) return of_kind(UdpFrame::Kind::kCut);
  return bytes[0] >> 4 == 6 ? read_ipv6(bytes) : read_ipv4(bytes);
}

// Of a family whose number is the capturing system's: the packet itself says which it is.
UdpFrame read_loopback(Bytes bytes) {
  constexpr std::size_t kFamily = 4;
  if (bytes.size() < kFamily) return of_kind(UdpFrame::Kind::kCut);
  const Bytes packet = bytes.subspan(kFamily);
  const bool is_ip = !packet.empty() && (packet[0] >> 4 == 4 || packet[0] >> 4 == 6);
  return is_ip ? read_raw(packet) : UdpFrame();
}

UdpFrame read_sll2(Bytes bytes) {
  constexpr std::size_t kHeader = 20;
  if (bytes.size() < kHeader) return of_kind(UdpFrame::Kind::kCut);
  const std::uint16_t type = number_at(bytes, 0);
  const bool is_tag = std::find(kTypesVlan.begin(), kTypesVlan.end(), type) != kTypesVlan.end();
  return is_tag ? read_typed(bytes.subspan(kHeader), 2) : read_ip(type, bytes.subspan(kHeader));
}

}  // namespace

UdpFrame read_udp_frame(LinkType link, std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kEthernetType = 12;
  constexpr std::size_t kSllType = 14;
  switch (link) {
    case LinkType::kNull:
    case LinkType::kLoop:
      return read_loopback(bytes);
    case LinkType::kEthernet:
      return read_typed(bytes, kEthernetType);
    case LinkType::kRaw:
      return read_raw(bytes);
    case LinkType::kLinuxSll:
      return read_typed(bytes, kSllType);
    case LinkType::kLinuxSll2:
      return read_sll2(bytes);
    case LinkType::kUnknown:
      break;
  }
  return {};
}

}  // namespace ringpeer::tools
