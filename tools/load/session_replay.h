#ifndef RINGPEER_TOOLS_LOAD_SESSION_REPLAY_H_
#define RINGPEER_TOOLS_LOAD_SESSION_REPLAY_H_

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "ringpeer/tools/load/session_recording.h"
#include "ringpeer/tools/load/varying_field.h"

namespace ringpeer::tools {

// A recorded session, played by many clients: each sends the recorded packets at the recorded
// distances, with fields of its own, and begins again when it has come to the end. Clients begin
// one after another over the length of one session, so that they do not beat in time.
//
// Threads: one. Lifetime: the recording must outlive it.
class SessionReplay {
 public:
  // `fields` have passed check_varying_fields().
  SessionReplay(const SessionRecording* recording, std::vector<VaryingField> fields,
                std::uint32_t clients, std::uint64_t seed);

  // When client `client` sends its packet `index` (from 0, without end), since the start of the
  // run: never before its packet before.
  std::chrono::nanoseconds offset(std::uint32_t client, std::uint64_t index) const;
  // What it sends: stamp.sequence is the index. Valid until the next call.
  std::span<const std::uint8_t> packet(const LoadStamp& stamp);
  // Whether `reply` is that packet of that client, unchanged: the stamp says when it was sent.
  bool is_echo(std::span<const std::uint8_t> reply, const LoadStamp& stamp);
  // Answers that the recorded server gave up to the client's next packet: what one may expect.
  std::size_t answers_to(std::uint64_t index) const;

  // A session's length from its first packet to the first of the next: with a pause at the end
  // that is a packet's mean distance. At least 1 us a packet, whatever was recorded.
  std::chrono::nanoseconds period() const { return period_; }
  std::size_t packets() const { return recording_->sent().size(); }
  // Of all clients together.
  double packets_per_second() const;
  // Fields that lie in no packet at all, as numbers of those given: they would change nothing.
  std::vector<std::size_t> useless_fields() const;

 private:
  const SessionRecording* recording_;
  std::vector<VaryingField> fields_;
  std::uint32_t clients_;
  std::uint64_t seed_;
  std::chrono::nanoseconds period_;
  std::vector<std::uint32_t> answers_to_;
  std::vector<std::uint8_t> packet_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_SESSION_REPLAY_H_
