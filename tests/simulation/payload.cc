#include "ringpeer/tests/simulation/payload.h"

#include <array>
#include <cstring>

#include "ringpeer/tests/simulation/failure.h"

namespace ringpeer::simulation {
namespace {

// As long as the largest datagram, from any of 256 beginnings.
using Pattern = std::array<std::uint8_t, 65'536 + 256>;

const Pattern& pattern() {
  static const auto made = [] {
    Pattern bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::uint8_t>(i * 167 + (i >> 8) * 13);
    }
    return bytes;
  }();
  return made;
}

// FNV-1a.
std::uint32_t hash_of(std::span<const std::uint8_t> bytes) {
  std::uint32_t hash = 0x811c9dc5;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x01000193;
  return hash;
}

std::span<const std::uint8_t> filler_of(const Stamp& stamp, std::size_t size) {
  const std::size_t begin = (stamp.sender * 31 + stamp.number * 7) % 256;
  check(begin + size <= pattern().size(), "a payload of the simulation is too large");
  return {pattern().data() + begin, size};
}

}  // namespace

std::vector<std::uint8_t> make_payload(const Stamp& stamp, std::size_t size) {
  std::vector<std::uint8_t> payload(size);
  std::memcpy(payload.data(), &stamp, kStampSize);
  const auto filler = filler_of(stamp, size - kStampSize);
  if (!filler.empty()) std::memcpy(payload.data() + kStampSize, filler.data(), filler.size());
  return payload;
}

std::optional<Stamp> read_payload(std::span<const std::uint8_t> payload) {
  if (payload.empty()) return std::nullopt;
  if (is_handshake(payload)) return Stamp{kHandshakes, hash_of(payload)};
  check(payload.size() >= kStampSize, "a packet is shorter than any that was sent");
  Stamp stamp;
  std::memcpy(&stamp, payload.data(), kStampSize);
  const auto filler = filler_of(stamp, payload.size() - kStampSize);
  check(
      filler.empty() || std::memcmp(filler.data(), payload.data() + kStampSize, filler.size()) == 0,
      "a packet is not what it was");
  return stamp;
}

}  // namespace ringpeer::simulation
