// Claims of docs/api.md on values, their encoding and errors, executed: each test is named after
// the page and the claim. Claims that other tests execute are not repeated here.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/arena_decode.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tests/docs/peers.h"

namespace ringpeer::docs {
namespace {

// ---- docs/api.md, Variant

TEST(VariantClaimsTest, ApiLooseReading) {
  static_assert(sizeof(Variant) == 24);
  EXPECT_EQ(Variant(std::nan("")).as_int(5), 0);
  EXPECT_EQ(Variant(1e300).as_int(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(Variant(true).as_float(), 1.0);
  EXPECT_EQ(Variant("7").as_int(5), 5);
  EXPECT_EQ(Variant(StringName("a")).as_text(), "a");
  EXPECT_EQ(Variant(1).as_text("no"), "no");
  EXPECT_EQ(Variant(1).get_if<double>(), nullptr);
  EXPECT_EQ(Variant("x").get<Vector2>(), Vector2());
  EXPECT_EQ(Variant(2).get_or<std::int64_t>(3), 2);
}

TEST(VariantClaimsTest, ApiWhatIsMissingIsNilAndIsNotAdded) {
  const Variant value = Dictionary{{"a", Array{1}}};
  EXPECT_TRUE(value["b"]["c"].is_nil());
  EXPECT_TRUE(value["a"].at(1).is_nil());
  EXPECT_EQ(value["a"].at(0), Variant(1));
  EXPECT_EQ(value.size(), 1u);
  EXPECT_EQ(Variant(3).size(), 0u);
}

TEST(VariantClaimsTest, ApiEquality) {
  EXPECT_EQ(Variant("a"), Variant(StringName("a")));
  EXPECT_EQ(Variant(std::nan("")), Variant(std::nan("")));
  EXPECT_FALSE(Variant(1) == Variant(1.0));
  EXPECT_EQ(Variant(Dictionary{{"a", 1}, {"b", 2}}), Variant(Dictionary{{"b", 2}, {"a", 1}}));
}

TEST(VariantClaimsTest, ApiADictionaryKeepsOrderAndReferences) {
  Dictionary dictionary{{"z", 1}, {"a", 2}};
  EXPECT_EQ(dictionary.begin()->key, Variant("z"));
  Variant& kept = dictionary["z"];
  for (int i = 0; i < 100; ++i) dictionary[Variant(i)] = i;
  kept = 5;
  EXPECT_EQ(*dictionary.find("z"), Variant(5));
  EXPECT_EQ(dictionary.find("missing"), nullptr);
  EXPECT_TRUE(dictionary.contains(StringName("a")));
  EXPECT_FALSE(dictionary.erase("missing"));
}

TEST(VariantClaimsTest, ApiTypedContainersConvertOrRefuse) {
  Array ints(ContainerType::builtin(VariantType::INT));
  EXPECT_TRUE(ints.push_back(1.0));
  EXPECT_TRUE(ints[0].is_int());
  EXPECT_FALSE(ints.push_back("text"));
  ints.resize(2);
  EXPECT_EQ(ints[1], Variant(0));
  EXPECT_TRUE(ints.at_or_nil(2).is_nil());
}

TEST(VariantClaimsTest, ApiAStringIsStrictUtf8) {
  EXPECT_EQ(String("\xff").view(), "\xef\xbf\xbd");
  EXPECT_EQ(String(static_cast<const char*>(nullptr)).view(), "");
}

TEST(VariantClaimsTest, ApiObjectsAreNullIdsOrData) {
  EXPECT_TRUE(Object::from_id(0).is_null());
  EXPECT_TRUE(Object(String("")).is_null());
  EXPECT_EQ(Object::from_id(3).class_name(), "EncodedObjectAsID");
  EXPECT_TRUE(Object(String("Node")).is_full());
}

// ---- docs/api.md, Encoding and decoding, Views

TEST(CodecClaimsTest, ApiBytesBehindAValueAreIgnored) {
  Bytes bytes = encoded(7);
  const std::size_t size = bytes.size();
  bytes.push_back(0xff);
  Variant value;
  std::size_t consumed = 0;
  EXPECT_EQ(decode_variant(bytes, &value, &consumed), Error::OK);
  EXPECT_EQ(value, Variant(7));
  EXPECT_EQ(consumed, size);
  EXPECT_EQ(decode_variant({}, &value, &consumed), Error::ERR_INVALID_DATA);
  EXPECT_TRUE(value.is_nil());
  EXPECT_EQ(consumed, 0u);
}

TEST(CodecClaimsTest, ApiACopyOutlivesAnArena) {
  VariantArena arena;
  EXPECT_EQ(arena.capacity(), 0u);
  const Variant* value = nullptr;
  const Bytes bytes = encoded(Dictionary{{"name", "a text that is not held inside"}});
  ASSERT_EQ(arena.decode(bytes, &value, nullptr), Error::OK);
  const Variant copy = *value;
  arena.reset();
  EXPECT_GT(arena.capacity(), 0u);
  EXPECT_EQ(copy["name"].as_text(), "a text that is not held inside");
  EXPECT_NE(arena.decode({}, &value, nullptr), Error::OK);
  EXPECT_EQ(value, nullptr);
}

TEST(CodecClaimsTest, ApiTextIsGodots) {
  Variant value;
  EXPECT_EQ(str_to_var("[1, 2] and more", &value), Error::OK);
  EXPECT_EQ(value, Variant(Array{1, 2}));
  Variant deep = Array();
  for (int i = 0; i < 200; ++i) {
    Array outer;
    outer.push_back(deep);
    deep = outer;
  }
  const std::string text = var_to_str(deep);
  EXPECT_LE(static_cast<std::size_t>(std::ranges::count(text, '[')), kTextDepth + 2);
  EXPECT_GE(static_cast<std::size_t>(std::ranges::count(text, '[')), kTextDepth);
  EXPECT_EQ(str_to_var(R"("\a")", &value), Error::OK);
  EXPECT_EQ(value.as_text(), "\a");
  EXPECT_EQ(str_to_var(R"("\a")", &value, nullptr, {.read_control_escapes = false}), Error::OK);
  EXPECT_EQ(value.as_text(), "a");
}

TEST(CodecClaimsTest, ApiAReadOfAnotherTypeChangesNothing) {
  const Bytes bytes = encoded(Dictionary{{"n", 1}, {"list", Array{1, 2}}});
  PacketView packet;
  ASSERT_EQ(packet.parse(bytes), Error::OK);
  std::string_view text = "before";
  EXPECT_FALSE(packet["n"].read(&text));
  EXPECT_EQ(text, "before");
  EXPECT_FALSE(packet["missing"].exists());
  EXPECT_EQ(packet["missing"].type(), VariantType::NIL);
  EXPECT_EQ(packet["n"].value_or<std::int64_t>(5), 1);
  ArrayView list;
  ASSERT_TRUE(packet["list"].read(&list));
  EXPECT_FALSE(list[2].exists());
  EXPECT_EQ(packet.consumed(), bytes.size());
}

TEST(ErrorClaimsTest, ApiErrorsHaveNamesAndNumbers) {
  EXPECT_EQ(error_name(Error::ERR_BUSY), "ERR_BUSY");
  EXPECT_EQ(error_name(static_cast<Error>(1000)), "ERR_UNKNOWN");
  // The numbers of the page's table.
  for (const Table& table : tables_of(read_page("docs/api.md"))) {
    if (table.head.cells[0] != "`Error`") continue;
    for (const Row& row : table.rows) {
      if (std::isdigit(static_cast<unsigned char>(row.cells[1][0])) == 0) continue;
      EXPECT_EQ("`" + std::string(error_name(static_cast<Error>(std::stoi(row.cells[1])))) + "`",
                row.cells[0]);
    }
  }
}

}  // namespace
}  // namespace ringpeer::docs
