#include "ringpeer/tools/load/recorded_payload.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ringpeer::tools {

RecordedPayload::RecordedPayload(std::vector<std::vector<std::uint8_t>> packets,
                                 std::vector<VaryingField> fields, std::uint64_t seed)
    : packets_(std::make_shared<const Packets>(std::move(packets))),
      fields_(std::move(fields)),
      seed_(seed) {
  const std::size_t smallest =
      std::ranges::min(*packets_, {}, [](const auto& packet) { return packet.size(); }).size();
  sequence_ = whole_field(fields_, FieldKind::kSequence, smallest);
  time_ = whole_field(fields_, FieldKind::kTime, smallest);
}

std::span<const std::uint8_t> RecordedPayload::compose(const LoadStamp& stamp, bool /*leaving*/) {
  packet_ = (*packets_)[stamp.sequence % packets_->size()];
  write_fields(fields_, stamp, seed_, packet_);
  return packet_;
}

LoadReply RecordedPayload::read(std::span<const std::uint8_t> packet, std::uint32_t client) const {
  LoadReply reply;
  if (!identifies_echoes()) return reply;
  const std::optional<std::uint64_t> sequence = read_field(*sequence_, packet);
  const std::optional<std::uint64_t> time = read_field(*time_, packet);
  if (!sequence || !time) return reply;
  const LoadStamp stamp = {.client = client,
                           .sequence = *sequence,
                           .due_at = std::chrono::steady_clock::time_point(
                               std::chrono::nanoseconds(static_cast<std::int64_t>(*time)))};
  expected_ = (*packets_)[stamp.sequence % packets_->size()];
  write_fields(fields_, stamp, seed_, expected_);
  const bool is_whole = std::ranges::equal(expected_, packet);
  reply.kind = is_whole ? LoadReply::Kind::kEcho : LoadReply::Kind::kCorrupted;
  reply.is_known_by_time_alone = true;
  reply.stamp = stamp;
  return reply;
}

}  // namespace ringpeer::tools
