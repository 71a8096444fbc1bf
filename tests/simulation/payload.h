#ifndef RINGPEER_TESTS_SIMULATION_PAYLOAD_H_
#define RINGPEER_TESTS_SIMULATION_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ringpeer/engine/admission/handshake_packet.h"

namespace ringpeer::simulation {

// What a datagram says of itself: who made it, as which of his, and every other byte follows from
// that.
struct Stamp {
  std::uint32_t sender = 0;
  std::uint32_t number = 0;

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

inline constexpr std::size_t kStampSize = 8;

// Who all packets of handshakes seem to be made by, which have no room for a stamp: their numbers
// are a hash of their bytes.
inline constexpr std::uint32_t kHandshakes = UINT32_MAX;
inline bool is_handshake(std::span<const std::uint8_t> payload) {
  return admission::may_be_handshake(payload);
}

// size: at least kStampSize.
std::vector<std::uint8_t> make_payload(const Stamp& stamp, std::size_t size);
// Nothing for an empty one. Fails when a byte is not what it was.
std::optional<Stamp> read_payload(std::span<const std::uint8_t> payload);

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_PAYLOAD_H_
