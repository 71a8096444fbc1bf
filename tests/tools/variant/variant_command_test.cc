#include "ringpeer/tools/variant/variant_command.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace ringpeer {
namespace {

std::string decoded(const std::string& lines, const DecodeOptions& options = {}, int status = 0) {
  std::istringstream input(lines);
  std::ostringstream output;
  EXPECT_EQ(run_variant_decode(input, output, options), status);
  return output.str();
}

std::string encoded(const std::string& lines, const EncodeOptions& options = {}) {
  std::istringstream input(lines);
  std::ostringstream output;
  EXPECT_EQ(run_variant_encode(input, output, options), 0);
  return output.str();
}

TEST(VariantCommand, DecodesBareHexAndJson) {
  const std::string expected =
      R"({"ok":true,"type":"int","value":"5","consumed":12,"bytes":"0200000005000000"})"
      "\n";
  EXPECT_EQ(decoded("020001000500000000000000ff\n"), expected);
  EXPECT_EQ(decoded("{\"bytes\": \"020001000500000000000000FF\"}\r\n"), expected);
}

TEST(VariantCommand, ReportsABadLineInItsPlace) {
  EXPECT_EQ(
      decoded("ff000000\nzz\n{\"byte\": 1}\n00000000\n"),
      R"({"ok":false,"error":"ERR_INVALID_DATA","code":30})"
      "\n"
      R"({"ok":false,"error":"ERR_PARSE_ERROR","code":43,"message":"the bytes are not pairs of hex digits"})"
      "\n"
      R"({"ok":false,"error":"ERR_PARSE_ERROR","code":43,"message":"expected hex or {\"bytes\": \"hex\"}"})"
      "\n"
      R"({"ok":true,"type":"Nil","value":"null","consumed":4,"bytes":"00000000"})"
      "\n");
}

TEST(VariantCommand, EncodesTextAndJson) {
  EXPECT_EQ(encoded("{\"text\": \"[1]\"}\n{\"a\": 1}\n[1\n"),
            "{\"ok\":true,\"bytes\":\"1c000000010000000200000001000000\"}\n"
            "{\"ok\":true,\"bytes\":\"1b0000000100000004000000010000006100000002000000"
            "01000000\"}\n"
            "{\"ok\":false,\"error\":\"ERR_PARSE_ERROR\",\"code\":43,\"message\":\"expected ',' "
            "or ']' in an array\"}\n");
}

TEST(VariantCommand, ObjectsOnlyWhenAsked) {
  const std::string line = "18000000040000004e6f646500000000\n";
  EXPECT_NE(decoded(line, {}, 1).find("ERR_UNAUTHORIZED"), std::string::npos);
  EXPECT_NE(decoded(line, {.allow_objects = true}).find("Object(Node,)"), std::string::npos);
  EXPECT_EQ(encoded("Object(Node,)\n", {.full_objects = true}),
            "{\"ok\":true,\"bytes\":\"18000000040000004e6f646500000000\"}\n");
}

// Lines are read in pieces of 16 KiB.
TEST(VariantCommand, ReadsLinesOfAnyLength) {
  const std::string nil =
      R"({"ok":true,"type":"Nil","value":"null","consumed":4,"bytes":"00000000"})"
      "\n";
  for (std::size_t pieces = 1; pieces <= 3; ++pieces) {
    for (int more = -3; more <= 3; ++more) {
      const std::string line(pieces * 16384 + static_cast<std::size_t>(more + 3) - 11, ' ');
      EXPECT_EQ(nil + nil, decoded(line + "00000000\n" + line + "00000000\n"));
      EXPECT_EQ(nil + nil, decoded(line + "00000000\n" + line + "00000000"));
    }
  }
  EXPECT_EQ("", decoded(""));
  EXPECT_EQ(decoded("\n", {}, 1) + decoded("\n", {}, 1), decoded("\n\n", {}, 1));
}

TEST(VariantCommand, NoLineThatCouldBeTranslatedIsAFailure) {
  const std::vector<std::pair<const char*, int>> inputs = {
      {"", 0},         {"00000000\n", 0}, {"zz\n00000000\n", 0}, {"zz\n", 1}, {"zz", 1},
      {"zz\nff\n", 1}, {"\n", 1}};
  for (const auto& [lines, status] : inputs) {
    std::istringstream input(lines);
    std::ostringstream output;
    EXPECT_EQ(run_variant_decode(input, output, {}), status) << lines;
  }
  std::istringstream input("[1\n]\n");
  std::ostringstream output;
  EXPECT_EQ(run_variant_encode(input, output, {}), 1);
}

TEST(VariantCommand, SaysThatItsOutputIsLost) {
  std::istringstream input("00000000\n00000000\n");
  std::ostringstream output;
  output.setstate(std::ios::badbit);
  EXPECT_EQ(run_variant_decode(input, output, {}), 1);
}

TEST(VariantCommand, SaysThatItsInputIsLost) {
  std::istringstream input("00000000\n");
  input.setstate(std::ios::badbit);
  std::ostringstream output;
  EXPECT_EQ(run_variant_encode(input, output, {}), 1);
}

}  // namespace
}  // namespace ringpeer
