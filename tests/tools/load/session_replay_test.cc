#include "ringpeer/tools/load/session_replay.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "ringpeer/tests/tools/load/capture_writer.h"

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMs = 1'000'000;

// Three packets of a client, at 0, 20 and 40 ms; answers at 5 and 6 and at 41 ms.
SessionRecording recording() {
  const net::Endpoint client = endpoint_of("10.0.0.1:40000");
  const net::Endpoint server = endpoint_of("10.0.0.2:7777");
  const std::vector<CaptureEntry> entries = {{kMs, ip_packet(client, server, "0123456789abcdef")},
                                             {6 * kMs, ip_packet(server, client, "A")},
                                             {7 * kMs, ip_packet(server, client, "B")},
                                             {21 * kMs, ip_packet(client, server, "xy")},
                                             {41 * kMs, ip_packet(client, server, "0123456789")},
                                             {42 * kMs, ip_packet(server, client, "C")}};
  SessionRecording read;
  std::string error;
  EXPECT_TRUE(read.read(write_test_file("replayed", pcap_file(kRawLink, entries)), {}, &error))
      << error;
  return read;
}

LoadStamp stamp(std::uint32_t client, std::uint64_t sequence) {
  return {.client = client, .sequence = sequence, .due_at = {}, .index = sequence};
}

TEST(SessionReplayTest, OffsetsAreThoseRecordedRoundAfterRound) {
  const SessionRecording session = recording();
  const SessionReplay replay(&session, {}, 4, 1);
  EXPECT_EQ(replay.period(), milliseconds(60));
  EXPECT_EQ(replay.packets(), 3U);
  EXPECT_DOUBLE_EQ(replay.packets_per_second(), 4 * 3 / 0.060);
  for (std::uint32_t client = 0; client < 4; ++client) {
    const auto start = milliseconds(15) * client;
    EXPECT_EQ(replay.start(client), start);
  }
  EXPECT_EQ(replay.offset(0), milliseconds(0));
  EXPECT_EQ(replay.offset(1), milliseconds(20));
  EXPECT_EQ(replay.offset(2), milliseconds(40));
  EXPECT_EQ(replay.offset(3), milliseconds(60));
  EXPECT_EQ(replay.offset(3002), milliseconds(60'040));
}

// What is due at a time is told without going through all that was due before.
TEST(SessionReplayTest, TheFirstPacketOfATimeIsFound) {
  const SessionRecording session = recording();
  const SessionReplay replay(&session, {}, 1, 1);
  EXPECT_EQ(replay.first_at(milliseconds(-5)), 0U);
  EXPECT_EQ(replay.first_at(milliseconds(0)), 0U);
  std::uint64_t expected = 0;
  for (std::chrono::microseconds time{1}; time < milliseconds(400);
       time += std::chrono::microseconds(333)) {
    while (replay.offset(expected) < time) ++expected;
    ASSERT_EQ(replay.first_at(time), expected) << time.count();
  }
  EXPECT_EQ(replay.first_at(replay.offset(3'000'000'001)), 3'000'000'001U);
  EXPECT_EQ(replay.first_at(replay.offset(3'000'000'001) + std::chrono::nanoseconds(1)),
            3'000'000'002U);
}

// However long the session is: all are there after a second.
TEST(SessionReplayTest, LongSessionsBeginWithinASecond) {
  const net::Endpoint client = endpoint_of("10.0.0.1:40000");
  const net::Endpoint server = endpoint_of("10.0.0.2:7777");
  const std::vector<CaptureEntry> entries = {{0, ip_packet(client, server, "a")},
                                             {600'000 * kMs, ip_packet(client, server, "b")}};
  SessionRecording read;
  std::string error;
  ASSERT_TRUE(read.read(write_test_file("long", pcap_file(kRawLink, entries)), {}, &error));
  const SessionReplay replay(&read, {}, 100, 1);
  EXPECT_EQ(replay.start(1), milliseconds(10));
  EXPECT_EQ(replay.start(99), milliseconds(990));
}

// A server that goes on sending after the client's last packet would do so in the next round.
TEST(SessionReplayTest, AnswersAfterTheEndAreOfNoPacket) {
  const net::Endpoint client = endpoint_of("10.0.0.1:40000");
  const net::Endpoint server = endpoint_of("10.0.0.2:7777");
  std::vector<CaptureEntry> entries = {{0, ip_packet(client, server, "a")},
                                       {100 * kMs, ip_packet(client, server, "b")}};
  for (std::uint64_t ms = 110; ms < 5000; ms += 10) {
    entries.push_back({ms * kMs, ip_packet(server, client, "tick")});
  }
  SessionRecording read;
  std::string error;
  ASSERT_TRUE(read.read(write_test_file("ticks", pcap_file(kRawLink, entries)), {}, &error));
  const SessionReplay replay(&read, {}, 1, 1);
  EXPECT_EQ(replay.period(), milliseconds(200));
  EXPECT_EQ(replay.answers_to(0), 0U);
  EXPECT_EQ(replay.answers_to(1), 9U);
}

TEST(SessionReplayTest, FieldsDifferAndTheRestDoesNot) {
  const SessionRecording session = recording();
  const std::vector<VaryingField> fields = {
      {.place = 0, .width = 2, .kind = FieldKind::kClient, .is_big_endian = true},
      {.place = 4, .width = 4, .kind = FieldKind::kSequence}};
  SessionReplay replay(&session, fields, 1000, 1);
  const auto text = [&](const LoadStamp& of) {
    const auto packet = replay.packet(of);
    return std::string(packet.begin(), packet.end());
  };
  EXPECT_EQ(text(stamp(0x102, 0)), std::string("\x01\x02"
                                               "23\0\0\0\0"
                                               "89abcdef",
                                               16));
  EXPECT_EQ(text(stamp(0x102, 1)), "\x01\x02");  // too short for the second
  EXPECT_EQ(text(stamp(0x102, 5)), std::string("\x01\x02"
                                               "23\5\0\0\0"
                                               "89",
                                               10));
  EXPECT_TRUE(replay.useless_fields().empty());
  const auto packet = replay.packet(stamp(3, 6));
  std::vector<std::uint8_t> reply(packet.begin(), packet.end());
  EXPECT_TRUE(replay.is_echo(reply, stamp(3, 6)));
  EXPECT_FALSE(replay.is_echo(reply, stamp(4, 6)));
  EXPECT_FALSE(replay.is_echo(reply, stamp(3, 9)));
  reply.back() ^= 1;
  EXPECT_FALSE(replay.is_echo(reply, stamp(3, 6)));
}

// Of packets that were never sent there is no number, and the session goes on all the same.
TEST(SessionReplayTest, TheIndexSaysWhichPacketAndTheSequenceCounts) {
  const SessionRecording session = recording();
  SessionReplay replay(&session, {{.place = 0, .width = 1, .kind = FieldKind::kSequence}}, 1, 1);
  const auto packet = replay.packet({.client = 0, .sequence = 3, .due_at = {}, .index = 4});
  EXPECT_EQ(std::string(packet.begin(), packet.end()), "\3y");
}

TEST(SessionReplayTest, AnswersBelongToThePacketBefore) {
  const SessionRecording session = recording();
  const SessionReplay replay(&session, {}, 1, 1);
  EXPECT_EQ(replay.answers_to(0), 2U);
  EXPECT_EQ(replay.answers_to(1), 0U);
  EXPECT_EQ(replay.answers_to(2), 1U);
  EXPECT_EQ(replay.answers_to(3), 2U);
}

TEST(SessionReplayTest, AFieldThatLiesInNoPacketIsNamed) {
  const SessionRecording session = recording();
  const SessionReplay replay(
      &session, {{.place = 15, .width = 1}, {.place = 15, .width = 2}, {.place = 99, .width = 1}},
      1, 1);
  EXPECT_EQ(replay.useless_fields(), (std::vector<std::size_t>{1, 2}));
}

// All at one time, or one packet alone: a rate that can be sent.
TEST(SessionReplayTest, ShortSessionsHaveAPeriod) {
  const net::Endpoint client = endpoint_of("[::1]:1");
  const net::Endpoint server = endpoint_of("[::1]:2");
  for (const std::size_t count : {1, 5}) {
    const std::vector<CaptureEntry> entries(count, {kMs, ip_packet(client, server, "x")});
    SessionRecording read;
    std::string error;
    ASSERT_TRUE(read.read(write_test_file("short", pcap_file(kRawLink, entries)), {}, &error));
    const SessionReplay replay(&read, {}, 10, 1);
    EXPECT_GE(replay.period(), std::chrono::microseconds(count));
    EXPECT_LE(replay.packets_per_second(), 1e7 + 1);
  }
}

}  // namespace
}  // namespace ringpeer::tools
