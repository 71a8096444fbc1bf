#include "ringpeer/engine/admission/cookie.h"

#include <array>
#include <cstring>
#include <span>

#include "ringpeer/codec/base/sip_hash.h"
#include "ringpeer/engine/net/secret.h"

namespace ringpeer::admission {
namespace {

// What is derived from the secret, each told from the others by the upper half of the word that is
// hashed; an epoch is the lower half.
enum class Derived : std::uint64_t { kFirstEpoch, kKey0, kKey1 };

using Secret = std::array<std::uint64_t, 2>;

std::uint64_t derive(const Secret& secret, Derived what, std::uint32_t epoch) noexcept {
  SipHash24 hash(secret[0], secret[1]);
  hash.absorb(static_cast<std::uint64_t>(what) << 32 | epoch);
  return hash.finish();
}

Secret drawn_secret() {
  Secret secret;
  net::draw_secret(std::as_writable_bytes(std::span(secret)));
  return secret;
}

}  // namespace

CookieKeys::CookieKeys() : CookieKeys(drawn_secret()) {}

CookieKeys::CookieKeys(const std::array<std::uint64_t, 2>& secret)
    : secret_(secret),
      first_epoch_(static_cast<std::uint32_t>(derive(secret, Derived::kFirstEpoch, 0))) {}

std::uint32_t CookieKeys::epoch_at(std::uint64_t now_us) const noexcept {
  return first_epoch_ + static_cast<std::uint32_t>(now_us / kEpochMicroseconds);
}

std::uint64_t CookieKeys::mac(const net::Endpoint& endpoint, std::uint32_t epoch) const noexcept {
  SipHash24 hash(derive(secret_, Derived::kKey0, epoch), derive(secret_, Derived::kKey1, epoch));
  // Address, port and interface: an Endpoint has no bytes that mean nothing.
  std::array<std::uint64_t, 3> words;
  static_assert(sizeof(words) == sizeof(endpoint));
  std::memcpy(words.data(), &endpoint, sizeof(words));
  for (const std::uint64_t word : words) hash.absorb(word);
  hash.absorb(epoch);
  return hash.finish();
}

HandshakePacket CookieKeys::challenge(const net::Endpoint& endpoint,
                                      std::uint64_t now_us) const noexcept {
  const std::uint32_t epoch = epoch_at(now_us);
  return challenge_packet({.epoch = epoch, .mac = mac(endpoint, epoch)});
}

// Codes are compared in the plain way: how long that takes differs by nanoseconds, far less than
// what the network and the kernel add, and a worker says nothing about an answer that is wrong.
bool CookieKeys::accepts(const net::Endpoint& endpoint, std::span<const std::uint8_t> packet,
                         std::uint64_t now_us) const noexcept {
  if (handshake_kind(packet) != HandshakeKind::kAnswer) return false;
  const Cookie cookie = cookie_of(packet);
  const std::uint32_t age = epoch_at(now_us) - cookie.epoch;  // wraps
  return age <= 1 && cookie.mac == mac(endpoint, cookie.epoch);
}

}  // namespace ringpeer::admission
