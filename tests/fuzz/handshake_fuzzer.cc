// Any packet may come to a server that asks for cookies, and to a client that shows one. A packet
// is of the handshake when it is what writing it again gives; the server takes no answer but the
// one to its own challenge; the client sends no more bytes than came.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ringpeer/engine/admission/client_handshake.h"
#include "ringpeer/engine/admission/cookie.h"
#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"

namespace {

using namespace ringpeer;
using namespace ringpeer::admission;

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint64_t kNow = 1000 * CookieKeys::kEpochMicroseconds;

bool is_same(Bytes packet, const HandshakePacket& other) {
  return packet.size() == other.size() && std::equal(packet.begin(), packet.end(), other.begin());
}

void check_kind(Bytes packet) {
  const auto kind = handshake_kind(packet);
  bool is_one = is_same(packet, hello_packet());
  if (packet.size() == kHandshakeSize) {
    const Cookie cookie = cookie_of(packet);
    is_one = is_one || is_same(packet, challenge_packet(cookie)) ||
             is_same(packet, answer_packet(cookie));
  }
  FUZZ_CHECK(kind.has_value() == is_one);
  FUZZ_CHECK(!kind.has_value() || may_be_handshake(packet));
}

void check_server(Bytes packet) {
  const CookieKeys keys({0x0123456789abcdef, 0xfedcba9876543210});
  net::Endpoint client;
  client.address = net::IpAddress::from_ipv4(0x070200c0);
  client.port = 50'000;
  const Cookie right = cookie_of(keys.challenge(client, kNow));
  const Cookie earlier = cookie_of(keys.challenge(client, kNow - CookieKeys::kEpochMicroseconds));
  const bool is_answer =
      is_same(packet, answer_packet(right)) || is_same(packet, answer_packet(earlier));
  FUZZ_CHECK(keys.accepts(client, packet, kNow) == is_answer);
}

void check_client(Bytes packet) {
  ClientHandshake client;
  FUZZ_CHECK(client.due(kNow).has_value());
  bool is_handshake = false;
  const auto answer = client.receive(packet, kNow, &is_handshake);
  const auto kind = handshake_kind(packet);
  FUZZ_CHECK(is_handshake == kind.has_value());
  FUZZ_CHECK(answer.has_value() == (kind == HandshakeKind::kChallenge));
  if (answer) {
    FUZZ_CHECK(answer->size() <= packet.size());
    FUZZ_CHECK(handshake_kind(*answer) == HandshakeKind::kAnswer);
    FUZZ_CHECK(cookie_of(*answer) == cookie_of(packet));
  }
  // Only who is not known hears challenges.
  FUZZ_CHECK(client.deadline_us() == kNow + (answer ? ClientHandshake::kHelloIntervalMicroseconds
                                                    : ClientHandshake::kSilenceMicroseconds));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of its own, so that a byte too far is seen.
  const auto copy = std::make_unique<std::uint8_t[]>(size);
  for (std::size_t i = 0; i < size; ++i) copy[i] = data[i];
  const Bytes packet(copy.get(), size);
  check_kind(packet);
  check_server(packet);
  check_client(packet);
  return 0;
}
