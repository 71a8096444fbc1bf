#include "ringpeer/tools/load/recorded_payload.h"

#include <algorithm>
#include <utility>

#include "ringpeer/tools/load/content_digest.h"

namespace ringpeer::tools {

RecordedPayload::RecordedPayload(std::vector<std::vector<std::uint8_t>> packets,
                                 std::vector<VaryingField> fields, std::uint64_t seed)
    : packets_(std::make_shared<const Packets>(std::move(packets))),
      fields_(std::move(fields)),
      seed_(seed) {
  const std::size_t smallest =
      std::ranges::min(*packets_, {}, [](const auto& packet) { return packet.size(); }).size();
  echo_fields_ = find_echo_fields(fields_, smallest);
}

std::span<const std::uint8_t> RecordedPayload::compose(const LoadStamp& stamp, bool /*leaving*/) {
  packet_ = (*packets_)[stamp.sequence % packets_->size()];
  write_fields(fields_, stamp, seed_, packet_);
  return packet_;
}

std::optional<std::uint64_t> RecordedPayload::digest() const {
  ContentDigest digest;
  for (const auto& packet : *packets_) digest.add(packet);
  return digest.value();
}

LoadReply RecordedPayload::read(std::span<const std::uint8_t> packet, std::uint32_t client) const {
  LoadReply reply;
  if (!identifies_echoes()) return reply;
  const std::optional<LoadStamp> stamp = read_stamp(*echo_fields_, packet, client);
  if (!stamp) return reply;
  expected_ = (*packets_)[stamp->sequence % packets_->size()];
  write_fields(fields_, *stamp, seed_, expected_);
  const bool is_whole = std::ranges::equal(expected_, packet);
  reply.kind = is_whole ? LoadReply::Kind::kEcho : LoadReply::Kind::kCorrupted;
  reply.is_known_by_time_alone = true;
  reply.stamp = *stamp;
  return reply;
}

}  // namespace ringpeer::tools
