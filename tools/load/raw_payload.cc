#include "ringpeer/tools/load/raw_payload.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "ringpeer/tools/load/payload_sizes.h"

namespace ringpeer::tools {
namespace {

static_assert(std::endian::native == std::endian::little, "the header is copied as it is");

constexpr std::uint32_t kMark = 0x44414f4c;  // "LOAD"

struct Header {
  std::uint32_t mark;
  std::uint32_t client;
  std::uint64_t sequence;
  std::int64_t due_at;  // nanoseconds of the steady clock
};
static_assert(sizeof(Header) == kSmallestRawPacket);

// Another one for each of 256 packets in a row: 37 is odd.
std::uint8_t pattern_byte(std::uint64_t sequence) {
  return static_cast<std::uint8_t>(sequence * 37 + 11);
}

}  // namespace

std::span<const std::uint8_t> RawPayload::compose(const LoadStamp& stamp, bool /*leaving*/) {
  const Header header = {
      .mark = kMark,
      .client = stamp.client,
      .sequence = stamp.sequence,
      .due_at = std::chrono::nanoseconds(stamp.due_at.time_since_epoch()).count()};
  std::memcpy(packet_.data(), &header, sizeof(header));
  std::fill(packet_.begin() + kSmallestRawPacket, packet_.end(), pattern_byte(stamp.sequence));
  return packet_;
}

LoadReply RawPayload::read(std::span<const std::uint8_t> packet, std::uint32_t /*client*/) const {
  if (packet.size() < kSmallestRawPacket) return {};
  Header header;
  std::memcpy(&header, packet.data(), sizeof(header));
  if (header.mark != kMark) return {};
  const std::uint8_t expected = pattern_byte(header.sequence);
  const auto body = packet.subspan(kSmallestRawPacket);
  const bool is_whole =
      packet.size() == packet_.size() &&
      std::all_of(body.begin(), body.end(), [=](std::uint8_t b) { return b == expected; });
  LoadReply reply;
  reply.kind = is_whole ? LoadReply::Kind::kEcho : LoadReply::Kind::kCorrupted;
  reply.stamp.client = header.client;
  reply.stamp.sequence = header.sequence;
  reply.stamp.due_at =
      std::chrono::steady_clock::time_point(std::chrono::nanoseconds(header.due_at));
  return reply;
}

}  // namespace ringpeer::tools
