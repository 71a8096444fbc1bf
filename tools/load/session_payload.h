#ifndef RINGPEER_TOOLS_LOAD_SESSION_PAYLOAD_H_
#define RINGPEER_TOOLS_LOAD_SESSION_PAYLOAD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ringpeer/tools/capture/session_recording.h"
#include "ringpeer/tools/load/load_payload.h"
#include "ringpeer/tools/load/session_replay.h"
#include "ringpeer/tools/load/varying_field.h"

namespace ringpeer::tools {

// What a recorded client sent, of every client with fields of its own.
// Threads, lifetime and failure: as LoadPayload.
class SessionPayload : public LoadPayload {
 public:
  // What is made of replies.
  enum class Replies {
    kCounted,  // the server's own answers: they name no packet
    kEchoes,   // told apart by a field of the sequence and one of the time
    kIgnored,
  };

  // `fields` have passed check_varying_fields(); `clients` are those of the whole plan.
  SessionPayload(std::shared_ptr<const SessionRecording> recording,
                 std::vector<VaryingField> fields, std::uint32_t clients, std::uint64_t seed,
                 Replies replies);

  std::span<const std::uint8_t> compose(const LoadStamp& stamp, bool leaving) override;
  LoadReply read(std::span<const std::uint8_t> packet, std::uint32_t client) const override;
  bool is_packet(std::span<const std::uint8_t> packet, const LoadStamp& stamp) const override;
  const SessionReplay* replay() const override { return &replay_; }
  std::optional<std::uint64_t> digest() const override;
  std::unique_ptr<LoadPayload> clone() const override {
    return std::make_unique<SessionPayload>(*this);
  }
  // Whether an echo can be told from another packet: as of RecordedPayload.
  bool identifies_echoes() const { return echo_fields_.has_value(); }

 private:
  std::shared_ptr<const SessionRecording> recording_;  // of all clones
  Replies replies_;
  std::optional<EchoFields> echo_fields_;
  // It makes the packet that a reply is held against: of is_packet(), which is const to its
  // callers.
  mutable SessionReplay replay_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_SESSION_PAYLOAD_H_
