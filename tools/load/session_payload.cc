#include "ringpeer/tools/load/session_payload.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ringpeer::tools {
namespace {

std::size_t smallest_packet(const SessionRecording& recording) {
  return std::ranges::min(recording.sent(), {}, &RecordedPacket::size).size;
}

}  // namespace

SessionPayload::SessionPayload(std::shared_ptr<const SessionRecording> recording,
                               std::vector<VaryingField> fields, std::uint32_t clients,
                               std::uint64_t seed, Replies replies)
    : recording_(std::move(recording)),
      replies_(replies),
      sequence_(whole_field(fields, FieldKind::kSequence, smallest_packet(*recording_))),
      time_(whole_field(fields, FieldKind::kTime, smallest_packet(*recording_))),
      replay_(recording_.get(), std::move(fields), clients, seed) {}

std::span<const std::uint8_t> SessionPayload::compose(const LoadStamp& stamp, bool /*leaving*/) {
  return replay_.packet(stamp);
}

LoadReply SessionPayload::read(std::span<const std::uint8_t> packet, std::uint32_t client) const {
  LoadReply reply;
  if (replies_ == Replies::kCounted) reply.kind = LoadReply::Kind::kUnmatched;
  if (replies_ != Replies::kEchoes || !identifies_echoes()) return reply;
  const std::optional<std::uint64_t> sequence = read_field(*sequence_, packet);
  const std::optional<std::uint64_t> time = read_field(*time_, packet);
  if (!sequence || !time) return reply;
  reply.kind = LoadReply::Kind::kNamed;
  reply.is_known_by_time_alone = true;
  reply.stamp.client = client;
  reply.stamp.sequence = *sequence;
  reply.stamp.due_at = std::chrono::steady_clock::time_point(
      std::chrono::nanoseconds(static_cast<std::int64_t>(*time)));
  return reply;
}

bool SessionPayload::is_packet(std::span<const std::uint8_t> packet, const LoadStamp& stamp) const {
  return replay_.is_echo(packet, stamp);
}

}  // namespace ringpeer::tools
