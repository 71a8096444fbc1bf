#include "ringpeer/tools/load/load_payload.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tools/arena/arena_protocol.h"
#include "ringpeer/tools/load/payload_sizes.h"
#include "ringpeer/tools/load/raw_payload.h"
#include "ringpeer/tools/load/var_payload.h"

namespace ringpeer::tools {
namespace {

const LoadStamp kStamp = {
    .client = 7,
    .sequence = 4'000'000'000,
    .due_at = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(123'456'789'012'345))};

std::vector<std::uint8_t> copy(std::span<const std::uint8_t> packet) {
  return {packet.begin(), packet.end()};
}

std::vector<std::uint8_t> encode(const Variant& value) {
  std::vector<std::uint8_t> bytes(4096);
  std::size_t size = 0;
  EXPECT_EQ(encode_variant(value, bytes, &size), Error::OK);
  bytes.resize(size);
  return bytes;
}

void expect_stamp(const LoadStamp& stamp) {
  EXPECT_EQ(stamp.client, kStamp.client);
  EXPECT_EQ(stamp.sequence, kStamp.sequence);
  EXPECT_EQ(stamp.due_at, kStamp.due_at);
}

TEST(RawPayloadTest, AnEchoBringsTheStampBack) {
  for (const std::size_t size : {kSmallestRawPacket, std::size_t{64}, kMaxRawPacket}) {
    RawPayload payload(size);
    const auto packet = copy(payload.compose(kStamp, false));
    ASSERT_EQ(packet.size(), size);
    const LoadReply reply = payload.read(packet, kStamp.client);
    ASSERT_EQ(reply.kind, LoadReply::Kind::kEcho);
    expect_stamp(reply.stamp);
  }
}

TEST(RawPayloadTest, DamageIsNoticed) {
  RawPayload payload(64);
  const auto packet = copy(payload.compose(kStamp, false));
  auto cut = packet;
  cut.pop_back();
  EXPECT_EQ(payload.read(cut, 7).kind, LoadReply::Kind::kCorrupted);
  EXPECT_EQ(payload.read({}, 7).kind, LoadReply::Kind::kForeign);
  // The mark, and every byte of the pattern.
  for (const std::size_t index : {std::size_t{0}, kSmallestRawPacket, std::size_t{63}}) {
    auto damaged = packet;
    damaged[index] ^= 1;
    // Without its mark it may be anybody's.
    EXPECT_EQ(payload.read(damaged, 7).kind,
              index == 0 ? LoadReply::Kind::kForeign : LoadReply::Kind::kCorrupted)
        << index;
  }
}

TEST(VarPayloadTest, PacketsAreInputsInGodotsFormat) {
  VarPayload payload(std::nullopt);
  const auto packet = copy(payload.compose(kStamp, true));
  Variant value;
  ASSERT_EQ(decode_variant(packet, &value, nullptr), Error::OK);
  const auto input = input_from_variant(value);
  ASSERT_TRUE(input.has_value());
  EXPECT_EQ(input->sequence, 4'000'000'000);
  EXPECT_EQ(input->time, 123'456'789'012'345);
  EXPECT_TRUE(input->leave);
}

TEST(VarPayloadTest, SizesAreKeptWhereTheyCanBe) {
  LoadStamp stamp = kStamp;
  stamp.sequence = 5;
  const auto packet_size = [&](std::optional<std::size_t> size) {
    return VarPayload(size).compose(stamp, false).size();
  };
  EXPECT_EQ(packet_size(std::nullopt), 76U);
  EXPECT_EQ(packet_size(64), 76U);   // no input is smaller
  EXPECT_EQ(packet_size(80), 100U);  // the least that padding adds
  EXPECT_EQ(packet_size(100), 100U);
  EXPECT_EQ(packet_size(1200), 1200U);
  EXPECT_EQ(packet_size(1198), 1200U);
  EXPECT_EQ(packet_size(kMaxVarPacket), kMaxVarPacket);
}

TEST(VarPayloadTest, TheLargestPacketStaysADatagramToTheEnd) {
  const std::size_t size = VarPayload(kMaxVarPacket).compose(kStamp, true).size();
  EXPECT_GT(size, kMaxVarPacket);
  EXPECT_LE(size, kMaxRawPacket);
}

TEST(VarPayloadTest, AnEchoBringsTheStampBack) {
  VarPayload payload(std::nullopt);
  const LoadReply reply = payload.read(copy(payload.compose(kStamp, false)), kStamp.client);
  ASSERT_EQ(reply.kind, LoadReply::Kind::kEcho);
  expect_stamp(reply.stamp);
}

TEST(VarPayloadTest, AnotherClientsPacketIsNoEcho) {
  VarPayload payload(std::nullopt);
  const auto packet = copy(payload.compose(kStamp, false));
  EXPECT_EQ(payload.read(packet, kStamp.client + 1).kind, LoadReply::Kind::kCorrupted);
}

TEST(VarPayloadTest, ReadsSnapshots) {
  VarPayload payload(std::nullopt);
  const ArenaSnapshot snapshot = {.tick = 100,
                                  .sequence = 4'000'000'000,
                                  .time = 123'456'789'012'345,
                                  .received = 55,
                                  .number = 60,
                                  .position = {1, 2},
                                  .left = true};
  const LoadReply reply = payload.read(encode(to_variant(snapshot, {})), kStamp.client);
  ASSERT_EQ(reply.kind, LoadReply::Kind::kSnapshot);
  expect_stamp(reply.stamp);
  EXPECT_EQ(reply.inputs_received, 55U);
  EXPECT_EQ(reply.snapshot_number, 60U);
  EXPECT_TRUE(reply.left);
}

// Whatever arrives: no crash, and nothing is taken for an answer that is none.
TEST(VarPayloadTest, DamagedPacketsAreForeignOrWellFormed) {
  VarPayload payload(std::size_t{128});
  const auto packet = copy(payload.compose(kStamp, false));
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = packet;
    damaged.resize(random() % (packet.size() + 1));
    if (!damaged.empty()) {
      damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    }
    const LoadReply reply = payload.read(damaged, kStamp.client);
    EXPECT_NE(reply.kind, LoadReply::Kind::kSnapshot);
  }
}

}  // namespace
}  // namespace ringpeer::tools
