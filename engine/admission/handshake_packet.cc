#include "ringpeer/engine/admission/handshake_packet.h"

#include <algorithm>

#include "ringpeer/codec/base/little_endian.h"

namespace ringpeer::admission {
namespace {

// Where they stand in a packet, after the magic.
constexpr std::size_t kKindAt = 8;
constexpr std::size_t kReservedAt = 9;
constexpr std::size_t kEpochAt = 12;
constexpr std::size_t kMacAt = 16;
static_assert(kMacAt + sizeof(Cookie::mac) == kHandshakeSize);

template <typename Number>
void store_little_endian(Number number, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < sizeof(number); ++i) {
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
}

bool is_zero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

HandshakePacket packet_of(HandshakeKind kind, const Cookie& cookie) {
  HandshakePacket packet{};
  std::copy(kHandshakeMagic.begin(), kHandshakeMagic.end(), packet.begin());
  packet[kKindAt] = static_cast<std::uint8_t>(kind);
  store_little_endian(cookie.epoch, &packet[kEpochAt]);
  store_little_endian(cookie.mac, &packet[kMacAt]);
  return packet;
}

}  // namespace

std::optional<HandshakeKind> kind_of_handshake(std::span<const std::uint8_t> packet) noexcept {
  if (!is_zero(packet.subspan(kReservedAt, kEpochAt - kReservedAt))) return std::nullopt;
  const auto kind = static_cast<HandshakeKind>(packet[kKindAt]);
  switch (kind) {
    case HandshakeKind::kHello:
      if (!is_zero(packet.subspan(kEpochAt))) return std::nullopt;
      return kind;
    case HandshakeKind::kChallenge:
    case HandshakeKind::kAnswer:
      return kind;
  }
  return std::nullopt;
}

HandshakePacket hello_packet() noexcept { return packet_of(HandshakeKind::kHello, Cookie()); }

HandshakePacket challenge_packet(const Cookie& cookie) noexcept {
  return packet_of(HandshakeKind::kChallenge, cookie);
}

HandshakePacket answer_packet(const Cookie& cookie) noexcept {
  return packet_of(HandshakeKind::kAnswer, cookie);
}

Cookie cookie_of(std::span<const std::uint8_t> packet) noexcept {
  return {.epoch = load_little_endian<std::uint32_t>(&packet[kEpochAt]),
          .mac = load_little_endian<std::uint64_t>(&packet[kMacAt])};
}

}  // namespace ringpeer::admission
