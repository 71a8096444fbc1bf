// What the kernel refuses of one packet, destination or socket costs no other.

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/engine/net/pending_errors.h"
#include "ringpeer/engine/send/refused_trains.h"
#include "ringpeer/tests/engine/send/fake_kernel.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer::worker {
namespace {

using test::FakeKernel;
using test::loopback_ipv4;
using test::number_of;
using test::numbered_payload;

constexpr int kDescriptor = 1000;
constexpr int kOther = 1001;

class SendRefusalTest : public testing::Test {
 protected:
  void SetUp() override {
    socket_.open(kDescriptor, AF_INET);
    other_.open(kOther, AF_INET);
    connected_.open(kDescriptor, AF_INET);
  }
  int push(SendSocket& socket, std::uint16_t port, std::uint32_t number, std::size_t size = 64) {
    SendTarget target{&socket, loopback_ipv4(port)};
    target.connected = &socket == &connected_;
    target.tells = true;
    return queue_.push(numbered_payload(number, size), target);
  }
  void push_all(SendSocket& socket, std::uint16_t port, std::uint32_t begin, std::uint32_t end) {
    for (std::uint32_t i = begin; i < end; ++i) ASSERT_EQ(push(socket, port, i), 0);
  }
  // The numbers of what one socket has sent to one port.
  std::vector<std::uint32_t> sent_to(int descriptor, std::uint16_t port) const {
    std::vector<std::uint32_t> numbers;
    for (const auto& packet : kernel_.sent) {
      if (packet.descriptor == descriptor && packet.destination.port == port) {
        numbers.push_back(number_of(packet.payload));
      }
    }
    return numbers;
  }
  static std::vector<std::uint32_t> numbers(std::uint32_t begin, std::uint32_t end) {
    std::vector<std::uint32_t> result;
    for (std::uint32_t i = begin; i < end; ++i) result.push_back(i);
    return result;
  }
  std::size_t in_trains(std::uint16_t port) const {
    return static_cast<std::size_t>(std::count_if(
        kernel_.sent.begin(), kernel_.sent.end(),
        [port](const auto& packet) { return packet.in_train && packet.destination.port == port; }));
  }
  std::uint64_t count(Counter counter) const { return counters_.snapshot()[counter]; }

  FakeKernel kernel_;
  SendErrors errors_;
  ErrorLatch latch_;
  SendSocket socket_{&errors_};
  SendSocket other_{&errors_};
  SendSocket connected_{&latch_, nullptr};
  SendQueue queue_;
  Counters counters_;
  SendBatch batch_{queue_, counters_, true, FakeKernel::kCalls};
};

TEST_F(SendRefusalTest, AFullSocketHoldsUpNoOther) {
  kernel_.full = {kDescriptor};
  for (std::uint32_t round = 0; round < 100; ++round) {
    push_all(socket_, 1, 10 * round, 10 * round + 10);
    push_all(other_, 2, 10 * round, 10 * round + 10);
    while (batch_.drain()) continue;
    ASSERT_EQ(sent_to(kOther, 2).size(), 10 * round + 10);
  }
  EXPECT_TRUE(batch_.has_waiting());
  EXPECT_TRUE(sent_to(kDescriptor, 1).empty());
  kernel_.full.clear();
  while (batch_.drain()) continue;
  EXPECT_FALSE(batch_.has_waiting());
  EXPECT_EQ(sent_to(kDescriptor, 1), numbers(0, 1000));
  EXPECT_EQ(sent_to(kOther, 2), numbers(0, 1000));
  EXPECT_EQ(count(Counter::kSentPackets), 2000u);
}

// However the two are mixed, the packets that wait do not fill the memory that the other
// socket needs; what was put is not lost.
TEST_F(SendRefusalTest, AFullSocketLeavesRoomForOthers) {
  for (const std::uint32_t others : {0u, 1u, 100u}) {
    kernel_.full = {kDescriptor};
    kernel_.sent.clear();
    std::uint32_t waiting = 0;
    std::uint32_t put = 0;
    bool was_refused = false;
    int left = 2000;  // rounds, once it is refused
    while (left > 0) {
      const int error = push(socket_, 1, waiting);
      was_refused = was_refused || error == EAGAIN;
      waiting += error == 0 ? 1 : 0;
      for (std::uint32_t i = 0; i < others; ++i) ASSERT_EQ(push(other_, 2, put++), 0);
      if (waiting % 8 == 0 || error != 0) {
        while (batch_.drain()) continue;
        kernel_.sent.clear();
      }
      if (was_refused) --left;
      ASSERT_LT(waiting, 1000000u) << "nothing bounds it";
    }
    EXPECT_TRUE(was_refused);
    EXPECT_GT(waiting, 64u);
    kernel_.full.clear();
    while (batch_.drain()) continue;
    EXPECT_EQ(sent_to(kDescriptor, 1), numbers(0, waiting));
    EXPECT_EQ(push(socket_, 1, 0), 0) << "it is not full any more";
    while (batch_.drain()) continue;
  }
}

// What waits with one socket, and with all together, takes its share of the chunks and no more.
TEST_F(SendRefusalTest, FullSocketsHoldTheirShareAndNoMore) {
  constexpr std::size_t kPayload = 64;
  constexpr std::size_t kInChunk = SendChunks::kChunkSize / (sizeof(SendItem) + kPayload);
  constexpr std::size_t kSlack = SendOrder::kMaxItems;  // pushed before the worker looks
  std::vector<std::unique_ptr<SendSocket>> sockets;
  for (int i = 0; i < 4; ++i) {
    sockets.push_back(std::make_unique<SendSocket>(&errors_));
    sockets.back()->open(kDescriptor + 10 + i, AF_INET);
    kernel_.full.insert(kDescriptor + 10 + i);
  }
  std::vector<std::size_t> accepted(sockets.size());
  const auto push_until_refused = [&](std::size_t which) {
    for (int refusals = 0; refusals < 3;) {
      for (std::size_t i = 0; i < kInChunk; ++i) {
        const int error = push(*sockets[which], 1, 0, kPayload);
        ASSERT_TRUE(error == 0 || error == EAGAIN);
        error == 0 ? ++accepted[which] : ++refusals;
      }
      while (batch_.drain()) continue;
    }
  };
  for (std::size_t i = 0; i < sockets.size(); ++i) push_until_refused(i);
  constexpr std::size_t kShare = SendBatch::kMaxHeldBySocket / SendChunks::kChunkSize * kInChunk;
  EXPECT_LE(accepted[0], kShare + kSlack);
  EXPECT_GE(accepted[0], kShare - kSlack);
  std::size_t all = 0;
  for (const std::size_t each : accepted) all += each;
  EXPECT_LE(all, 2 * kShare + sockets.size() * kSlack);
  EXPECT_GE(all, 2 * kShare - sockets.size() * kSlack);
  // A socket that is closed says so, full or not; another is full until the memory is free.
  sockets[0]->close();
  EXPECT_EQ(push(*sockets[0], 1, 0), ESHUTDOWN);
  EXPECT_EQ(push(*sockets[1], 1, 0), EAGAIN);
  kernel_.full.clear();
  while (batch_.drain()) continue;
  EXPECT_EQ(push(*sockets[0], 1, 0), ESHUTDOWN) << "it is full no more, but closed";
  EXPECT_EQ(push(*sockets[1], 1, 0), 0);
  while (batch_.drain()) continue;
}

TEST_F(SendRefusalTest, ASocketThatIsFullNowAndThenKeepsItsOrder) {
  std::uint32_t next = 0;
  for (int round = 0; round < 200; ++round) {
    push_all(socket_, 1, next, next + 30);
    next += 30;
    unsigned left = static_cast<unsigned>(round) % 3;
    kernel_.most_a_call = [&left] { return left > 0 ? left-- : 0; };
    batch_.drain();
  }
  kernel_.most_a_call = nullptr;
  while (batch_.drain()) continue;
  EXPECT_EQ(sent_to(kDescriptor, 1), numbers(0, next));
}

TEST_F(SendRefusalTest, ANarrowPathEndsTrainsForItsDestinationOnly) {
  kernel_.narrow = {1};
  for (std::uint32_t round = 0; round < 10; ++round) {
    push_all(socket_, 1, 10 * round, 10 * round + 10);
    push_all(socket_, 2, 10 * round, 10 * round + 10);
    push_all(other_, 3, 10 * round, 10 * round + 10);
    batch_.drain();
  }
  EXPECT_EQ(sent_to(kDescriptor, 1), numbers(0, 100));
  EXPECT_EQ(sent_to(kDescriptor, 2), numbers(0, 100));
  EXPECT_EQ(in_trains(1), 0u);
  EXPECT_EQ(in_trains(2), 100u);
  EXPECT_EQ(in_trains(3), 100u);
  EXPECT_EQ(kernel_.trains_refused, 1) << "it is remembered";
}

// A kernel or a device without trains: every destination would be asked in vain.
TEST_F(SendRefusalTest, ASocketWithoutAnyTrainsIsNotAskedForEachDestination) {
  for (std::uint16_t port = 1; port <= 1000; ++port) {
    kernel_.narrow.insert(port);
    push_all(socket_, port, 0, 3);
  }
  while (batch_.drain()) continue;
  EXPECT_EQ(count(Counter::kSentPackets), 3000u);
  EXPECT_LE(kernel_.trains_refused, 40);
  push_all(other_, 2000, 0, 3);
  batch_.drain();
  EXPECT_EQ(in_trains(2000), 3u) << "another socket";
}

TEST(RefusedTrainsTest, AreTriedAgainAfterAWhile) {
  RefusedTrains refused;
  SendSocket socket(nullptr, nullptr);
  auto now = SendProgress::Clock::now();
  const net::Endpoint narrow = loopback_ipv4(1);
  const net::Endpoint other = loopback_ipv4(2);
  EXPECT_FALSE(refused.has_any());
  refused.record(socket, narrow, now);
  EXPECT_TRUE(refused.has_any());
  EXPECT_TRUE(refused.applies_to(socket, narrow, now));
  EXPECT_FALSE(refused.applies_to(socket, other, now));
  now += RefusedTrains::kPause;
  refused.forget_old(now);
  EXPECT_FALSE(refused.has_any());
  EXPECT_FALSE(refused.applies_to(socket, narrow, now));
  for (std::uint16_t port = 10; port < 100; ++port)
    refused.record(socket, loopback_ipv4(port), now);
  EXPECT_TRUE(refused.applies_to(socket, other, now)) << "none through this socket";
  now += RefusedTrains::kPause;
  EXPECT_FALSE(refused.applies_to(socket, other, now));
  socket.progress().mark_sent_train();
  refused.record(socket, narrow, now);
  EXPECT_FALSE(refused.applies_to(socket, other, now)) << "others have passed since";
}

// The error of an earlier packet takes the place of one, as it does for packets that go
// one by one.
TEST_F(SendRefusalTest, ARefusalCostsOnePacketOfATrain) {
  kernel_.once[kDescriptor] = {ECONNREFUSED};
  for (std::uint32_t i = 0; i < 10; ++i) ASSERT_EQ(push(connected_, 7, i), 0);
  batch_.drain();
  EXPECT_EQ(sent_to(kDescriptor, 0), numbers(1, 10));
  EXPECT_EQ(count(Counter::kSendFailedRefused), 1u);
  EXPECT_EQ(count(Counter::kSentPackets), 9u);
  EXPECT_EQ(latch_.take(), ECONNREFUSED);
}

// Of an unconnected socket it is of somebody else.
TEST_F(SendRefusalTest, ARefusalOfAnotherCostsNothing) {
  kernel_.once[kDescriptor] = {ECONNREFUSED};
  push_all(socket_, 7, 0, 10);
  batch_.drain();
  EXPECT_EQ(sent_to(kDescriptor, 7), numbers(0, 10));
  EXPECT_EQ(errors_.take(loopback_ipv4(7)), 0);
}

// Nor do a few, as a flood of forged ICMP errors makes them; but one that is for good is told.
TEST_F(SendRefusalTest, SeveralRefusalsOfOthersCostNothing) {
  for (int i = 1; i < net::kMaxTriesPastErrors; ++i) {
    kernel_.once[kDescriptor].push_back(ECONNREFUSED);
  }
  push_all(socket_, 7, 0, 1);
  batch_.drain();
  EXPECT_EQ(sent_to(kDescriptor, 7), numbers(0, 1));
  for (int i = 0; i < net::kMaxTriesPastErrors; ++i) {
    kernel_.once[kDescriptor].push_back(EHOSTUNREACH);
  }
  push_all(socket_, 8, 0, 1);
  batch_.drain();
  EXPECT_TRUE(sent_to(kDescriptor, 8).empty());
  EXPECT_EQ(errors_.take(loopback_ipv4(8)), EHOSTUNREACH);
}

TEST_F(SendRefusalTest, AFullDeviceLosesATrainAsAWhole) {
  kernel_.once[kDescriptor] = {ENOBUFS};
  push_all(socket_, 7, 0, 10);
  push_all(socket_, 8, 0, 10);
  batch_.drain();
  EXPECT_TRUE(sent_to(kDescriptor, 7).empty());
  EXPECT_EQ(sent_to(kDescriptor, 8), numbers(0, 10));
  EXPECT_EQ(count(Counter::kSendFailedQueueFull), 10u);
  EXPECT_EQ(errors_.take(loopback_ipv4(7)), ENOBUFS);
  EXPECT_EQ(errors_.take(loopback_ipv4(8)), 0);
}

// A kernel that has no port to give says the same as for a full buffer, and never stops.
TEST_F(SendRefusalTest, NoFreePortIsNoFullBuffer) {
  kernel_.without_port = {kDescriptor};
  push_all(socket_, 7, 0, 10);
  batch_.drain();
  EXPECT_FALSE(batch_.has_waiting());
  EXPECT_EQ(count(Counter::kSendFailedOther), 10u);
  EXPECT_EQ(errors_.take(loopback_ipv4(7)), EADDRNOTAVAIL);
  kernel_.without_port.clear();
  kernel_.full = {kDescriptor};
  push_all(socket_, 7, 0, 10);
  batch_.drain();
  EXPECT_TRUE(batch_.has_waiting());
}

TEST(SendErrorsTest, AreTheLatestOfEachDestination) {
  SendErrors errors;
  EXPECT_EQ(errors.take(loopback_ipv4(1)), 0);
  for (std::uint16_t port = 1; port <= 1000; ++port) {
    errors.set(loopback_ipv4(port), ENETUNREACH);
    errors.set(loopback_ipv4(port), EACCES);
  }
  int kept = 0;
  for (std::uint16_t port = 1; port <= 1000; ++port) {
    const int error = errors.take(loopback_ipv4(port));
    EXPECT_TRUE(error == EACCES || error == 0);
    kept += error == EACCES ? 1 : 0;
    EXPECT_EQ(errors.take(loopback_ipv4(port)), 0) << "told once";
  }
  EXPECT_GE(kept, 990) << "sets of eight, two in each on average: hardly one overflows";
  const std::uint32_t changes = ErrorLatch::changes();
  errors.set(loopback_ipv4(1), EPERM);
  EXPECT_NE(ErrorLatch::changes(), changes);
}

}  // namespace
}  // namespace ringpeer::worker
