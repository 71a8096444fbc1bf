// Dictionaries of many keys, with and without an order among themselves, as a real Godot 4.6.3
// wrote them: where keys without an order end is its sorting's to say.

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/tests/codec/support/hex.h"

namespace ringpeer {
namespace {

TEST(KeyOrderGoldenTest, KeysEndWhereGodotLeavesThem) {
  std::ifstream file("tests/testdata/key_order.jsonl");
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const nlohmann::json golden = nlohmann::json::parse(line);
    Variant value;
    const auto bytes = testing::from_hex(golden["bytes"].get<std::string>());
    std::size_t consumed = 0;
    ASSERT_EQ(decode_variant(bytes, &value, &consumed, {}), Error::OK) << "line " << lines + 1;
    EXPECT_EQ(var_to_str(value), golden["text"].get<std::string>()) << "line " << lines + 1;
  }
  EXPECT_EQ(lines, 35u);
}

}  // namespace
}  // namespace ringpeer
