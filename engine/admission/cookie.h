#ifndef RINGPEER_ENGINE_ADMISSION_COOKIE_H_
#define RINGPEER_ENGINE_ADMISSION_COOKIE_H_

#include <array>
#include <cstdint>
#include <span>

#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::admission {

// Makes the cookies of a server, and knows them again without keeping any: a cookie is a keyed hash
// (SipHash-2-4) of whom it was sent to and when. Who shows it has received it at that address, so
// the address is not forged.
//
// The time is counted in epochs of 16 s, each with a key of its own, which is derived from the one
// secret: keys rotate without a moment at which anybody changes them, so all workers of a server
// share one CookieKeys and take no lock. A cookie is good for the rest of its epoch and the next
// one: 16 to 32 s.
//
// A guess is right with a chance of 2^-63, as either of two codes of 64 bits would do; at
// 10,000,000 guesses a second one comes true in some 29,000 years.
//
// Threads: any, once it is made. Nothing here allocates or fails.
class CookieKeys {
 public:
  // Longer than any round trip, and short enough that few cookies are made with one key, and that
  // an address that changes hands takes none along.
  static constexpr std::uint64_t kEpochMicroseconds = 16'000'000;

  // With a secret of its own, which nobody else can know: one server's cookies mean nothing to
  // another, nor to the same one after a restart.
  CookieKeys();
  // With a secret that the caller has drawn.
  explicit CookieKeys(const std::array<std::uint64_t, 2>& secret);

  // The code for an endpoint in an epoch.
  std::uint64_t mac(const net::Endpoint& endpoint, std::uint32_t epoch) const noexcept;

  // What to send to an endpoint that is not known. now_us: microseconds of any clock that never
  // goes back, the same one for all calls.
  HandshakePacket challenge(const net::Endpoint& endpoint, std::uint64_t now_us) const noexcept;

  // Whether a packet of that endpoint is the answer to a challenge of this epoch or the one before.
  // False of anything else, of any size.
  bool accepts(const net::Endpoint& endpoint, std::span<const std::uint8_t> packet,
               std::uint64_t now_us) const noexcept;

 private:
  std::uint32_t epoch_at(std::uint64_t now_us) const noexcept;

  std::array<std::uint64_t, 2> secret_;
  // Epochs are sent in the clear. Counted from here they do not tell since when the machine is up.
  std::uint32_t first_epoch_;
};

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_COOKIE_H_
