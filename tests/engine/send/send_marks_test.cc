#include "ringpeer/engine/send/send_marks.h"

#include <gtest/gtest.h>

#include <thread>

#include "ringpeer/tests/engine/send/fake_kernel.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer::worker {
namespace {

using test::numbered_payload;

class SendMarksTest : public testing::Test {
 protected:
  SendMarksTest() { socket_.open(1000, AF_INET); }
  void push(std::size_t count) {
    const auto payload = numbered_payload(0, 64);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(0, queue_.push(payload, {&socket_, test::loopback_ipv4(1)}));
    }
  }

  test::FakeKernel kernel_;
  SendErrors errors_;
  SendSocket socket_{&errors_};
  SendQueue queue_;
  Counters counters_;
  SendBatch batch_{queue_, counters_, true, test::FakeKernel::kCalls};
};

// However fast another thread goes on, and however unequal what they had queued was.
TEST_F(SendMarksTest, AMarkWaitsForNoMoreThanItCovers) {
  constexpr std::size_t kMany = 30000;
  constexpr std::size_t kFew = 10;
  constexpr std::size_t kOneDrain = 4 * SendOrder::kMaxItems;
  std::thread([this] { push(kMany); }).join();
  push(kFew);
  const std::uint64_t mark = batch_.mark();
  batch_.update_marks();
  while (!batch_.is_sent(mark)) {
    push(1000);
    ASSERT_TRUE(batch_.drain() || queue_.size() == 0);
    batch_.update_marks();
    ASSERT_LE(kernel_.sent.size(), kMany + kFew + kOneDrain);
  }
  EXPECT_GE(kernel_.sent.size(), kMany + kFew);
}

// What was pushed later is not forgotten over it.
TEST_F(SendMarksTest, WhatComesBehindAMarkIsSentToo) {
  push(100);
  batch_.mark();
  batch_.update_marks();
  push(100);
  while (batch_.drain()) continue;
  EXPECT_EQ(kernel_.sent.size(), 200u);
}

}  // namespace
}  // namespace ringpeer::worker
