#include "ringpeer/tools/load/var_payload.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tools/arena/arena_protocol.h"
#include "ringpeer/tools/load/payload_sizes.h"

namespace ringpeer::tools {
namespace {

// The encoding of an input whose time takes 64 bits, and what "padding" adds before its
// first byte; see the wire format: heads of 4 bytes, counts of 4, texts padded to 4.
constexpr std::size_t kInputSize = 76;
constexpr std::size_t kPaddingHeadSize = 24;

std::optional<std::size_t> padding_for(std::optional<std::size_t> size) {
  if (!size || *size <= kInputSize) return std::nullopt;
  return *size - std::min(*size, kInputSize + kPaddingHeadSize);
}

// Each client walks a circle of its own. An echo must bring the very same direction back,
// which a packet of another client or of another moment does not.
Vector2 direction(std::uint32_t client, std::uint64_t sequence) {
  constexpr double kTurnPerInput = 0.02;
  const double angle = client + static_cast<double>(sequence) * kTurnPerInput;
  return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
}

LoadStamp stamp_of(std::uint32_t client, std::int64_t sequence, std::int64_t time) {
  return {.client = client,
          .sequence = static_cast<std::uint64_t>(sequence),
          .due_at = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(time))};
}

}  // namespace

VarPayload::VarPayload(std::optional<std::size_t> size)
    : packet_(kInputSize + kPaddingHeadSize + size.value_or(0) + kVarPacketGrowth),
      padding_(padding_for(size)) {}

std::span<const std::uint8_t> VarPayload::compose(const LoadStamp& stamp, bool leaving) {
  const ArenaInput input = {
      .sequence = static_cast<std::int64_t>(stamp.sequence),
      .time = std::chrono::nanoseconds(stamp.due_at.time_since_epoch()).count(),
      .move = direction(stamp.client, stamp.sequence),
      .leave = leaving};
  Variant value = to_variant(input);
  if (padding_) {
    PackedByteArray padding;
    padding.resize(*padding_);
    value.ref<Dictionary>()["padding"] = std::move(padding);
  }
  std::size_t size = 0;
  if (encode_variant(value, packet_, &size) != Error::OK || size > packet_.size()) return {};
  return std::span<const std::uint8_t>(packet_).first(size);
}

LoadReply VarPayload::read(std::span<const std::uint8_t> packet, std::uint32_t client) const {
  LoadReply reply;
  Variant value;
  if (decode_variant(packet, &value, nullptr) != Error::OK) return reply;
  if (const auto snapshot = snapshot_from_variant(value)) {
    reply.kind = LoadReply::Kind::kSnapshot;
    reply.stamp = stamp_of(client, snapshot->sequence, snapshot->time);
    reply.session = static_cast<std::uint64_t>(snapshot->session);
    reply.snapshot_number = static_cast<std::uint64_t>(snapshot->number);
    reply.inputs_received = static_cast<std::uint64_t>(snapshot->received);
    reply.left = snapshot->left;
  } else if (const auto input = input_from_variant(value)) {
    reply.stamp = stamp_of(client, input->sequence, input->time);
    const bool ours = input->move == direction(client, reply.stamp.sequence);
    reply.kind = ours ? LoadReply::Kind::kEcho : LoadReply::Kind::kCorrupted;
  }
  return reply;
}

}  // namespace ringpeer::tools
