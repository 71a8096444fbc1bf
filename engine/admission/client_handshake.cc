#include "ringpeer/engine/admission/client_handshake.h"

namespace ringpeer::admission {

std::optional<HandshakePacket> ClientHandshake::receive(std::span<const std::uint8_t> packet,
                                                        std::uint64_t now_us,
                                                        bool* is_handshake) noexcept {
  const std::optional<HandshakeKind> kind = handshake_kind(packet);
  *is_handshake = kind.has_value();
  if (kind == HandshakeKind::kChallenge) {
    challenges_ = std::min(challenges_ + 1, kMaxHastyChallenges);
    return answer_packet(cookie_of(packet));
  }
  // Also its own hello: of a server without cookies that sends back whatever comes.
  heard(now_us);
  return std::nullopt;
}

std::optional<HandshakePacket> ClientHandshake::due(std::uint64_t now_us) noexcept {
  if (now_us < deadline_us()) return std::nullopt;
  const bool is_in_haste = challenges_ < kMaxHastyChallenges;
  next_hello_us_ = now_us + (is_in_haste ? kHelloIntervalMicroseconds : kSilenceMicroseconds);
  return hello_packet();
}

}  // namespace ringpeer::admission
