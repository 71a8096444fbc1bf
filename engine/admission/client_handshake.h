#ifndef RINGPEER_ENGINE_ADMISSION_CLIENT_HANDSHAKE_H_
#define RINGPEER_ENGINE_ADMISSION_CLIENT_HANDSHAKE_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "ringpeer/engine/admission/handshake_packet.h"

namespace ringpeer::admission {

// A client's half of the handshake: when it says hello, and what it answers.
//
// It does not know whether the server knows it, and need not: it answers each challenge whenever
// one comes, as the server may have started again, or the client's address may have changed on the
// way. It says hello at once, and then 4 times a second while nothing has come for a second. A
// challenge counts as nothing: who hears only those may not be known yet, as when its answer was
// lost. After some of them it is known more likely than not, and the server has nothing to say:
// then it says hello once a second. A forged challenge can slow it down to that, and no further.
//
// It has no socket, no clock and no thread. Times are microseconds of any clock that never goes
// back. Threads: one. Nothing here allocates or fails.
class ClientHandshake {
 public:
  static constexpr std::uint64_t kHelloIntervalMicroseconds = 250'000;
  // Of a server that sends at all, a game's snapshot comes sooner.
  static constexpr std::uint64_t kSilenceMicroseconds = 1'000'000;

  // Challenges without anything else, each of them answered: with half of all packets lost, one
  // answer of three arrives in 7 of 8 times.
  static constexpr std::uint32_t kMaxHastyChallenges = 3;

  // Something that is no challenge came from the server.
  void heard(std::uint64_t now_us) noexcept {
    silent_at_us_ = now_us + kSilenceMicroseconds;
    challenges_ = 0;
  }

  // What to send for a packet that came from the server; nothing unless it is a challenge.
  // *is_handshake: it is not for the application. Any packet may be given here; it is heard() then,
  // too. Who asks may_be_handshake() first, and calls heard() himself, need not give the others.
  std::optional<HandshakePacket> receive(std::span<const std::uint8_t> packet, std::uint64_t now_us,
                                         bool* is_handshake) noexcept;

  // When the next hello is due, if nothing comes until then.
  std::uint64_t deadline_us() const noexcept { return std::max(next_hello_us_, silent_at_us_); }
  // The hello that is to be sent now; nothing before deadline_us(). What was missed is not made
  // good.
  std::optional<HandshakePacket> due(std::uint64_t now_us) noexcept;

 private:
  std::uint64_t next_hello_us_ = 0;
  std::uint64_t silent_at_us_ = 0;  // nothing has come for so long then
  std::uint32_t challenges_ = 0;    // since anything else came; kMaxHastyChallenges is many
};

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_CLIENT_HANDSHAKE_H_
