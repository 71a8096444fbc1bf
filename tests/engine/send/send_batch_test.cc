#include "ringpeer/engine/send/send_batch.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <vector>

#include "ringpeer/tests/codec/support/allocation_counter.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer::worker {
namespace {

using test::is_numbered_payload;
using test::number_of;
using test::numbered_payload;

// What a worker sends, with and without trains.
class SendBatchTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    ASSERT_EQ(socket_.open(net::SocketFamily::kIpv4), 0);
    sends_.open(socket_.descriptor(), socket_.family());
  }

  SendTarget target(const net::Socket& receiver) {
    SendTarget result{&sends_, test::loopback_ipv4(test::port_of(receiver))};
    result.tells = true;
    return result;
  }
  // Checks that a receiver has got packets 0 to count - 1, in order.
  static void expect_numbers(const net::Socket& receiver, std::uint32_t count) {
    std::array<std::uint8_t, 4096> bytes;
    for (std::uint32_t i = 0; i < count; ++i) {
      const ssize_t size = ::recv(receiver.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      ASSERT_GE(size, 4) << "packet " << i;
      const std::span packet(bytes.data(), static_cast<std::size_t>(size));
      ASSERT_EQ(number_of(packet), i);
      ASSERT_TRUE(is_numbered_payload(packet, i));
    }
    EXPECT_LT(::recv(receiver.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT), 0);
  }
  std::uint64_t count(Counter counter) const { return counters_.snapshot()[counter]; }

  net::Socket socket_;
  SendErrors errors_;
  SendSocket sends_{&errors_};
  SendQueue queue_;
  Counters counters_;
  SendBatch batch_{queue_, counters_, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Trains, SendBatchTest, testing::Bool());

TEST_P(SendBatchTest, KeepsTheOrderOfEachDestination) {
  constexpr std::uint32_t kEach = 40;
  std::vector<net::Socket> receivers;
  for (int i = 0; i < 50; ++i) receivers.push_back(test::open_receiver());
  // Half the packets grouped, half of them round robin, of sizes that begin and end trains.
  std::uint64_t bytes = 0;
  const auto push = [&](const net::Socket& receiver, std::uint32_t i) {
    const std::size_t size = i % 7 == 3 ? 50 : i % 11 == 5 ? 1400 : 64;
    bytes += size;
    ASSERT_EQ(queue_.push(numbered_payload(i, size), target(receiver)), 0);
  };
  for (const net::Socket& receiver : receivers) {
    for (std::uint32_t i = 0; i < kEach / 2; ++i) push(receiver, i);
  }
  for (std::uint32_t i = kEach / 2; i < kEach; ++i) {
    for (const net::Socket& receiver : receivers) push(receiver, i);
  }
  batch_.drain();
  EXPECT_FALSE(batch_.has_waiting());
  for (const net::Socket& receiver : receivers) expect_numbers(receiver, kEach);
  const std::uint64_t all = receivers.size() * kEach;
  EXPECT_EQ(count(Counter::kSendRequestedPackets), all);
  EXPECT_EQ(count(Counter::kSentPackets), all);
  EXPECT_EQ(count(Counter::kSentBytes), bytes);
}

TEST_P(SendBatchTest, MoreThanABatchToOneDestination) {
  const net::Socket receiver = test::open_receiver();
  constexpr std::uint32_t kPackets = 5000;
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    ASSERT_EQ(queue_.push(numbered_payload(i, 32), target(receiver)), 0);
  }
  batch_.drain();
  expect_numbers(receiver, kPackets);
}

TEST_P(SendBatchTest, SeveralSocketsInTurn) {
  const net::Socket receiver = test::open_receiver();
  std::array<net::Socket, 3> senders;
  std::array<SendSocket, 3> sends = {SendSocket(&errors_), SendSocket(&errors_),
                                     SendSocket(&errors_)};
  std::map<std::uint16_t, std::uint32_t> next;
  for (std::size_t i = 0; i < senders.size(); ++i) {
    ASSERT_EQ(senders[i].open(net::SocketFamily::kIpv4), 0);
    ASSERT_EQ(senders[i].bind(test::loopback_ipv4()), 0);
    sends[i].open(senders[i].descriptor(), senders[i].family());
    next[test::port_of(senders[i])] = 0;
  }
  for (std::uint32_t i = 0; i < 200; ++i) {
    for (SendSocket& sender : sends) {
      SendTarget to = target(receiver);
      to.socket = &sender;
      ASSERT_EQ(queue_.push(numbered_payload(i, 64), to), 0);
    }
  }
  batch_.drain();
  std::array<std::uint8_t, 100> bytes;
  for (int i = 0; i < 600; ++i) {
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    ASSERT_EQ(::recvfrom(receiver.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                         reinterpret_cast<sockaddr*>(&from), &size),
              64);
    EXPECT_EQ(number_of(bytes), next.at(ntohs(from.sin_port))++);
  }
}

// A train to where no packet may go fails packet by packet, and costs the other
// destinations neither their packets nor their trains.
TEST_P(SendBatchTest, ARefusedDestinationLeavesTheOthersAlone) {
  const net::Socket receiver = test::open_receiver();
  SendTarget forbidden = target(receiver);
  forbidden.destination.address = *net::IpAddress::parse("127.255.255.255");  // broadcast
  for (std::uint32_t i = 0; i < 10; ++i) {
    ASSERT_EQ(queue_.push(numbered_payload(i, 64), forbidden), 0);
    ASSERT_EQ(queue_.push(numbered_payload(i, 64), target(receiver)), 0);
  }
  batch_.drain();
  EXPECT_EQ(errors_.take(forbidden.destination), EACCES);
  EXPECT_EQ(errors_.take(target(receiver).destination), 0);
  EXPECT_EQ(count(Counter::kSendRequestedPackets), 20u);
  EXPECT_EQ(count(Counter::kSentPackets), 10u);
  EXPECT_EQ(count(Counter::kSendFailedOther), 10u);
  expect_numbers(receiver, 10);
}

// The thread that puts and the worker in one: a tick's packets in steady state.
TEST_P(SendBatchTest, AllocatesNothingForAPacket) {
  if (!heap_use_is_counted()) GTEST_SKIP() << "a sanitizer's heap";
  std::vector<net::Socket> receivers;
  for (int i = 0; i < 20; ++i) receivers.push_back(test::open_receiver(1));
  const auto payload = numbered_payload(0, 200);
  std::uint64_t before = 0;
  constexpr int kTicks = 50;
  for (int tick = 0; tick < kTicks; ++tick) {
    if (tick == kTicks / 2) before = heap_use().allocations;
    for (int i = 0; i < 8; ++i) {
      for (const net::Socket& receiver : receivers) {
        ASSERT_EQ(queue_.push(payload, target(receiver)), 0);
      }
    }
    batch_.drain();
  }
  EXPECT_EQ(heap_use().allocations, before);
  EXPECT_EQ(count(Counter::kSentPackets), std::uint64_t{kTicks} * 8 * receivers.size());
}

}  // namespace
}  // namespace ringpeer::worker
