#include "ringpeer/tools/command/printable_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ringpeer::tools {
namespace {

TEST(PrintableTextTest, TextStaysAsItIs) {
  for (const char* text : {"", "a.json", "Prüfung – 試験 🎮.json", "\u00a0"}) {
    EXPECT_EQ(printable_text(text), text);
  }
}

TEST(PrintableTextTest, WhatControlsATerminalDoesNot) {
  EXPECT_EQ(printable_text("\x1b[2Jx\n\t\x7f"), "?[2Jx???");
  EXPECT_EQ(printable_text("\u009bx"), "?x");  // CSI in one character
  // What turns the line around.
  EXPECT_EQ(printable_text("a\u202eb\u2028c\u2066d\u061ce"), "a?b?c?d?e");
  EXPECT_EQ(printable_text(std::string("a\0b", 3)), "a?b");
}

TEST(PrintableTextTest, WhatIsNoUtf8IsOneMarkAByte) {
  EXPECT_EQ(printable_text("\xff"), "?");
  EXPECT_EQ(printable_text("\xc0\xaf"), "??");            // overlong
  EXPECT_EQ(printable_text("\xe2\x82"), "??");            // cut
  EXPECT_EQ(printable_text("\xed\xa0\x80"), "???");       // a surrogate
  EXPECT_EQ(printable_text("\xf4\x90\x80\x80"), "????");  // beyond Unicode
}

TEST(PrintableTextTest, CountsCharacters) {
  EXPECT_EQ(character_count(""), 0U);
  EXPECT_EQ(character_count("aü試🎮"), 4U);
  EXPECT_EQ(character_count("\xff\xff"), 2U);
}

// Whatever goes in: what comes out stays as it is, and has as many characters.
TEST(PrintableTextTest, IsDoneAfterOnce) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    std::mt19937_64 random(seed);
    std::string text(random() % 20, ' ');
    for (char& c : text) c = static_cast<char>(random());
    const std::string printable = printable_text(text);
    EXPECT_EQ(printable_text(printable), printable) << seed;
    EXPECT_EQ(character_count(printable), character_count(text)) << seed;
  }
}

}  // namespace
}  // namespace ringpeer::tools
