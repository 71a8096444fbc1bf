#include "ringpeer/tools/measure/sequence_window.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace ringpeer::tools {
namespace {

using Arrival = SequenceWindow::Arrival;

TEST(SequenceWindowTest, TellsArrivalsApart) {
  SequenceWindow window;
  EXPECT_EQ(window.add(0), Arrival::kInOrder);
  EXPECT_EQ(window.add(0), Arrival::kRepeated);
  EXPECT_EQ(window.add(1), Arrival::kInOrder);
  EXPECT_EQ(window.add(4), Arrival::kInOrder);
  EXPECT_EQ(window.add(2), Arrival::kLate);
  EXPECT_EQ(window.add(2), Arrival::kRepeated);
  EXPECT_EQ(window.add(3), Arrival::kLate);
  EXPECT_EQ(window.add(5), Arrival::kInOrder);
}

TEST(SequenceWindowTest, AGapAsWideAsTheWindowForgetsWhatWasBefore) {
  SequenceWindow window;
  for (std::uint64_t i = 0; i < SequenceWindow::kWindow; ++i) window.add(i);
  const std::uint64_t far = 3 * SequenceWindow::kWindow + 5;
  EXPECT_EQ(window.add(far), Arrival::kInOrder);
  EXPECT_EQ(window.add(far - 1), Arrival::kLate);
  EXPECT_EQ(window.add(far - 1), Arrival::kRepeated);
  EXPECT_EQ(window.add(0), Arrival::kLate);  // too long ago to know
}

TEST(SequenceWindowTest, AgreesWithASetWithinTheWindow) {
  SequenceWindow window;
  std::mt19937 random(3);
  std::set<std::uint64_t> seen;
  std::uint64_t highest = 1000;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t sequence = highest - 500 + random() % 510;
    const bool fresh = seen.insert(sequence).second;
    const Arrival arrival = window.add(sequence);
    EXPECT_EQ(arrival == Arrival::kRepeated, !fresh);
    if (arrival == Arrival::kInOrder) highest = sequence > highest ? sequence : highest;
  }
}

}  // namespace
}  // namespace ringpeer::tools
