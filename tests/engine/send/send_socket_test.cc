// What a socket that packets are sent through knows of the kernel, and whom it tells of failures.

#include "ringpeer/engine/send/send_socket.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>

#include "ringpeer/engine/send/failure_counter.h"
#include "ringpeer/engine/send/refused_trains.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::loopback_ipv4;

const SendProgress::Clock::time_point kStart = SendProgress::Clock::time_point() + seconds(1000);

TEST(SendSocketTest, RefusesWhileItIsFullAndFromItsCloseOn) {
  SendErrors errors;
  SendSocket socket(&errors);
  EXPECT_EQ(socket.refusal(), 0);
  socket.set_full(true);
  EXPECT_EQ(socket.refusal(), EAGAIN);
  socket.set_full(false);
  EXPECT_EQ(socket.refusal(), 0);
  socket.set_full(true);
  socket.close();
  EXPECT_EQ(socket.refusal(), ESHUTDOWN);
  socket.set_full(false);
  EXPECT_EQ(socket.refusal(), ESHUTDOWN);
  socket.set_full(true);
  EXPECT_EQ(socket.refusal(), ESHUTDOWN);
}

SendItem item_to(SendSocket* socket, std::uint16_t port, bool connected, bool tells) {
  static SendMemory memory(false, 0);
  SendTarget target{socket, loopback_ipv4(port)};
  target.connected = connected;
  target.tells = tells;
  return {&memory, 0, 0, target};
}

TEST(SendSocketTest, TellsADestinationOfItsErrorAndNobodyWhoDidNotAsk) {
  SendErrors errors;
  SendSocket socket(&errors);
  socket.tell(item_to(&socket, 1, false, true), EACCES);
  socket.tell(item_to(&socket, 2, false, false), EPERM);
  EXPECT_EQ(errors.take(loopback_ipv4(1)), EACCES);
  EXPECT_EQ(errors.take(loopback_ipv4(1)), 0);
  EXPECT_EQ(errors.take(loopback_ipv4(2)), 0);
}

TEST(SendSocketTest, TellsTheOneDestinationOfAConnectedSocketApartFromAllOthers) {
  ErrorLatch connected;
  ErrorLatch unconnected;
  SendSocket socket(&connected, &unconnected);
  socket.tell(item_to(&socket, 1, true, true), EACCES);
  EXPECT_EQ(unconnected.take(), 0);
  EXPECT_EQ(connected.take(), EACCES);
  socket.tell(item_to(&socket, 1, false, true), EPERM);
  EXPECT_EQ(connected.take(), 0);
  EXPECT_EQ(unconnected.take(), EPERM);
  socket.tell(item_to(&socket, 1, true, false), EPERM);
  EXPECT_EQ(connected.take(), 0);
}

TEST(SendProgressTest, IsStuckSinceTheFirstRefusalAndNotOnceSomethingWasTaken) {
  SendProgress progress;
  EXPECT_FALSE(progress.is_stuck(kStart, seconds(0)));
  progress.hold_up(kStart);
  EXPECT_TRUE(progress.is_held_up());
  progress.try_again();
  EXPECT_FALSE(progress.is_held_up());
  progress.hold_up(kStart + seconds(1));
  EXPECT_FALSE(progress.is_stuck(kStart + milliseconds(1999), seconds(2)));
  EXPECT_TRUE(progress.is_stuck(kStart + seconds(2), seconds(2)));
  progress.mark_taken();
  EXPECT_FALSE(progress.is_stuck(kStart + seconds(3), seconds(2)));
  progress.hold_up(kStart + seconds(4));
  EXPECT_FALSE(progress.is_stuck(kStart + seconds(5), seconds(2)));
  EXPECT_TRUE(progress.is_stuck(kStart + seconds(6), seconds(2)));
}

TEST(SendProgressTest, TrainsGoOffAfterManyRefusalsInARowAndAfterOneFromThenOn) {
  SendProgress progress;
  for (int i = 0; i < 15; ++i) EXPECT_FALSE(progress.count_refused_train()) << i;
  progress.mark_sent_train();
  for (int i = 0; i < 15; ++i) EXPECT_FALSE(progress.count_refused_train()) << i;
  EXPECT_TRUE(progress.count_refused_train());
  progress.turn_trains_off(kStart + seconds(10));
  EXPECT_TRUE(progress.has_trains_off(kStart + milliseconds(9999)));
  EXPECT_FALSE(progress.has_trains_off(kStart + seconds(10)));
  EXPECT_TRUE(progress.count_refused_train());
  progress.mark_sent_train();
  EXPECT_FALSE(progress.count_refused_train());
}

TEST(RefusedTrainsTest, KeepOneDestinationWithoutThemForAPause) {
  SendErrors errors;
  SendSocket socket(&errors);
  RefusedTrains refused;
  EXPECT_FALSE(refused.has_any());
  refused.record(socket, loopback_ipv4(1), kStart);
  EXPECT_TRUE(refused.has_any());
  const auto end = kStart + RefusedTrains::kPause;
  EXPECT_TRUE(refused.applies_to(socket, loopback_ipv4(1), end - milliseconds(1)));
  EXPECT_FALSE(refused.applies_to(socket, loopback_ipv4(1), end));
  EXPECT_FALSE(refused.applies_to(socket, loopback_ipv4(2), kStart));
  refused.forget_old(end - milliseconds(1));
  EXPECT_TRUE(refused.has_any());
  refused.forget_old(end);
  EXPECT_FALSE(refused.has_any());
}

TEST(RefusedTrainsTest, ManyKeepTheWholeSocketWithoutThem) {
  SendErrors errors;
  SendSocket socket(&errors);
  SendSocket other(&errors);
  RefusedTrains refused;
  for (std::uint16_t port = 1; port <= 16; ++port)
    refused.record(socket, loopback_ipv4(port), kStart);
  EXPECT_TRUE(refused.applies_to(socket, loopback_ipv4(99), kStart));
  EXPECT_FALSE(refused.applies_to(other, loopback_ipv4(99), kStart));
  EXPECT_FALSE(refused.applies_to(socket, loopback_ipv4(99), kStart + RefusedTrains::kPause));
}

TEST(FailureCounterTest, SaysWhyAPacketWasNotSent) {
  EXPECT_EQ(failure_counter(EAGAIN), Counter::kSendFailedQueueFull);
  EXPECT_EQ(failure_counter(EWOULDBLOCK), Counter::kSendFailedQueueFull);
  EXPECT_EQ(failure_counter(ENOBUFS), Counter::kSendFailedQueueFull);
  EXPECT_EQ(failure_counter(ECONNREFUSED), Counter::kSendFailedRefused);
  for (const int error : {EACCES, EPERM, EMSGSIZE, EINVAL, ENETUNREACH, EHOSTUNREACH, ENOMEM}) {
    EXPECT_EQ(failure_counter(error), Counter::kSendFailedOther) << error;
  }
}

}  // namespace
}  // namespace ringpeer::worker
