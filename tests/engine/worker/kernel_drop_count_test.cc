#include "ringpeer/engine/worker/kernel_drop_count.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>

namespace ringpeer::worker {
namespace {

TEST(KernelDropCountTest, GoesOnWhereTheKernelsCountBeginsAgain) {
  KernelDropCount drops(UINT32_MAX - 1);
  drops.look(UINT32_MAX);
  EXPECT_EQ(drops.total(), 1u);
  drops.look(4);
  EXPECT_EQ(drops.total(), 6u);
}

TEST(KernelDropCountTest, LooksThatTheKernelRefusesChangeNothing) {
  KernelDropCount never(std::nullopt);
  never.look(std::nullopt);
  EXPECT_EQ(never.total(), 0u);
  never.look(7);  // of which nobody knows how many came before
  EXPECT_EQ(never.total(), 0u);

  KernelDropCount drops(100);
  drops.look(110);
  drops.look(std::nullopt);
  drops.look(111);
  EXPECT_EQ(drops.total(), 11u);
}

// What the kernel would say if it counted in 64 bits.
TEST(KernelDropCountTest, AddsUpToTheTruth) {
  std::mt19937_64 random(7);
  const std::uint64_t before = random();
  std::uint64_t truth = before;
  KernelDropCount drops(static_cast<std::uint32_t>(before));
  for (int i = 0; i < 100000; ++i) {
    truth += random() & UINT32_MAX;
    drops.look(static_cast<std::uint32_t>(truth));
  }
  EXPECT_EQ(drops.total(), truth - before);
}

}  // namespace
}  // namespace ringpeer::worker
