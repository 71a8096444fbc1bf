#include "ringpeer/tools/load/template_payload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/dictionary.h"
#include "ringpeer/codec/value/math_types.h"
#include "ringpeer/codec/wire/decode.h"

namespace ringpeer::tools {
namespace {

LoadStamp stamp(std::uint32_t client, std::uint64_t sequence, std::int64_t time = 1'000'000'007) {
  return {.client = client,
          .sequence = sequence,
          .due_at = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(time))};
}

std::unique_ptr<TemplatePayload> make(const std::string& text, std::uint64_t seed = 1) {
  std::string error;
  auto payload = TemplatePayload::make(text, seed, &error);
  EXPECT_NE(payload, nullptr) << text << ": " << error;
  return payload;
}

std::string complaint(const std::string& text) {
  std::string error;
  EXPECT_EQ(TemplatePayload::make(text, 1, &error), nullptr) << text;
  return error;
}

Variant value_at(TemplatePayload& payload, const LoadStamp& at) {
  Variant value;
  EXPECT_EQ(decode_variant(payload.compose(at, false), &value, nullptr), Error::OK);
  return value;
}

constexpr const char* kTemplate =
    R"text({"seq": "$sequence", "t": "$time", "who": ["$client", "$$client", "plain"],
        "pos": "$walk3(0.5)", "aim": "$walk2", "keys": "$random(0,255)", "f": "$random"})text";

TEST(TemplatePayloadTest, FieldsHaveTheirValues) {
  const auto payload = make(kTemplate);
  EXPECT_EQ(payload->fields(), 8U);
  EXPECT_TRUE(payload->identifies_echoes());
  const Variant value = value_at(*payload, stamp(7, 41));
  const auto& packet = *value.get_if<Dictionary>();
  EXPECT_EQ(packet["seq"], Variant(std::int64_t{41}));
  EXPECT_EQ(packet["t"], Variant(std::int64_t{1'000'000'007}));
  EXPECT_EQ(var_to_str(packet["who"]), R"([7, "$client", "plain"])");
  EXPECT_EQ(packet["pos"].type(), VariantType::VECTOR3);
  EXPECT_EQ(packet["aim"].type(), VariantType::VECTOR2);
  EXPECT_EQ(packet["keys"].type(), VariantType::INT);
  EXPECT_EQ(packet["f"].type(), VariantType::FLOAT);
}

TEST(TemplatePayloadTest, AValueAloneMayBeAField) {
  EXPECT_EQ(value_at(*make("\"$sequence\""), stamp(0, 5)), Variant(std::int64_t{5}));
  EXPECT_EQ(value_at(*make("Vector2(1, 2)\n"), stamp(0, 5)), Variant(Vector2{1, 2}));
  EXPECT_EQ(value_at(*make("\"text\""), stamp(0, 5)), Variant("text"));
}

TEST(TemplatePayloadTest, TheSameSeedMakesTheSame) {
  const auto one = make(kTemplate, 3);
  const auto same = make(kTemplate, 3);
  const auto other = make(kTemplate, 4);
  EXPECT_EQ(value_at(*one, stamp(1, 2)), value_at(*same, stamp(1, 2)));
  EXPECT_NE(value_at(*one, stamp(1, 2)), value_at(*other, stamp(1, 2)));
  EXPECT_NE(value_at(*one, stamp(1, 2)), value_at(*one, stamp(1, 3)));
}

TEST(TemplatePayloadTest, RandomNumbersKeepTheirBoundsAndReachThem) {
  const auto payload = make(R"text(["$random(-2,2)", "$random(1.5,2)", "$random", "$random(4,4)",
                               "$random(-9223372036854775808,9223372036854775807)"])text");
  std::set<std::int64_t> seen;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Variant value = value_at(*payload, stamp(1, i));
    const auto& all = *value.get_if<Array>();
    seen.insert(*all[0].get_if<std::int64_t>());
    const double bounded = *all[1].get_if<double>();
    EXPECT_TRUE(bounded >= 1.5 && bounded <= 2) << bounded;
    const double unit = *all[2].get_if<double>();
    EXPECT_TRUE(unit >= 0 && unit < 1) << unit;
    EXPECT_EQ(all[3], Variant(std::int64_t{4}));
  }
  EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2}));
}

// No step is longer than was asked, they come near to it, and clients are apart.
TEST(TemplatePayloadTest, WalksAreSteady) {
  const auto payload = make(R"text(["$walk2(0.5)", "$walk3(3)"])text");
  double longest2 = 0;
  double longest3 = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const Variant a = value_at(*payload, stamp(1, i));
    const Variant b = value_at(*payload, stamp(1, i + 1));
    const Vector2 from = *(*a.get_if<Array>())[0].get_if<Vector2>();
    const Vector2 to = *(*b.get_if<Array>())[0].get_if<Vector2>();
    longest2 = std::max(longest2, std::hypot<double>(to.x - from.x, to.y - from.y));
    const Vector3 from3 = *(*a.get_if<Array>())[1].get_if<Vector3>();
    const Vector3 to3 = *(*b.get_if<Array>())[1].get_if<Vector3>();
    longest3 =
        std::max(longest3, std::hypot<double>(to3.x - from3.x, to3.y - from3.y, to3.z - from3.z));
  }
  EXPECT_LE(longest2, 0.5 * 1.001);
  EXPECT_GE(longest2, 0.5 * 0.6);
  EXPECT_LE(longest3, 3 * 1.001);
  EXPECT_GE(longest3, 3 * 0.6);
  EXPECT_NE(value_at(*payload, stamp(1, 0)), value_at(*payload, stamp(2, 0)));
}

TEST(TemplatePayloadTest, KnowsItsEchoesAndNoOthers) {
  const auto payload = make(kTemplate);
  const auto sent = payload->compose(stamp(7, 41), false);
  std::vector<std::uint8_t> echo(sent.begin(), sent.end());
  payload->compose(stamp(8, 99), false);  // read() has a memory of its own
  const LoadReply reply = payload->read(echo, 7);
  ASSERT_EQ(reply.kind, LoadReply::Kind::kEcho);
  EXPECT_EQ(reply.stamp.sequence, 41U);
  EXPECT_EQ(reply.stamp.client, 7U);
  EXPECT_EQ(reply.stamp.due_at, stamp(7, 41).due_at);
  EXPECT_EQ(payload->read(echo, 8).kind, LoadReply::Kind::kCorrupted);
  int unnoticed = 0;
  int corrupted = 0;
  for (std::size_t i = 0; i < echo.size(); ++i) {
    echo[i] ^= 1;
    const LoadReply damaged = payload->read(echo, 7);
    unnoticed += damaged.kind == LoadReply::Kind::kEcho ? 1 : 0;
    const bool is_ours = damaged.stamp.sequence == 41 && damaged.is_known_by_time_alone;
    corrupted += damaged.kind == LoadReply::Kind::kCorrupted && is_ours ? 1 : 0;
    echo[i] ^= 1;
  }
  // The bytes of the time, which nothing else of the packet depends on.
  EXPECT_LE(unnoticed, 8);
  // What leaves the packet to be read.
  EXPECT_GE(corrupted, 8);
  const auto other = payload->clone();
  EXPECT_EQ(other->read(echo, 7).kind, LoadReply::Kind::kEcho);
  other->compose(stamp(1, 2), false);
  EXPECT_TRUE(std::ranges::equal(other->compose(stamp(7, 41), false), echo));
  EXPECT_FALSE(make(R"({"seq": "$sequence"})")->identifies_echoes());
  EXPECT_EQ(make(R"({"seq": "$sequence"})")->read(echo, 7).kind, LoadReply::Kind::kForeign);
}

// Anyone may have sent it.
TEST(TemplatePayloadTest, RepliesAreNotTakenForGranted) {
  const auto payload = make(kTemplate);
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    const auto sent = payload->compose(stamp(7, random()), false);
    std::vector<std::uint8_t> reply(sent.begin(), sent.end());
    for (std::uint32_t i = random() % 6; i > 0; --i) {
      reply[random() % reply.size()] = static_cast<std::uint8_t>(random());
    }
    reply.resize(random() % 4 == 0 ? random() % reply.size() : reply.size());
    (void)payload->read(reply, 7);
  }
}

TEST(TemplatePayloadTest, SaysWhatIsWrongWithATemplate) {
  EXPECT_NE(complaint("{\"a\": ").find("no Godot text"), std::string::npos);
  EXPECT_NE(complaint("").find("no Godot text"), std::string::npos);
  EXPECT_NE(complaint("[1] 2").find("behind its value"), std::string::npos);
  EXPECT_NE(complaint("[1]]").find("behind its value"), std::string::npos);
  for (const char* field :
       {"$", "$seq", "$sequence()", "$sequence(1)", "$random(", "$random()", "$random(1)",
        "$random(2,1)", "$random(1.5,1.5)", "$random(1,2,3)", "$random(nan,1)", "$walk2(0)",
        "$walk2(-1)", "$walk2(nan)", "$walk3(1,2)", "$walk4", "$time ", "$random(0,1e300)"}) {
    EXPECT_NE(complaint(std::string("[\"") + field + "\"]").find("write \"$sequence\""),
              std::string::npos)
        << field;
  }
  EXPECT_NE(complaint(R"(Array[String](["$sequence"]))").find("typed Array"), std::string::npos);
  EXPECT_NE(complaint("\"" + std::string(70'000, 'x') + "\"").find("65507 bytes"),
            std::string::npos);
}

TEST(TemplatePayloadTest, AnyTextIsATemplateOrRefused) {
  std::mt19937 random(9);
  const std::string letters = "$\"(){}[],:. 019aesqu\\\n";
  const std::string seed = kTemplate;
  for (int round = 0; round < 5000; ++round) {
    std::string text = seed;
    for (std::uint32_t i = 1 + random() % 4; i > 0; --i) {
      text[random() % text.size()] = letters[random() % letters.size()];
    }
    std::string error;
    const auto payload = TemplatePayload::make(text, 1, &error);
    EXPECT_EQ(payload == nullptr, !error.empty()) << text;
    EXPECT_TRUE(payload == nullptr || !payload->compose(stamp(1, 1), false).empty());
  }
}

}  // namespace
}  // namespace ringpeer::tools
