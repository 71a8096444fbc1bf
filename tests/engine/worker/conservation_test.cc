#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "ringpeer/tests/engine/worker/worker_fixture.h"

namespace ringpeer::test {
namespace {

constexpr std::uint64_t kManyBytes = std::uint64_t{1} << 30;

// Every packet that the kernel handed over is delivered or counted under one reason.
class ConservationTest : public WorkerTest {
 protected:
  static void expect_balance(worker::Worker& worker, std::uint64_t delivered) {
    const CounterSnapshot counters = worker.snapshot();
    std::uint64_t drops = 0;
    for (std::size_t i = 0; i < kCounterCount; ++i) {
      if (counter_info(static_cast<Counter>(i)).is_drop) drops += counters.values[i];
    }
    EXPECT_EQ(drops, counters.dropped_packets());
    EXPECT_EQ(counters[Counter::kReceivedPackets], delivered + drops);
  }
};
RINGPEER_TEST_ON_EVERY_BACKEND(ConservationTest);

TEST_P(ConservationTest, HoldsWhenEveryStageOverflows) {
  constexpr std::size_t kMaxDatagram = 60000;
  worker::WorkerOptions options;
  options.payload_budget = 256 * 1024;  // one page of copies
  options.backend.max_datagram = kMaxDatagram;
  auto worker = make(options);
  Consumer few_slots(*worker, 16, kManyBytes);
  Consumer few_bytes(*worker, 1 << 12, 20000);
  Consumer hoarding(*worker, 1 << 12, kManyBytes);
  const Sender to_slots(few_slots.port());
  const Sender to_bytes(few_bytes.port());
  const Sender to_hoarding(hoarding.port());
  std::uint64_t sent = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(to_slots.send_numbered(1, 30));
      ASSERT_TRUE(to_bytes.send_numbered(2, 1200));
      ASSERT_TRUE(to_hoarding.send_numbered(3, 50000));
      sent += 3;
    }
    ASSERT_TRUE(to_bytes.send_numbered(4, kMaxDatagram + 1));
    ASSERT_TRUE(to_slots.send({}));
    sent += 2;
    ASSERT_EQ(worker->sync(), 0);
  }
  const CounterSnapshot full = worker->snapshot();
  EXPECT_EQ(full[Counter::kReceivedPackets], sent);
  EXPECT_GT(full[Counter::kDropRingFull], 0u);
  EXPECT_GT(full[Counter::kDropPeerFull], 0u);
  EXPECT_GT(full[Counter::kDropBudget], 0u);
  EXPECT_EQ(full[Counter::kDropTruncated], 50u);
  EXPECT_EQ(full[Counter::kDropMalformed], 0u);
  EXPECT_EQ(few_slots.depth(), 16u);
  const std::uint64_t delivered = few_slots.take_all() + few_bytes.take_all() + hoarding.take_all();
  expect_balance(*worker, delivered);

  // And once there is room again, everything is delivered again.
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(to_hoarding.send_numbered(5, 1000));
  ASSERT_EQ(worker->sync(), 0);
  std::uint32_t good = 0;
  hoarding.take_all([&](const net::Endpoint&, std::span<const std::uint8_t> packet) {
    if (is_numbered_payload(packet, 5)) ++good;
  });
  EXPECT_EQ(good, 10u);
}

TEST_P(ConservationTest, HoldsUnderAFloodFromSeveralThreads) {
  worker::WorkerOptions options;
  options.payload_budget = 1 << 20;
  auto worker = make(options);
  Consumer small(*worker, 256, 30000);
  Consumer large(*worker, 1 << 12, 4 << 20);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> sent{0};
  std::vector<std::thread> threads;
  for (const std::uint16_t port : {small.port(), large.port()}) {
    threads.emplace_back([&stop, &sent, port] {
      const Sender sender(port);
      for (std::uint32_t i = 0; !stop.load(); ++i) {
        if (sender.send_numbered(i, i % 11 == 0 ? 5000 : i % 700)) sent.fetch_add(1);
      }
    });
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  while (std::chrono::steady_clock::now() < end) {
    small.take_all();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    large.take_all();
  }
  stop.store(true);
  for (std::thread& thread : threads) thread.join();
  // What a queue refused for long may still be in its socket.
  std::uint64_t arrived = 0;
  EXPECT_TRUE(eventually([&] {
    small.take_all();
    large.take_all();
    arrived = worker->snapshot()[Counter::kReceivedPackets] +
              small.socket().kernel_drops().value_or(0) + large.socket().kernel_drops().value_or(0);
    return arrived == sent.load();
  })) << arrived
      << " of " << sent.load();
  ASSERT_EQ(worker->sync(), 0);
  small.take_all();
  large.take_all();
  expect_balance(*worker, small.taken() + large.taken());
}

TEST_P(ConservationTest, CountsTheSegmentsOfTrains) {
  worker::WorkerOptions options;
  options.backend.gro = true;
  auto worker = make(options);
  net::Socket socket = open_receiver();
  if (socket.set_receive_offload(true) != 0) GTEST_SKIP() << "this kernel has no UDP_GRO";
  Consumer consumer(*worker, std::move(socket), 4, 5000);
  const Sender sender(consumer.port());
  const std::vector<std::uint8_t> train = numbered_payload(9, 1050);
  constexpr std::uint64_t kTrains = 20;
  for (std::uint64_t i = 0; i < kTrains; ++i) {
    if (!sender.send_train(train, 100)) GTEST_SKIP() << "this kernel has no UDP_SEGMENT";
  }
  ASSERT_EQ(worker->sync(), 0);
  EXPECT_EQ(worker->snapshot()[Counter::kReceivedPackets], kTrains * 11);
  // 1,050 bytes and 11 records of 24 each: three trains fit.
  EXPECT_EQ(consumer.depth(), 33u);
  std::vector<std::size_t> sizes;
  std::vector<std::uint8_t> joined;
  consumer.take_all([&](const net::Endpoint&, std::span<const std::uint8_t> packet) {
    sizes.push_back(packet.size());
    if (sizes.size() <= 11) joined.insert(joined.end(), packet.begin(), packet.end());
  });
  ASSERT_EQ(sizes.size(), 33u);
  EXPECT_EQ(sizes[9], 100u);
  EXPECT_EQ(sizes[10], 50u);
  EXPECT_EQ(joined, train);
  expect_balance(*worker, consumer.taken());
}

}  // namespace
}  // namespace ringpeer::test
