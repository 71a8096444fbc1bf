#include "ringpeer/engine/admission/reply_allowance.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace ringpeer::admission {
namespace {

TEST(ReplyAllowanceTest, IsThreeTimesWhatCame) {
  ReplyAllowance replies(true);
  EXPECT_FALSE(replies.take(1));
  replies.record_arrival(100, false);
  EXPECT_TRUE(replies.take(299));
  EXPECT_FALSE(replies.take(2));
  EXPECT_TRUE(replies.take(1));
  EXPECT_FALSE(replies.take(1));
  replies.give_back(20);
  EXPECT_FALSE(replies.take(21));
  EXPECT_TRUE(replies.take(20));
}

TEST(ReplyAllowanceTest, EndsWithAnArrivalAfterAReplyToOneWhoIsTaken) {
  ReplyAllowance replies(true);
  replies.record_arrival(10, false);
  replies.record_arrival(10, true);  // nothing was sent to it yet
  EXPECT_TRUE(replies.is_limited());
  EXPECT_TRUE(replies.take(60));
  replies.record_arrival(10, false);  // not taken
  EXPECT_TRUE(replies.is_limited());
  EXPECT_FALSE(replies.take(31));
  replies.record_arrival(1, true);
  EXPECT_FALSE(replies.is_limited());
  EXPECT_TRUE(replies.take(1'000'000));
  replies.give_back(5);
  replies.record_arrival(5, false);
  EXPECT_FALSE(replies.is_limited());
}

TEST(ReplyAllowanceTest, WithoutALimitEverythingIsAllowed) {
  ReplyAllowance replies(false);
  EXPECT_TRUE(replies.take(1'000'000));
  replies.record_arrival(1, false);
  EXPECT_FALSE(replies.is_limited());
}

// Whatever threads take together, it is never more than there is.
TEST(ReplyAllowanceTest, ThreadsShareIt) {
  constexpr int kThreads = 4;
  constexpr std::uint32_t kArrivals = 20'000;
  ReplyAllowance replies(true);
  std::atomic<std::uint64_t> taken{0};
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, size = static_cast<std::size_t>(7 + i)] {
      for (bool is_last = false; !is_last;) {
        is_last = is_over.load();
        while (replies.take(size)) {
          if (size % 2 == 0) {
            replies.give_back(size);
            break;
          }
          taken += size;
        }
      }
    });
  }
  for (std::uint32_t i = 0; i < kArrivals; ++i) replies.record_arrival(1, false);
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  const std::uint64_t all = 3 * kArrivals;
  EXPECT_LE(taken.load(), all);
  EXPECT_GT(taken.load() + 7, all);  // the smallest piece was taken as long as there was one
}

}  // namespace
}  // namespace ringpeer::admission
