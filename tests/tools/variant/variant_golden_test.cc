// `ringpeer variant` from outside, on every line that a real Godot 4.6.3 wrote.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ringpeer::tools {
namespace {

using nlohmann::json;

std::string runfile(const std::string& path) {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  if (runfiles == nullptr || workspace == nullptr) return path;
  return std::string(runfiles) + "/" + workspace + "/" + path;
}

std::vector<json> read_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
  return lines;
}

std::vector<json> vectors() { return read_lines(runfile("tests/testdata/vectors.jsonl")); }
std::vector<json> malformed() { return read_lines(runfile("tests/testdata/malformed.jsonl")); }

// What the command prints, one object for each line of `input`.
std::vector<json> run_variant(const std::string& arguments, const std::vector<std::string>& input) {
  const std::string stem = ::testing::TempDir() + "/variant_" + std::to_string(getpid());
  {
    std::ofstream file(stem + ".in");
    for (const std::string& line : input) file << line << '\n';
  }
  const std::string command = runfile("tools/ringpeer") + " variant " + arguments + " <'" + stem +
                              ".in' >'" + stem + ".out'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::vector<json> output = read_lines(stem + ".out");
  std::remove((stem + ".in").c_str());
  std::remove((stem + ".out").c_str());
  EXPECT_EQ(output.size(), input.size());
  output.resize(input.size());
  return output;
}

// Both spellings of a packet, which must give the same.
std::vector<json> decode(const std::string& options, const std::vector<json>& lines,
                         const std::string& member) {
  std::vector<std::string> bare;
  std::vector<std::string> objects;
  for (const json& line : lines) {
    bare.push_back(line[member]);
    objects.push_back(json{{"bytes", line[member]}}.dump());
  }
  std::vector<json> output = run_variant("decode " + options, objects);
  EXPECT_EQ(run_variant("decode " + options, bare), output);
  return output;
}

// The outcome that Godot had: `expected` has its ok, type, value and, maybe, code.
bool same_outcome(const json& got, const json& expected) {
  if (got["ok"] != expected["ok"]) return false;
  if (!expected["ok"].get<bool>()) {
    return !expected.contains("code") || !expected["code"].is_string() ||
           got["error"] == expected["code"];
  }
  const json& value = expected["value"];
  return got["type"] == expected["type"] && got["value"] == (value.is_string() ? value : "null");
}

TEST(VariantGolden, DecodesEveryVector) {
  std::vector<json> lines;
  for (json& line : vectors()) {
    if (!line["bytes"].get<std::string>().empty()) lines.push_back(std::move(line));
  }
  ASSERT_GT(lines.size(), 400U);
  const std::vector<json> output = decode("", lines, "bytes");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SCOPED_TRACE(lines[i]["name"].get<std::string>());
    const json& got = output[i];
    ASSERT_EQ(got["ok"], true) << got;
    EXPECT_EQ(got["type"], lines[i]["decoded_type"]);
    EXPECT_EQ(got["value"], lines[i]["decoded_str"]);
    EXPECT_EQ(2 * got["consumed"].get<std::size_t>(),
              lines[i]["bytes"].get_ref<const std::string&>().size());
    if (lines[i]["reencodes_same"] == true) {
      EXPECT_EQ(got["bytes"], lines[i]["bytes"]);
    }
  }
}

TEST(VariantGolden, DecodesEveryObjectVector) {
  std::vector<json> lines;
  for (json& line : vectors()) {
    if (!line["bytes_with_objects"].get<std::string>().empty()) lines.push_back(std::move(line));
  }
  const std::vector<json> output = decode("--allow-objects", lines, "bytes_with_objects");
  std::size_t same = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SCOPED_TRACE(lines[i]["name"].get<std::string>());
    ASSERT_EQ(output[i]["ok"], true) << output[i];
    EXPECT_EQ(output[i]["type"], lines[i]["decoded_with_objects_type"]);
    if (lines[i]["reencodes_same_with_objects"] == true) {
      EXPECT_EQ(output[i]["bytes"], lines[i]["bytes_with_objects"]);
    }
    if (output[i]["value"] == lines[i]["decoded_with_objects_str"]) ++same;
  }
  // Scripts know properties that are never sent, and a Dictionary's value script is not
  // what Godot takes for it: see "Where ringpeer differs on purpose" in docs/wire.md.
  constexpr std::size_t kNeedScripts = 3;
  EXPECT_EQ(same, lines.size() - kNeedScripts);
}

TEST(VariantGolden, AnswersEveryDamagedPacketAsGodotDoes) {
  const std::vector<json> lines = malformed();
  ASSERT_GT(lines.size(), 5000U);
  const std::vector<json> output = decode("", lines, "bytes");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(same_outcome(output[i], lines[i])) << output[i] << "\n" << lines[i];
  }
}

TEST(VariantGolden, AnswersDamagedPacketsWithObjects) {
  const std::vector<json> lines = malformed();
  const std::vector<json> output = decode("--allow-objects", lines, "bytes");
  std::size_t objects = 0;
  std::size_t same = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].contains("with_objects")) {
      EXPECT_TRUE(same_outcome(output[i], lines[i])) << output[i] << "\n" << lines[i];
      continue;
    }
    ++objects;
    const json& expected = lines[i]["with_objects"];
    if (same_outcome(output[i], expected)) {
      ++same;
    } else {
      // What differs is data that Godot would have had to instantiate.
      EXPECT_EQ(output[i]["ok"], true) << output[i] << "\n" << lines[i];
    }
  }
  EXPECT_EQ(objects, 780U);
  EXPECT_EQ(same, 549U);
}

// Ids are of the process that wrote them, and so is the text of what has them.
bool names_objects(const json& line) {
  return line["volatile"].get<bool>() ||
         line["value_str"].get<std::string>().find("Object(") != std::string::npos;
}

// Text orders a Dictionary, forgets the sign of zero and what a NaN holds and shortens floats:
// there the bytes differ, but what they say is what the text said.
TEST(VariantGolden, EncodesEveryVectorsText) {
  std::vector<json> lines;
  std::vector<std::string> texts;
  for (json& line : vectors()) {
    if (line["bytes"].get<std::string>().empty() || names_objects(line)) continue;
    texts.push_back(json{{"text", line["value_str"]}}.dump());
    lines.push_back(std::move(line));
  }
  ASSERT_EQ(lines.size(), 404U);
  const std::vector<json> output = run_variant("encode", texts);
  std::vector<std::string> packets;
  std::size_t same_bytes = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ASSERT_EQ(output[i]["ok"], true) << lines[i]["name"];
    packets.push_back(output[i]["bytes"]);
    if (output[i]["bytes"] == lines[i]["bytes"]) ++same_bytes;
  }
  const std::vector<json> again = run_variant("decode", packets);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(again[i]["value"], lines[i]["decoded_str"]);
  }
  EXPECT_EQ(same_bytes, 371U);
}

TEST(VariantGolden, BadLinesAreReportedInTheirPlace) {
  const std::vector<json> output =
      run_variant("decode", {"zz", "", "00000000", "{\"bytes\": 1}", "{", "0100000001000000"});
  const std::vector<bool> expected = {false, false, true, false, false, true};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(output[i]["ok"], expected[i]) << i;
  const std::vector<json> encoded = run_variant("encode", {"[1", "{\"text\": \"7\"}", "true"});
  EXPECT_EQ(encoded[0]["error"], "ERR_PARSE_ERROR");
  EXPECT_EQ(encoded[1]["bytes"], "0200000007000000");
  EXPECT_EQ(encoded[2]["bytes"], "0100000001000000");
}

// More than a datagram holds: the command reads files.
TEST(VariantGolden, ReadsMoreThanADatagram) {
  constexpr std::size_t kElements = 100'000;  // 0x000186a0
  const std::string hex = "1d000000a0860100" + std::string(2 * kElements, '1');
  const std::vector<json> output = run_variant("decode", {hex});
  EXPECT_EQ(output[0]["consumed"], kElements + 8);
  EXPECT_EQ(output[0]["bytes"], hex);
}

}  // namespace
}  // namespace ringpeer::tools
