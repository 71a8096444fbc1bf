#include "ringpeer/engine/admission/error_witness.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>

namespace ringpeer::admission {
namespace {

using enum QuoteVerdict;

constexpr std::uint64_t kSecond = 1'000'000;
constexpr std::uint64_t kStart = 1'000 * kSecond;
constexpr std::uint64_t kLate = 1'120'000;  // after which it has said so at the latest

TEST(ErrorWitnessTest, BelievesOneProofAfterASecondOfSilence) {
  ErrorWitness witness;
  EXPECT_FALSE(witness.says_gone(kStart));
  witness.record(kProved, kStart);
  EXPECT_FALSE(witness.says_gone(kStart));
  EXPECT_FALSE(witness.says_gone(kStart + kSecond));
  EXPECT_TRUE(witness.says_gone(kStart + kLate));
  EXPECT_TRUE(witness.says_gone(kStart + 100 * 86'400 * kSecond));
  witness.clear();
  EXPECT_FALSE(witness.says_gone(kStart + kLate));
}

TEST(ErrorWitnessTest, BelievesThreeShortOnes) {
  ErrorWitness witness;
  for (int i = 0; i < 2; ++i) witness.record(kShort, kStart);
  EXPECT_FALSE(witness.says_gone(kStart + 5 * kSecond));
  witness.record(kShort, kStart + 5 * kSecond);
  EXPECT_FALSE(witness.says_gone(kStart + 6 * kSecond)) << "counted from the third on";
  EXPECT_TRUE(witness.says_gone(kStart + 5 * kSecond + kLate));
}

TEST(ErrorWitnessTest, IsToldByAsManyAsItBelieves) {
  ErrorWitness witness;
  EXPECT_FALSE(witness.is_told());
  for (std::uint32_t i = 0; i < ErrorWitness::kMinShortErrors; ++i) {
    EXPECT_FALSE(witness.is_told());
    witness.record(QuoteVerdict::kForged, 0);
    witness.record(QuoteVerdict::kShort, 0);
  }
  EXPECT_TRUE(witness.is_told());
  witness.clear();
  EXPECT_FALSE(witness.is_told());
  witness.record(QuoteVerdict::kProved, 0);
  EXPECT_TRUE(witness.is_told());
}

TEST(ErrorWitnessTest, WhatComesFromTheRemoteUndoesAll) {
  ErrorWitness witness;
  witness.record(kShort, kStart);
  witness.record(kShort, kStart);
  witness.clear();
  witness.record(kShort, kStart);
  EXPECT_FALSE(witness.says_gone(kStart + 5 * kSecond));
  witness.record(kProved, kStart);
  EXPECT_TRUE(witness.says_gone(kStart + 5 * kSecond)) << "whatever was counted before";
}

TEST(ErrorWitnessTest, ForgedOnesAreNothing) {
  ErrorWitness witness;
  for (int i = 0; i < 1000; ++i) witness.record(kForged, kStart + i);
  EXPECT_FALSE(witness.says_gone(kStart + 5 * kSecond));
}

// The consumer's clock may have been read before the worker's.
TEST(ErrorWitnessTest, ATimeBeforeTheErrorSaysNothing) {
  ErrorWitness witness;
  witness.record(kProved, kStart);
  EXPECT_FALSE(witness.says_gone(kStart - kSecond));
  EXPECT_FALSE(witness.says_gone(0));
}

// Random errors and packets, beside what was told in words.
TEST(ErrorWitnessTest, IsAsItIsSaid) {
  std::mt19937_64 random(1);
  int gone = 0;
  for (int run = 0; run < 3000; ++run) {
    ErrorWitness witness;
    std::uint64_t now_us = random() % (std::uint64_t{1} << 45);
    int short_ones = 0;
    std::optional<std::uint64_t> told_us;
    for (int i = 0; i < 60; ++i) {
      now_us += random() % (random() % 4 == 0 ? 2 * kSecond : 100'000);
      switch (random() % 8) {
        case 0:
          witness.clear();
          short_ones = 0;
          told_us.reset();
          break;
        case 1:
          witness.record(kProved, now_us);
          if (!told_us) told_us = now_us;
          break;
        case 2:
        case 3:
          witness.record(kShort, now_us);
          if (++short_ones == 3 && !told_us) told_us = now_us;
          break;
        case 4:
          witness.record(kForged, now_us);
          break;
        default:
          break;
      }
      const bool says = witness.says_gone(now_us);
      if (!told_us || now_us - *told_us < kSecond) {
        ASSERT_FALSE(says) << "run " << run << ", step " << i;
      } else if (now_us - *told_us >= kLate) {
        ASSERT_TRUE(says) << "run " << run << ", step " << i;
        ++gone;
      }
    }
  }
  EXPECT_GT(gone, 1000);
}

}  // namespace
}  // namespace ringpeer::admission
