// What people see of a run while it goes on.

#include "ringpeer/tools/load/live_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace ringpeer::tools {
namespace {

using std::chrono::microseconds;

// Columns that a text takes: bytes but those that go on with a character.
std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<std::uint8_t>(byte) & 0xC0U) != 0x80;
  }));
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

LiveFigures figures_at(double seconds, std::uint64_t sent, std::uint64_t answered,
                       microseconds round_trip) {
  LiveFigures figures;
  figures.elapsed_s = seconds;
  figures.planned_s = 10;
  figures.offered_per_s = 1000;
  figures.clients = 50;
  figures.sent = figures.answers_due = sent;
  figures.answered = figures.received = answered;
  figures.recent.record(round_trip);
  return figures;
}

TEST(LiveViewTest, SaysTheRatesOfTheLastMoment) {
  LiveView view("echo", false);
  EXPECT_TRUE(view.add(figures_at(1, 1000, 990, microseconds(100)), 12));
  EXPECT_TRUE(view.add(figures_at(3, 5000, 4980, microseconds(1500)), 34));
  const std::string screen = joined(view.screen());
  EXPECT_NE(screen.find("2,000/s   5,000 in all"), std::string::npos) << screen;
  EXPECT_NE(screen.find("1,995/s   4,980 in all"), std::string::npos) << screen;
  EXPECT_NE(screen.find("0.400 %"), std::string::npos) << screen;
  EXPECT_NE(screen.find("30 %, 7 s left"), std::string::npos) << screen;
  EXPECT_NE(screen.find("p99 1.5"), std::string::npos) << screen;
  EXPECT_NE(screen.find("34 % of a core: keeps its time"), std::string::npos) << screen;
  EXPECT_NE(view.line().find("3 of 10 s: 50 clients, sent 2,000/s, answered 1,995/s"),
            std::string::npos)
      << view.line();
}

TEST(LiveViewTest, LooksThatFollowEachOtherCloselyAreOneMoment) {
  LiveView view("echo", false);
  EXPECT_TRUE(view.add(figures_at(1, 1000, 1000, microseconds(100)), 1));
  EXPECT_FALSE(view.add(figures_at(1.2, 1200, 1200, microseconds(9000)), 1));
  EXPECT_TRUE(view.add(figures_at(1.5, 1500, 1500, microseconds(100)), 1));
  const std::string screen = joined(view.screen());
  EXPECT_NE(screen.find("1,000/s   1,500 in all"), std::string::npos) << screen;
  EXPECT_NE(screen.find("max 9.00 ms"), std::string::npos) << screen;
}

TEST(LiveViewTest, AGeneratorThatIsLateIsNotToBeTrusted) {
  LiveView view("echo", false);
  LiveFigures figures = figures_at(1, 1000, 1000, microseconds(100));
  figures.late_sends = 11;
  view.add(figures, 10);
  EXPECT_NE(view.line().find("1.10 % late, 0 missed"), std::string::npos);
  EXPECT_NE(view.line().find(": not valid"), std::string::npos);
}

TEST(LiveViewTest, WithoutAnAnswerThereIsNoTime) {
  LiveView view("echo", false);
  LiveFigures figures;
  figures.elapsed_s = 1;
  figures.planned_s = 10;
  view.add(figures, 0);
  EXPECT_NE(joined(view.screen()).find("p50 -   p99 -"), std::string::npos);
}

TEST(LiveViewTest, OfASinkNothingIsUnanswered) {
  LiveView view("sink", false);
  view.add(figures_at(1, 1000, 0, microseconds(100)), 0);
  EXPECT_NE(view.line().find("nothing answered"), std::string::npos) << view.line();
  EXPECT_EQ(view.line().find('%'), view.line().find("% late")) << view.line();
}

// Whatever the numbers, and however long the run and its name.
TEST(LiveViewTest, FitsASmallTerminal) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    LiveView view(std::string(random() % 200, 'x'), seed % 2 == 0);
    LiveFigures figures;
    for (int look = 0; look < 200; ++look) {
      figures.elapsed_s += 0.25 * static_cast<double>(random() % 8);
      figures.planned_s = static_cast<double>(random() % 600'000);
      figures.offered_per_s = static_cast<double>(random() % 10'000'000);
      figures.clients = static_cast<std::uint32_t>(random() % 20'001);
      figures.sent += random() % 10'000'000'000;
      figures.answered = random() % (figures.sent + 1);
      figures.late_sends = random() % (figures.sent + 1);
      figures.send_missed = random() % 1'000'000'000'000;
      figures.recent.record(microseconds(random() % 100'000'000));
      view.add(figures, static_cast<double>(random() % 6401));
      const auto lines = view.screen();
      ASSERT_LE(lines.size(), LiveView::kLines - 1);  // one is the cursor's
      for (const std::string& line : lines) {
        ASSERT_LE(columns_of(line), LiveView::kColumns) << "seed " << seed << ": " << line;
      }
    }
  }
}

}  // namespace
}  // namespace ringpeer::tools
