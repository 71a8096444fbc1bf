#include "ringpeer/engine/peer/loop_bound.h"

#include <gtest/gtest.h>

namespace ringpeer::internal {
namespace {

constexpr std::uint64_t kMost = 100;
constexpr std::uint64_t kCharge = 30;  // three fit
constexpr std::uint64_t kFrameUs = 16667;

// Takes as long as it may; `gap_us` lies between two arrivals.
int take(LoopBound& bound, std::uint64_t* now_us, std::uint64_t gap_us, int at_most = 1000) {
  int taken = 0;
  while (taken < at_most && !bound.ends_loop(kCharge, kMost)) {
    bound.count_given(kCharge, *now_us += gap_us);
    ++taken;
  }
  return taken;
}

TEST(LoopBound, GivesWhatAQueueHoldsAndSaysNothingOnce) {
  LoopBound bound;
  std::uint64_t now_us = 0;
  for (int loop = 0; loop < 5; ++loop) EXPECT_EQ(take(bound, &now_us, 1), 3);
}

// Four milliseconds apart is no flood, anything less is one.
TEST(LoopBound, WhatComesSlowlyIsNeverBounded) {
  for (const std::uint64_t gap_us : {3900u, 4000u, 4100u, 7000u}) {
    LoopBound bound;
    std::uint64_t now_us = 0;
    take(bound, &now_us, gap_us);  // when the first came before is not known
    EXPECT_EQ(take(bound, &now_us, gap_us, 100), gap_us < 4000 ? 3 : 100) << gap_us;
  }
}

TEST(LoopBound, GivesAsManyAsItHasPromised) {
  LoopBound bound;
  bound.promise(2);
  EXPECT_TRUE(bound.is_promised());
  bound.count_given(kCharge, 1);
  EXPECT_TRUE(bound.is_promised());
  bound.count_given(kCharge, 2);
  EXPECT_FALSE(bound.is_promised());
  bound.count_given(kCharge, 3);
  EXPECT_FALSE(bound.is_promised());
}

TEST(LoopBound, NothingBeginsAgain) {
  LoopBound bound;
  std::uint64_t now_us = 0;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(take(bound, &now_us, 1, 2), 2);
    bound.begin_again();
  }
}

TEST(LoopBound, ATickBeginsAgain) {
  LoopBound bound;
  std::uint64_t now_us = 0;
  for (std::uint64_t tick = 1; tick < 100; ++tick) {
    EXPECT_TRUE(bound.begin_look(tick));
    EXPECT_EQ(take(bound, &now_us, 1, 2), 2);
    EXPECT_FALSE(bound.begin_look(tick));
  }
}

TEST(LoopBound, WhatWasCountedIsGiven) {
  LoopBound bound;
  EXPECT_FALSE(bound.is_promised());
  bound.promise(2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(bound.is_promised());
    bound.count_given(kCharge, 1);
  }
  EXPECT_FALSE(bound.is_promised());
}

TEST(LoopBound, OneThatIsLargerThanTheQueueIsGivenAlone) {
  LoopBound bound;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(bound.ends_loop(kMost + 1, kMost));
    bound.count_given(kMost + 1, 1);
    EXPECT_TRUE(bound.ends_loop(kMost + 1, kMost));
  }
}

TEST(LoopBound, WhoOnlyLooksAsksForMoreAndWhoTakesDoesNot) {
  LoopBound bound;
  EXPECT_TRUE(bound.begin_look(0));
  EXPECT_TRUE(bound.begin_look(0));
  bound.count_given(kCharge, 1);
  EXPECT_FALSE(bound.begin_look(0));
  EXPECT_TRUE(bound.begin_look(0));
}

TEST(LoopBound, WhoTakesOneAFrameDoesNotNotice) {
  LoopBound bound;
  std::uint64_t now_us = 0;
  EXPECT_EQ(take(bound, &now_us, kFrameUs, 10'000), 10'000);
}

TEST(LoopBound, AFloodAfterAQuietTimeIsBounded) {
  LoopBound bound;
  std::uint64_t now_us = 0;
  take(bound, &now_us, kFrameUs, 10);
  bound.begin_again();
  now_us += 1'000'000'000;
  EXPECT_EQ(take(bound, &now_us, 1), 3);
}

}  // namespace
}  // namespace ringpeer::internal
