#include "ringpeer/tools/load/recorded_payload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "ringpeer/tools/load/hex_lines.h"

namespace ringpeer::tools {
namespace {

using Packets = std::vector<std::vector<std::uint8_t>>;

std::string complaint(const std::string& text) {
  std::istringstream input(text);
  Packets packets;
  std::string error;
  return read_hex_lines(input, &packets, &error) ? "" : error;
}

TEST(HexLinesTest, ReadsPackets) {
  std::istringstream input("00ff10\r\n\n  # nothing\nAb cD # two bytes\n-\n7f");
  Packets packets;
  std::string error;
  ASSERT_TRUE(read_hex_lines(input, &packets, &error)) << error;
  EXPECT_EQ(packets, (Packets{{0x00, 0xff, 0x10}, {0xab, 0xcd}, {}, {0x7f}}));
}

TEST(HexLinesTest, SaysWhichLineIsWrong) {
  EXPECT_EQ(complaint("00\n0\n"), "line 2: a byte has two digits.");
  EXPECT_EQ(complaint("0 0\n"), "line 1: a byte has two digits.");
  EXPECT_EQ(complaint("# x\n\n00g0"), "line 3: 'g' is no hexadecimal digit.");
  EXPECT_EQ(complaint("00\x80"), "line 1: byte 0x80 is no hexadecimal digit.");
  EXPECT_NE(complaint("# nothing\n").find("no packet"), std::string::npos);
  EXPECT_NE(complaint(std::string(2 * 65'508, '0')).find("65507 bytes at most"), std::string::npos);
  EXPECT_EQ(complaint(std::string(2 * 65'507, '0')), "");
}

// Any text: packets or words, and no more packets than lines.
TEST(HexLinesTest, AnyTextIsReadOrRefused) {
  std::mt19937 random(3);
  const std::string letters = "0123456789abcdefABCDEF \t\r\n\n#-gx\xff";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 60, ' ');
    for (char& c : text) c = letters[random() % letters.size()];
    std::istringstream input(text);
    Packets packets;
    std::string error;
    const bool is_read = read_hex_lines(input, &packets, &error);
    EXPECT_EQ(is_read, error.empty());
    std::size_t bytes = 0;
    for (const auto& packet : packets) bytes += packet.size();
    EXPECT_LE(bytes * 2 + packets.size(), text.size() + 1);
  }
}

VaryingField field(const std::string& text) {
  std::string error;
  return parse_varying_field(text, &error).value();
}

TEST(RecordedPayloadTest, SendsInTurnAndKnowsItsEchoes) {
  RecordedPayload payload(
      {std::vector<std::uint8_t>(24, 0xaa), std::vector<std::uint8_t>(20, 0xbb)},
      {field("0:2:client"), field("2:8:sequence:be"), field("10:8:time")}, 1);
  EXPECT_TRUE(payload.identifies_echoes());
  for (std::uint64_t sequence = 0; sequence < 5; ++sequence) {
    const LoadStamp stamp = {.client = 300,
                             .sequence = sequence,
                             .due_at = std::chrono::steady_clock::time_point(
                                 std::chrono::nanoseconds(1'000'000'007 + sequence))};
    const auto packet = payload.compose(stamp, false);
    EXPECT_EQ(packet.size(), sequence % 2 == 0 ? 24U : 20U);
    EXPECT_EQ(packet[0], 300 % 256);
    EXPECT_EQ(packet[1], 300 / 256);
    EXPECT_EQ(packet[9], sequence);
    EXPECT_EQ(packet.back(), sequence % 2 == 0 ? 0xaa : 0xbb);
    std::vector<std::uint8_t> echo(packet.begin(), packet.end());
    LoadReply reply = payload.read(echo, 300);
    EXPECT_EQ(reply.kind, LoadReply::Kind::kEcho);
    EXPECT_EQ(reply.stamp.sequence, sequence);
    EXPECT_EQ(reply.stamp.due_at, stamp.due_at);
    EXPECT_EQ(payload.read(echo, 301).kind, LoadReply::Kind::kCorrupted);
    for (std::size_t i = 0; i < echo.size(); ++i) {
      // A field of the time has nothing that it could be held against.
      const bool is_time = i >= 10 && i < 18;
      const bool is_sequence = i >= 2 && i < 10;
      echo[i] ^= 1;
      reply = payload.read(echo, 300);
      EXPECT_TRUE(is_time || is_sequence || reply.kind == LoadReply::Kind::kCorrupted) << i;
      EXPECT_TRUE(is_time || is_sequence || reply.stamp.sequence == sequence) << i;
      EXPECT_TRUE(is_time || is_sequence || reply.stamp.due_at == stamp.due_at) << i;
      EXPECT_TRUE(reply.is_known_by_time_alone);
      echo[i] ^= 1;
    }
    echo.pop_back();
    EXPECT_EQ(payload.read(echo, 300).kind, LoadReply::Kind::kCorrupted);
    echo.resize(17);  // without all of the time
    EXPECT_EQ(payload.read(echo, 300).kind, LoadReply::Kind::kForeign);
    const auto other = payload.clone();
    other->compose({.client = 1, .sequence = 1, .due_at = {}}, false);
    const auto again = payload.compose(stamp, false);
    EXPECT_EQ(other->read(again, 300).kind, LoadReply::Kind::kEcho);
    EXPECT_TRUE(std::ranges::equal(other->compose(stamp, false), again));
  }
}

TEST(RecordedPayloadTest, WithoutItsFieldsAnEchoIsNotKnown) {
  for (const auto& fields : {std::vector<VaryingField>{},
                             {field("0:8:sequence")},
                             {field("0:4:sequence"), field("8:8:time")},
                             {field("0:8:sequence"), field("17:8:time")}}) {
    RecordedPayload payload({std::vector<std::uint8_t>(24, 1)}, fields, 1);
    EXPECT_FALSE(payload.identifies_echoes());
    const auto packet = payload.compose({}, false);
    EXPECT_EQ(payload.read(std::vector<std::uint8_t>(packet.begin(), packet.end()), 0).kind,
              LoadReply::Kind::kForeign);
  }
}

}  // namespace
}  // namespace ringpeer::tools
