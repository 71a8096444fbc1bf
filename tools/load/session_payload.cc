#include "ringpeer/tools/load/session_payload.h"

#include <algorithm>
#include <utility>

#include "ringpeer/tools/load/content_digest.h"

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
      echo_fields_(find_echo_fields(fields, smallest_packet(*recording_))),
      replay_(recording_.get(), std::move(fields), clients, seed) {}

std::span<const std::uint8_t> SessionPayload::compose(const LoadStamp& stamp, bool /*leaving*/) {
  return replay_.packet(stamp);
}

std::optional<std::uint64_t> SessionPayload::digest() const {
  ContentDigest digest;
  for (const auto* packets : {&recording_->sent(), &recording_->answers()}) {
    digest.add(std::uint64_t{packets->size()});
    for (const RecordedPacket& packet : *packets) {
      digest.add(static_cast<std::uint64_t>(packet.offset.count()));
      digest.add(std::uint64_t{packet.size});
      digest.add(recording_->payload(packet));
    }
  }
  return digest.value();
}

LoadReply SessionPayload::read(std::span<const std::uint8_t> packet, std::uint32_t client) const {
  LoadReply reply;
  if (replies_ == Replies::kCounted) reply.kind = LoadReply::Kind::kUnmatched;
  if (replies_ != Replies::kEchoes || !identifies_echoes()) return reply;
  const std::optional<LoadStamp> stamp = read_stamp(*echo_fields_, packet, client);
  if (!stamp) return reply;
  reply.kind = LoadReply::Kind::kNamed;
  reply.is_known_by_time_alone = true;
  reply.stamp = *stamp;
  return reply;
}

bool SessionPayload::is_packet(std::span<const std::uint8_t> packet, const LoadStamp& stamp) const {
  return replay_.is_echo(packet, stamp);
}

}  // namespace ringpeer::tools
