#include "ringpeer/tools/load/session_payload.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/tests/tools/load/capture_writer.h"

namespace ringpeer::tools {
namespace {

using Kind = LoadReply::Kind;
using Replies = SessionPayload::Replies;
using Clock = std::chrono::steady_clock;

const Clock::time_point kDue{std::chrono::seconds(5)};

// Three packets, of 16 bytes, 20 and 17.
std::shared_ptr<const SessionRecording> recording() {
  const net::Endpoint client = endpoint_of("10.0.0.1:40000");
  const net::Endpoint server = endpoint_of("10.0.0.2:7777");
  std::vector<CaptureEntry> entries;
  for (const std::size_t size : {16, 20, 17}) {
    entries.push_back({1'000'000 * size, ip_packet(client, server, std::string(size, 'x'))});
  }
  auto read = std::make_shared<SessionRecording>();
  std::string error;
  EXPECT_TRUE(read->read(write_test_file("session", pcap_file(kRawLink, entries)), {}, &error))
      << error;
  return read;
}

SessionPayload payload_of(Replies replies, bool has_time = true) {
  std::vector<VaryingField> fields = {{.place = 0, .width = 8, .kind = FieldKind::kSequence}};
  if (has_time) fields.push_back({.place = 8, .width = 8, .kind = FieldKind::kTime});
  return SessionPayload(recording(), fields, 4, 1, replies);
}

std::vector<std::uint8_t> packet_of(SessionPayload* payload, const LoadStamp& stamp) {
  const auto packet = payload->compose(stamp, false);
  return {packet.begin(), packet.end()};
}

// The second packet sent is the third of the session: the second was left out.
LoadStamp stamp() { return {.client = 3, .sequence = 1, .due_at = kDue, .index = 2}; }

TEST(SessionPayloadTest, AnEchoIsKnownByItsNumberAndTimeAndThenByItsBytes) {
  SessionPayload payload = payload_of(Replies::kEchoes);
  EXPECT_TRUE(payload.identifies_echoes());
  std::vector<std::uint8_t> packet = packet_of(&payload, stamp());
  EXPECT_EQ(packet.size(), 17U);
  // A clone reads what another has sent.
  const auto clone = payload.clone();
  const LoadReply reply = clone->read(packet, 3);
  ASSERT_EQ(reply.kind, Kind::kNamed);
  EXPECT_EQ(reply.stamp.client, 3U);
  EXPECT_EQ(reply.stamp.sequence, 1U);
  EXPECT_EQ(reply.stamp.due_at, kDue);
  EXPECT_TRUE(reply.is_known_by_time_alone);
  EXPECT_TRUE(clone->is_packet(packet, stamp()));
  LoadStamp other = stamp();
  other.index = 1;
  EXPECT_FALSE(clone->is_packet(packet, other));
  packet.back() ^= 1;
  EXPECT_EQ(clone->read(packet, 3).kind, Kind::kNamed);
  EXPECT_FALSE(clone->is_packet(packet, stamp()));
  packet.resize(15);
  EXPECT_EQ(clone->read(packet, 3).kind, Kind::kForeign);
}

TEST(SessionPayloadTest, WithoutATimeNoEchoIsKnown) {
  SessionPayload payload = payload_of(Replies::kEchoes, false);
  EXPECT_FALSE(payload.identifies_echoes());
  EXPECT_EQ(payload.read(packet_of(&payload, stamp()), 3).kind, Kind::kForeign);
}

TEST(SessionPayloadTest, AnswersOfTheServerAreCountedWhateverTheyAre) {
  SessionPayload payload = payload_of(Replies::kCounted);
  EXPECT_EQ(payload.read({}, 3).kind, Kind::kUnmatched);
  EXPECT_EQ(payload.read(packet_of(&payload, stamp()), 3).kind, Kind::kUnmatched);
  ASSERT_NE(payload.replay(), nullptr);
  EXPECT_EQ(payload.replay()->packets(), 3U);
}

TEST(SessionPayloadTest, WhatIsNotExpectedIsForeign) {
  SessionPayload payload = payload_of(Replies::kIgnored);
  EXPECT_EQ(payload.read(packet_of(&payload, stamp()), 3).kind, Kind::kForeign);
}

}  // namespace
}  // namespace ringpeer::tools
