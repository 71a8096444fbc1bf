#ifndef RINGPEER_TOOLS_LOAD_SESSION_REPLAY_H_
#define RINGPEER_TOOLS_LOAD_SESSION_REPLAY_H_

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "ringpeer/tools/capture/session_recording.h"
#include "ringpeer/tools/load/varying_field.h"

namespace ringpeer::tools {

// A recorded session, played by many clients: each sends the recorded packets at the recorded
// distances, with fields of its own, and begins again when it has come to the end.
//
// Threads: one. Lifetime: the recording must outlive it.
class SessionReplay {
 public:
  // `fields` have passed check_varying_fields().
  SessionReplay(const SessionRecording* recording, std::vector<VaryingField> fields,
                std::uint32_t clients, std::uint64_t seed);

  // Clients that are there from the start do not send at the same moments: they begin one after
  // another within a second, or within one session where that is shorter.
  static constexpr std::chrono::seconds kMaxSpread{1};

  // When client `client` of those from the start begins, since the start of the run.
  std::chrono::nanoseconds start(std::uint32_t client) const;
  // When a client sends its packet `index` (from 0, without end), since its first: never before
  // its packet before.
  std::chrono::nanoseconds offset(std::uint64_t index) const;
  // The first packet that is not sent before `offset`.
  std::uint64_t first_at(std::chrono::nanoseconds offset) const;
  // What it sends: stamp.index says which packet it is. Valid until the next call.
  std::span<const std::uint8_t> packet(const LoadStamp& stamp);
  // Whether `reply` is that packet of that client, unchanged: the stamp says when it was sent.
  bool is_echo(std::span<const std::uint8_t> reply, const LoadStamp& stamp);
  // Answers that the recorded server gave up to the client's next packet: what one may expect.
  // Those that came when the next round has long begun are of none.
  std::size_t answers_to(std::uint64_t index) const;

  // A session's length from its first packet to the first of the next: with a pause at the end
  // that is a packet's mean distance. At least 1 us a packet, whatever was recorded.
  std::chrono::nanoseconds period() const { return period_; }
  const SessionRecording& recording() const { return *recording_; }
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
