#include "ringpeer/tests/simulation/cookie_witness.h"

#include <string>

#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/tests/simulation/failure.h"

namespace ringpeer::simulation {

using admission::HandshakeKind;

void CookieWitness::record_in(std::uint16_t port, const net::Endpoint& from,
                              std::span<const std::uint8_t> payload) {
  const auto found = ports_.find(port);
  if (found == ports_.end()) return;
  Source& source = found->second.sources[from];
  if (source.has_answered) return;
  source.bytes_in += payload.size();
  if (admission::handshake_kind(payload) != HandshakeKind::kAnswer) return;
  if (!source.codes.contains(admission::cookie_of(payload).mac)) return;
  source.has_answered = true;
  ++found->second.answered;
}

void CookieWitness::record_out(std::uint16_t port, const net::Endpoint& to,
                               std::span<const std::uint8_t> payload) {
  const auto found = ports_.find(port);
  if (found == ports_.end()) return;
  Source& source = found->second.sources[to];
  if (admission::handshake_kind(payload) == HandshakeKind::kChallenge) {
    ++challenges_;
    if (!source.has_answered) source.codes.insert(admission::cookie_of(payload).mac);
  }
  if (source.has_answered) return;
  source.bytes_out += payload.size();
  if (source.bytes_out > source.bytes_in) {
    fail("to " + to.to_string() + ", who has answered nothing, go " +
         std::to_string(source.bytes_out) + " bytes for " + std::to_string(source.bytes_in));
  }
}

bool CookieWitness::has_answered(std::uint16_t port, const net::Endpoint& source) const {
  const auto& sources = ports_.at(port).sources;
  const auto found = sources.find(source);
  return found != sources.end() && found->second.has_answered;
}

}  // namespace ringpeer::simulation
