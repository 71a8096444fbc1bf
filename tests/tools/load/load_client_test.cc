#include "ringpeer/tools/load/load_client.h"

#include <gtest/gtest.h>

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

const Clock::time_point kStart{std::chrono::hours(1)};

LoadReply echo(std::uint64_t sequence, Clock::time_point due_at = kStart) {
  LoadReply reply;
  reply.kind = LoadReply::Kind::kEcho;
  reply.stamp = {.client = 4, .sequence = sequence, .due_at = due_at};
  return reply;
}

LoadReply snapshot(std::uint64_t number, std::uint64_t newest_input, std::uint64_t inputs) {
  LoadReply reply = echo(newest_input);
  reply.kind = LoadReply::Kind::kSnapshot;
  reply.snapshot_number = number;
  reply.inputs_received = inputs;
  return reply;
}

LoadClient client_that_sent(int packets) {
  LoadClient client(4);
  for (int i = 0; i < packets; ++i) client.sent(kStart, kStart);
  return client;
}

std::optional<std::chrono::nanoseconds> round_trip(LoadClient* client, const LoadReply& reply,
                                                   Clock::time_point now) {
  const auto answer = client->receive(reply, now);
  if (!answer) return std::nullopt;
  return answer->round_trip;
}

TEST(LoadClientTest, APacketThatWasNotSentIsStampedAgain) {
  LoadClient client(4);
  EXPECT_EQ(client.next_stamp(kStart).sequence, 0U);
  EXPECT_EQ(client.next_stamp(kStart).sequence, 0U);
  client.sent(kStart, kStart);
  EXPECT_EQ(client.next_stamp(kStart).sequence, 1U);
  EXPECT_EQ(client.packets_sent(), 1U);
}

TEST(LoadClientTest, TheIndexOfAPacketIsKnownAsLongAsItIsWaitedFor) {
  LoadClient client(4);
  EXPECT_EQ(client.next_stamp(kStart, 9).index, 9U);
  client.sent(kStart, kStart, 9);
  client.sent(kStart, kStart, 12);  // two were left out
  EXPECT_EQ(client.index_of(0), 9U);
  EXPECT_EQ(client.index_of(1), 12U);
  EXPECT_EQ(client.index_of(2), std::nullopt);
  ASSERT_TRUE(client.receive(echo(0), kStart));
  client.sent(kStart, kStart, 13);
  EXPECT_EQ(client.index_of(0), std::nullopt);
}

TEST(LoadClientTest, AnswersThatNameNoPacketAreCountedAgainstThoseExpected) {
  LoadClient client(4);
  LoadReply answer;
  answer.kind = LoadReply::Kind::kUnmatched;
  EXPECT_TRUE(client.settled());
  client.sent_unmatched(kStart, kStart, 2);
  client.sent_unmatched(kStart, kStart, 0);
  EXPECT_EQ(client.packets_sent(), 2U);
  EXPECT_EQ(client.unmatched().expected, 2U);
  EXPECT_EQ(client.receive(answer, kStart), std::nullopt);
  EXPECT_FALSE(client.settled());
  EXPECT_EQ(client.receive(answer, kStart), std::nullopt);
  EXPECT_TRUE(client.settled());
  EXPECT_EQ(client.receive(answer, kStart), std::nullopt);
  EXPECT_EQ(client.unmatched().received, 3U);
  EXPECT_EQ(client.foreign(), 0U);
  EXPECT_EQ(client.echoes(), 0U);
}

TEST(LoadClientTest, EachEchoCountsOnceAndGivesItsRoundTrip) {
  LoadClient client = client_that_sent(3);
  EXPECT_EQ(round_trip(&client, echo(0), kStart + milliseconds(5)), milliseconds(5));
  EXPECT_EQ(round_trip(&client, echo(0), kStart + milliseconds(6)), std::nullopt);
  EXPECT_EQ(round_trip(&client, echo(2), kStart + milliseconds(7)), milliseconds(7));
  EXPECT_FALSE(client.settled());
  EXPECT_EQ(round_trip(&client, echo(1), kStart + milliseconds(8)), milliseconds(8));
  EXPECT_EQ(client.echoes(), 3U);
  EXPECT_EQ(client.repeated(), 1U);
  EXPECT_EQ(client.late(), 1U);
  EXPECT_EQ(client.foreign(), 0U);
  EXPECT_TRUE(client.settled());
}

// After a second it takes a packet for lost: an answer that comes later is none to it, whether or
// not it has sent on.
TEST(LoadClientTest, AClientThatWaitsHasNoTimesAboveItsPatience) {
  const milliseconds patience = LoadClient::kClosedLoopPatience;
  for (const milliseconds time : {milliseconds(1), patience, patience + milliseconds(500)}) {
    LoadClient client = client_that_sent(1);
    const auto answer = client.receive(echo(0), kStart + time);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->round_trip, time);
    EXPECT_EQ(answer->uncorrected.has_value(), time <= patience) << time.count();
    // The next one is waited for in any case.
    client.sent(kStart + time, kStart + time);
    const auto next = client.receive(echo(1, kStart + time), kStart + time + milliseconds(3));
    ASSERT_TRUE(next);
    EXPECT_EQ(next->uncorrected, milliseconds(3));
  }
}

TEST(LoadClientTest, AnswersToWhatWasNeverSentAreForeign) {
  LoadClient client = client_that_sent(2);
  EXPECT_EQ(round_trip(&client, echo(2), kStart), std::nullopt);
  EXPECT_EQ(round_trip(&client, LoadReply(), kStart), std::nullopt);
  LoadReply of_another = echo(0);
  of_another.stamp.client = 5;
  EXPECT_EQ(round_trip(&client, of_another, kStart), std::nullopt);
  EXPECT_EQ(client.foreign(), 3U);
  // Of ours, and from the future.
  EXPECT_EQ(round_trip(&client, echo(0, kStart + milliseconds(1)), kStart), std::nullopt);
  EXPECT_EQ(client.corrupted(), 1U);
  EXPECT_EQ(client.damaged(), 1U);
  EXPECT_EQ(client.echoes(), 0U);
}

// Of payloads without a mark, other packets look like corrupted ones of ours.
TEST(LoadClientTest, WhatIsKnownByItsTimeAloneHasToHaveIt) {
  LoadClient client = client_that_sent(2);
  LoadReply reply = echo(1);
  reply.kind = LoadReply::Kind::kCorrupted;
  reply.is_known_by_time_alone = true;
  const Clock::time_point right = reply.stamp.due_at;
  for (const auto wrong : {right - milliseconds(1), right + milliseconds(1), Clock::time_point()}) {
    reply.stamp.due_at = wrong;
    EXPECT_EQ(round_trip(&client, reply, kStart + milliseconds(9)), std::nullopt);
  }
  EXPECT_EQ(client.foreign(), 3U);
  EXPECT_EQ(client.corrupted(), 0U);
  reply.stamp.due_at = right;
  client.receive(reply, kStart + milliseconds(9));
  EXPECT_EQ(client.corrupted(), 1U);
  EXPECT_EQ(client.damaged(), 1U);
  // A mark is enough.
  reply.is_known_by_time_alone = false;
  reply.stamp.due_at = right + milliseconds(1);
  client.receive(reply, kStart + milliseconds(9));
  EXPECT_EQ(client.corrupted(), 2U);
  EXPECT_EQ(client.foreign(), 3U);
}

TEST(LoadClientTest, ASnapshotGivesARoundTripOnlyForANewInput) {
  LoadClient client = client_that_sent(5);
  EXPECT_EQ(round_trip(&client, snapshot(1, 0, 1), kStart + milliseconds(9)), milliseconds(9));
  EXPECT_EQ(round_trip(&client, snapshot(2, 0, 1), kStart + milliseconds(25)), std::nullopt);
  EXPECT_EQ(round_trip(&client, snapshot(3, 4, 5), kStart + milliseconds(30)), milliseconds(30));
  EXPECT_EQ(client.snapshots(), 3U);
  EXPECT_EQ(client.inputs_received(), 5U);
}

TEST(LoadClientTest, MissingSnapshotsShowInTheirNumbers) {
  LoadClient client = client_that_sent(1);
  client.receive(snapshot(1, 0, 1), kStart);
  client.receive(snapshot(4, 0, 1), kStart);
  client.receive(snapshot(3, 0, 1), kStart);
  EXPECT_EQ(client.snapshots(), 3U);
  EXPECT_EQ(client.snapshots_announced(), 4U);
  EXPECT_EQ(client.late(), 1U);
}

// The client's address changes on its way, or the server starts again: numbers begin again, and
// what the session before said still counts.
TEST(LoadClientTest, SessionsAreNotTakenForOne) {
  LoadClient client = client_that_sent(100);
  const auto of_session = [](std::uint64_t session, std::uint64_t number, std::uint64_t newest,
                             std::uint64_t inputs) {
    LoadReply reply = snapshot(number, newest, inputs);
    reply.session = session;
    return reply;
  };
  std::uint64_t newest = 0;
  for (std::uint64_t session = 1; session <= 9; ++session) {
    for (std::uint64_t number = 1; number <= 5; ++number) {
      client.receive(of_session(session, number, newest++, number), kStart);
    }
  }
  EXPECT_EQ(client.repeated(), 0U);
  EXPECT_EQ(client.snapshots(), 45U);
  EXPECT_EQ(client.snapshots_announced(), 45U);
  EXPECT_EQ(client.inputs_received(), 45U);
  // The last of the session before comes late, and twice.
  client.receive(of_session(8, 6, newest, 5), kStart);
  client.receive(of_session(8, 6, newest, 5), kStart);
  EXPECT_EQ(client.repeated(), 1U);
  EXPECT_EQ(client.snapshots_announced(), 46U);
}

TEST(LoadClientTest, AnArenasClientIsSettledWhenItHasLeftAndNothingIsMissing) {
  LoadClient client = client_that_sent(1);
  client.receive(snapshot(1, 0, 1), kStart);
  EXPECT_FALSE(client.settled());
  LoadReply last = snapshot(3, 0, 1);
  last.left = true;
  client.receive(last, kStart);
  EXPECT_TRUE(client.has_left());
  EXPECT_FALSE(client.settled());
  client.receive(snapshot(2, 0, 1), kStart);
  EXPECT_TRUE(client.settled());
}

}  // namespace
}  // namespace ringpeer::tools
