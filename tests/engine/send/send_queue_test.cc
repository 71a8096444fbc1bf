#include "ringpeer/engine/send/send_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <thread>
#include <vector>

#include "ringpeer/engine/send/send_chunks.h"
#include "ringpeer/engine/send/send_socket.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer::worker {
namespace {

using test::is_numbered_payload;
using test::number_of;
using test::numbered_payload;

constexpr std::size_t kBatch = 64;

class SendQueueTest : public testing::Test {
 protected:
  std::vector<SendItem*> pop(std::size_t most = kBatch) {
    std::vector<SendItem*> items(most);
    items.resize(queue_.pop(items));
    return items;
  }
  static std::span<const std::uint8_t> payload_of(const SendItem& item) {
    return {item.payload(), item.size};
  }
  SendTarget to(const net::Endpoint& destination = {}) { return {&socket_, destination}; }

  SendSocket socket_{nullptr, nullptr};
  SendQueue queue_;
};

TEST_F(SendQueueTest, GivesWhatWasPushedInItsOrder) {
  const net::LocalAddress source{test::loopback_ipv4().address, 3};
  for (std::uint32_t i = 0; i < 100; ++i) {
    SendTarget target = to(test::loopback_ipv4(static_cast<std::uint16_t>(1000 + i)));
    target.connected = i % 2 == 0;
    target.tells = i % 3 == 0;
    if (i % 5 == 0) target.source = &source;
    ASSERT_EQ(queue_.push(numbered_payload(i, 1 + i * 20), target), 0);
  }
  EXPECT_EQ(queue_.size(), 100u);
  const std::vector<SendItem*> items = pop(1000);
  ASSERT_EQ(items.size(), 100u);
  for (std::uint32_t i = 0; i < 100; ++i) {
    EXPECT_EQ(payload_of(*items[i]).size(), 1 + i * 20);
    EXPECT_TRUE(is_numbered_payload(payload_of(*items[i]), i));
    EXPECT_EQ(items[i]->destination.port, 1000 + i);
    EXPECT_EQ(items[i]->socket, &socket_);
    EXPECT_EQ(items[i]->connected, i % 2 == 0);
    EXPECT_EQ(items[i]->tells, i % 3 == 0);
    EXPECT_EQ(items[i]->has_source, i % 5 == 0);
    if (items[i]->has_source) {
      EXPECT_EQ(items[i]->source(), source);
    }
  }
  queue_.release(items);
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(SendQueueTest, IsFullWhenItsMemoryIsAndHasAllOfItBackAfterwards) {
  const auto payload = numbered_payload(1, SendQueue::kMaxInChunk);
  std::size_t first = 0;
  for (int round = 0; round < 3; ++round) {
    std::size_t count = 0;
    int error = 0;
    while ((error = queue_.push(payload, to())) == 0) ++count;
    EXPECT_EQ(error, EAGAIN);
    // Whatever does not fill a chunk is lost with it, a seventh at the most.
    EXPECT_GE(count,
              SendChunks::kChunkCount * SendChunks::kChunkSize / SendQueue::kMaxInChunk * 6 / 7);
    if (round == 0) first = count;
    EXPECT_EQ(count, first) << "memory was lost";
    std::size_t taken = 0;
    for (auto items = pop(); !items.empty(); items = pop()) {
      taken += items.size();
      queue_.release(items);
    }
    EXPECT_EQ(taken, count);
  }
}

TEST_F(SendQueueTest, ATickUsesTheSameMemoryAgain) {
  std::map<const std::uint8_t*, int> seen;
  for (int tick = 0; tick < 200; ++tick) {
    for (std::uint32_t i = 0; i < kBatch; ++i)
      ASSERT_EQ(queue_.push(numbered_payload(i, 64), to()), 0);
    const auto items = pop();
    ASSERT_EQ(items.size(), kBatch);
    for (const SendItem* item : items) ++seen[item->payload()];
    queue_.release(items);
  }
  // Two chunks: a burst that begins in one may end in another.
  EXPECT_LE(seen.size(), 2 * SendChunks::kChunkSize / (sizeof(SendItem) + 64));
}

TEST_F(SendQueueTest, LargePayloadsAreBoundedToo) {
  const auto payload = numbered_payload(9, 65507);
  for (int round = 0; round < 2; ++round) {
    std::size_t count = 0;
    while (queue_.push(payload, to()) == 0) ++count;
    EXPECT_GT(count, SendQueue::kMaxHeapBytes / 66000);
    EXPECT_LE(count, SendQueue::kMaxHeapBytes / payload.size());
    EXPECT_EQ(queue_.push(numbered_payload(1, 10), to()), 0) << "small ones have room of their own";
    std::size_t taken = 0;
    for (auto items = pop(); !items.empty(); items = pop()) {
      for (const SendItem* item : items) {
        EXPECT_TRUE(is_numbered_payload(payload_of(*item), item->size == 10 ? 1 : 9));
      }
      taken += items.size();
      queue_.release(items);
    }
    EXPECT_EQ(taken, count + 1);
  }
}

TEST_F(SendQueueTest, ABroadcastIsAllOrNothing) {
  std::vector<SendTarget> targets(1000, to());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    targets[i].destination = test::loopback_ipv4(static_cast<std::uint16_t>(i));
  }
  const auto payload = numbered_payload(5, 300);
  std::size_t broadcasts = 0;
  while (queue_.push_to_all(payload, targets) == 0) ++broadcasts;
  EXPECT_GT(broadcasts, 100u);
  EXPECT_EQ(queue_.size(), broadcasts * targets.size());
  std::size_t next = 0;
  for (auto items = pop(); !items.empty(); items = pop()) {
    for (const SendItem* item : items) {
      EXPECT_EQ(item->destination.port, next++ % targets.size());
      ASSERT_TRUE(is_numbered_payload(payload_of(*item), 5));
    }
    queue_.release(items);
  }
  EXPECT_EQ(next, broadcasts * targets.size());
  EXPECT_EQ(queue_.push_to_all(payload, targets), 0) << "its memory has come back";
  EXPECT_EQ(queue_.push_to_all(payload, {}), 0);
}

TEST_F(SendQueueTest, KnowsWhetherAThreadHasPacketsUnderWay) {
  EXPECT_FALSE(queue_.has_waiting_of_this_thread());
  for (std::uint32_t i = 0; i < 300; ++i) ASSERT_EQ(queue_.push(numbered_payload(i, 100), to()), 0);
  EXPECT_TRUE(queue_.has_waiting_of_this_thread());
  std::thread([this] { EXPECT_FALSE(queue_.has_waiting_of_this_thread()); }).join();
  const auto items = pop(1000);
  EXPECT_TRUE(queue_.has_waiting_of_this_thread()) << "taken is not sent";
  queue_.release(items);
  EXPECT_FALSE(queue_.has_waiting_of_this_thread());
}

TEST_F(SendQueueTest, RefusesWhatIsForASocketThatIsFullOrClosed) {
  SendSocket other(nullptr, nullptr);
  socket_.set_full(true);
  const auto small = numbered_payload(1, 64);
  const auto large = numbered_payload(1, 5000);
  EXPECT_EQ(queue_.push(small, to()), EAGAIN);
  EXPECT_EQ(queue_.push(large, to()), EAGAIN);
  EXPECT_EQ(queue_.push(small, {&other, {}}), 0);
  const std::array<SendTarget, 2> both = {SendTarget{&other, {}}, to()};
  EXPECT_EQ(queue_.push_to_all(small, both), EAGAIN) << "all or none";
  socket_.set_full(false);
  EXPECT_EQ(queue_.push(small, to()), 0);
  socket_.close();
  socket_.set_full(true);
  socket_.set_full(false);
  EXPECT_EQ(queue_.push(small, to()), ESHUTDOWN);
  queue_.refuse();
  EXPECT_EQ(queue_.push(small, {&other, {}}), ESHUTDOWN);
  const auto items = pop();
  EXPECT_EQ(items.size(), 2u);
  queue_.release(items);
}

// Threads come and go while one takes: every packet arrives once, in its thread's order.
TEST_F(SendQueueTest, ManyThreadsShareIt) {
  constexpr std::uint16_t kThreads = 6;
  constexpr std::uint32_t kPackets = 20000;
  std::vector<std::thread> threads;
  std::atomic<int> running{kThreads};
  for (std::uint16_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &running] {
      const SendTarget target = to(test::loopback_ipv4(t));
      for (std::uint32_t i = 0; i < kPackets; ++i) {
        const std::size_t size = i % 1000 == 0 ? 5000 : 8 + i % 200;
        while (queue_.push(numbered_payload(i, size), target) == EAGAIN) std::this_thread::yield();
      }
      --running;
    });
  }
  std::array<std::uint32_t, kThreads> next{};
  std::size_t total = 0;
  while (running > 0 || queue_.size() > 0) {
    const auto items = pop();
    for (const SendItem* item : items) {
      std::uint32_t& expected = next.at(item->destination.port);
      ASSERT_EQ(number_of(payload_of(*item)), expected);
      ASSERT_TRUE(is_numbered_payload(payload_of(*item), expected++));
    }
    total += items.size();
    queue_.release(items);
    if (items.empty()) std::this_thread::yield();
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(total, std::size_t{kThreads} * kPackets);
}

// Each keeps a chunk that holds nothing. The others are left all the memory there is, and
// each of those threads can put again.
TEST_F(SendQueueTest, IdleThreadsHoweverManyTakeNoRoomFromOthers) {
  constexpr int kThreads = static_cast<int>(SendChunks::kChunkCount) + 100;
  constexpr std::uint32_t kPackets = 200;  // more than a chunk of them
  const auto take_all = [this] {
    for (auto items = pop(); !items.empty(); items = pop()) queue_.release(items);
  };
  std::barrier in_step(kThreads + 1);
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (std::uint32_t i = 0; i < kPackets; ++i) {
        while (queue_.push(numbered_payload(i, 64), to()) == EAGAIN) std::this_thread::yield();
      }
      in_step.arrive_and_wait();  // all live, with packets under way
      in_step.arrive_and_wait();  // nothing waits
      if (queue_.push(numbered_payload(0, 64), to()) != 0) ++refused;
      in_step.arrive_and_wait();
    });
  }
  std::atomic<bool> is_there{false};
  std::thread waiter([&] {
    in_step.arrive_and_wait();
    is_there = true;
  });
  while (!is_there) take_all();
  waiter.join();
  take_all();
  const auto payload = numbered_payload(1, SendQueue::kMaxInChunk);
  std::size_t count = 0;
  while (queue_.push(payload, to()) == 0) ++count;
  EXPECT_GE(count,
            SendChunks::kChunkCount * SendChunks::kChunkSize / SendQueue::kMaxInChunk * 6 / 7);
  take_all();
  in_step.arrive_and_wait();
  in_step.arrive_and_wait();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 0);
  take_all();
}

// A thread-local object that is older than the thread's first put outlives what puts keep.
TEST_F(SendQueueTest, DestructorsOfAThreadMayPut) {
  struct LastWords {
    ~LastWords() {
      if (queue != nullptr && queue->push(numbered_payload(2, 64), target) != 0) std::abort();
    }
    SendQueue* queue = nullptr;
    SendTarget target;
  };
  for (std::uint32_t round = 0; round < 3; ++round) {
    std::thread([this] {
      static thread_local LastWords last_words;
      last_words.queue = &queue_;
      last_words.target = to();
      ASSERT_EQ(queue_.push(numbered_payload(1, 64), to()), 0);
    }).join();
    const auto items = pop();
    ASSERT_EQ(items.size(), 2u);
    EXPECT_TRUE(is_numbered_payload(payload_of(*items[0]), 1));
    EXPECT_TRUE(is_numbered_payload(payload_of(*items[1]), 2));
    queue_.release(items);
  }
}

TEST(SendChunksTest, GivesTheFreshestFirstAndEachOnce) {
  SendChunks chunks;
  std::vector<SendChunk*> all;
  std::map<SendChunk*, int> count;
  while (SendChunk* chunk = chunks.take()) {
    all.push_back(chunk);
    ++count[chunk];
  }
  EXPECT_EQ(all.size(), SendChunks::kChunkCount);
  EXPECT_EQ(count.size(), SendChunks::kChunkCount);
  chunks.give_back(all[3]);
  chunks.give_back(all[9]);
  EXPECT_EQ(chunks.take(), all[9]);
  EXPECT_EQ(chunks.take(), all[3]);
  EXPECT_EQ(chunks.take(), nullptr);
}

TEST(SendChunksTest, NoTwoThreadsHoldTheSame) {
  SendChunks chunks;
  std::vector<std::thread> threads;
  std::atomic<int> shared{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50000; ++i) {
        SendChunk* chunk = chunks.take();
        if (chunk == nullptr) continue;
        // Its count is the holder's alone.
        if (chunk->pending.fetch_add(1) != 0) ++shared;
        chunk->pending.fetch_sub(1);
        chunks.give_back(chunk);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(shared, 0);
}

}  // namespace
}  // namespace ringpeer::worker
