#include "ringpeer/codec/wire/encode.h"

#include <gtest/gtest.h>

#include <string>

#include "ringpeer/tests/codec/support/hex.h"

namespace ringpeer {
namespace {

using testing::Bytes;
using testing::encoded;
using testing::to_hex;

TEST(Encode, CountsOnWhenTheDestinationIsFull) {
  const Variant value = Array{1, "some text", PackedByteArray{1, 2, 3}, Vector3{1, 2, 3}};
  const Bytes whole = encoded(value);
  for (std::size_t room = 0; room <= whole.size(); ++room) {
    constexpr std::uint8_t kCanary = 0xa5;
    Bytes destination(whole.size() + 8, kCanary);
    std::size_t size = 0;
    EXPECT_EQ(encode_variant(value, std::span(destination).first(room), &size), Error::OK);
    EXPECT_EQ(size, whole.size());
    for (std::size_t i = room; i < destination.size(); ++i) ASSERT_EQ(destination[i], kCanary);
  }
}

TEST(Encode, DepthLimitIsGodots) {
  const auto nested = [](int arrays) {
    Variant value;
    for (int i = 0; i < arrays; ++i) value = Array{std::move(value)};
    return value;
  };
  std::size_t size = 0;
  EXPECT_EQ(encode_variant(nested(1024), {}, &size), Error::OK);
  EXPECT_EQ(size, 1024U * 8 + 4);
  EXPECT_EQ(encode_variant(nested(1025), {}, &size), Error::ERR_OUT_OF_MEMORY);
}

TEST(Encode, Objects) {
  EXPECT_EQ(to_hex(encoded(Object())), "00000000");
  EXPECT_EQ(to_hex(encoded(Object::from_id(0x8000000012345678))), "180001007856341200000080");
  Object node(String("Node"));
  node.set("name", StringName("x"));
  EXPECT_EQ(to_hex(encoded(node, {.full_objects = true})),
            "18000000040000004e6f646501000000040000006e616d65150000000100000078000000");
  EXPECT_EQ(to_hex(encoded(node)), "00000000");
  node.set("script", "user://x.gd");
  std::size_t size = 0;
  EXPECT_EQ(encode_variant(node, {}, &size, {.full_objects = true}), Error::ERR_UNAVAILABLE);
}

TEST(Encode, ScriptTypedContainersNeedAPath) {
  const Variant array = Array(ContainerType::script("user://x.gd"));
  std::size_t size = 0;
  EXPECT_EQ(encode_variant(array, {}, &size, {.full_objects = true}), Error::ERR_UNAVAILABLE);
  EXPECT_EQ(encode_variant(array, {}, &size), Error::OK);
}

}  // namespace
}  // namespace ringpeer
