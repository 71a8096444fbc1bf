#ifndef RINGPEER_ENGINE_ADMISSION_HANDSHAKE_PACKET_H_
#define RINGPEER_ENGINE_ADMISSION_HANDSHAKE_PACKET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace ringpeer::admission {

// The packets by which a client shows that it receives at the address that it sends from. The
// client says hello, the server challenges it with a cookie that only it could make, the client
// gives the cookie back as its answer. docs/wire.md describes them, byte by byte.
//
// All have one size, so that no server sends more than it got.
//
// Threads: any, for all that stands here. Nothing here fails.

inline constexpr std::size_t kHandshakeSize = 24;
using HandshakePacket = std::array<std::uint8_t, kHandshakeSize>;

// What they begin with. Drawn once, at random, but for the first byte: no Variant begins with it,
// as it is no type's number, nor does DTLS or STUN. A game's packet of this size is taken for one
// of them with a chance of 2^-64.
inline constexpr std::array<std::uint8_t, 8> kHandshakeMagic = {0xf5, 0x70, 0xad, 0xe4,
                                                                0x95, 0xe0, 0x89, 0xaa};

enum class HandshakeKind : std::uint8_t {
  kHello = 1,      // of a client that wants to be known
  kChallenge = 2,  // of a server that does not know it
  kAnswer = 3,     // of a client: the challenge, with this kind
};

// What a server lets a client show again, instead of remembering it.
struct Cookie {
  std::uint32_t epoch = 0;  // when it was made, see CookieKeys
  std::uint64_t mac = 0;

  friend bool operator==(const Cookie&, const Cookie&) = default;
};

// Whether a packet has the size and the first bytes of them: all that has to be asked of a game's
// packet.
inline bool may_be_handshake(std::span<const std::uint8_t> packet) noexcept {
  if (packet.size() != kHandshakeSize) return false;
  std::uint64_t found = 0;
  std::uint64_t magic = 0;
  std::memcpy(&found, packet.data(), sizeof(found));
  std::memcpy(&magic, kHandshakeMagic.data(), sizeof(magic));
  return found == magic;
}

// Of a packet with that beginning: which one it is; nothing when any other byte is not as it has
// to be.
std::optional<HandshakeKind> kind_of_handshake(std::span<const std::uint8_t> packet) noexcept;

// Which of them a packet is; nothing when it is an application's.
inline std::optional<HandshakeKind> handshake_kind(std::span<const std::uint8_t> packet) noexcept {
  if (!may_be_handshake(packet)) return std::nullopt;
  return kind_of_handshake(packet);
}

HandshakePacket hello_packet() noexcept;
HandshakePacket challenge_packet(const Cookie& cookie) noexcept;
HandshakePacket answer_packet(const Cookie& cookie) noexcept;

// Of a challenge or an answer.
Cookie cookie_of(std::span<const std::uint8_t> packet) noexcept;

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_HANDSHAKE_PACKET_H_
