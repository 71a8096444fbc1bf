// Containers that say that their elements or keys are of a type, around values of every type, and
// nested: views read of them what decoding keeps, and find in them what it finds.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/tests/codec/support/hex.h"
#include "ringpeer/tests/codec/view/view_differential.h"

namespace ringpeer {
namespace {

using testing::Bytes;
using testing::put_word;

constexpr std::uint32_t kBuiltin = 1u << 16;

// At least one of every type on the wire, and of texts and numbers what conversions tell apart.
std::vector<Bytes> samples() {
  const std::vector<Variant> values = {Variant(),
                                       Variant(true),
                                       Variant(0),
                                       Variant(1),
                                       Variant(1.5),
                                       Variant("a"),
                                       Variant("no such key"),
                                       Variant(Vector2{1, 2}),
                                       Variant(Vector2i{1, 2}),
                                       Variant(Rect2()),
                                       Variant(Rect2i()),
                                       Variant(Vector3()),
                                       Variant(Vector3i()),
                                       Variant(Transform2D()),
                                       Variant(Vector4()),
                                       Variant(Vector4i()),
                                       Variant(Plane()),
                                       Variant(Quaternion()),
                                       Variant(AABB()),
                                       Variant(Basis()),
                                       Variant(Transform3D()),
                                       Variant(Projection()),
                                       Variant(Color()),
                                       Variant(StringName("a")),
                                       Variant(NodePath("a")),
                                       Variant(RID()),
                                       Variant(Object()),
                                       Variant(Callable()),
                                       Variant(Signal()),
                                       Variant(Dictionary()),
                                       Variant(Array()),
                                       Variant(Array{1, 2}),
                                       Variant(Array{"a"}),
                                       Variant(PackedByteArray{1}),
                                       Variant(PackedInt32Array{1}),
                                       Variant(PackedInt64Array{1}),
                                       Variant(PackedFloat32Array{1}),
                                       Variant(PackedFloat64Array{1}),
                                       Variant(PackedStringArray{"a"}),
                                       Variant(PackedVector2Array{Vector2()}),
                                       Variant(PackedVector3Array{Vector3()}),
                                       Variant(PackedColorArray{Color()}),
                                       Variant(PackedVector4Array{Vector4()})};
  std::vector<Bytes> all;
  for (const Variant& value : values) all.push_back(testing::encoded(value));
  return all;
}

void append(Bytes* bytes, const Bytes& more) {
  bytes->insert(bytes->end(), more.begin(), more.end());
}

Bytes array_of(std::uint32_t type, const std::vector<Bytes>& elements) {
  Bytes bytes;
  put_word(&bytes, static_cast<std::uint32_t>(VariantType::ARRAY) | kBuiltin);
  put_word(&bytes, type);
  put_word(&bytes, static_cast<std::uint32_t>(elements.size()));
  for (const Bytes& element : elements) append(&bytes, element);
  return bytes;
}

Bytes dictionary_of(std::uint32_t key_type, const std::vector<Bytes>& keys) {
  Bytes bytes;
  put_word(&bytes, static_cast<std::uint32_t>(VariantType::DICTIONARY) | kBuiltin);
  put_word(&bytes, key_type);
  put_word(&bytes, static_cast<std::uint32_t>(keys.size()));
  std::int64_t number = 0;
  for (const Bytes& key : keys) {
    append(&bytes, key);
    append(&bytes, testing::encoded(Variant(number++)));
  }
  return bytes;
}

void expect_agreement(const Bytes& bytes) {
  ASSERT_EQ(view_differs_from_decode(bytes, {}), "") << testing::to_hex(bytes);
}

TEST(TypedValuesModelTest, ElementsOfEveryTypeInEveryArray) {
  const std::vector<Bytes> values = samples();
  for (std::uint32_t type = 0; type < kVariantTypeCount; ++type) {
    for (const Bytes& value : values) expect_agreement(array_of(type, {value, value}));
    expect_agreement(array_of(type, values));
  }
}

TEST(TypedValuesModelTest, KeysOfEveryTypeInEveryDictionary) {
  const std::vector<Bytes> values = samples();
  for (std::uint32_t type = 0; type < kVariantTypeCount; ++type) {
    for (const Bytes& value : values) expect_agreement(dictionary_of(type, {value}));
    expect_agreement(dictionary_of(type, values));
  }
}

// What a typed array makes of the arrays inside depends on their types too, empty or not.
TEST(TypedValuesModelTest, ArraysOfEveryTypeInEveryContainer) {
  const std::vector<Bytes> values = samples();
  for (std::uint32_t outer = 0; outer < kVariantTypeCount; ++outer) {
    for (std::uint32_t inner = 0; inner < kVariantTypeCount; ++inner) {
      const Bytes empty = array_of(inner, {});
      expect_agreement(array_of(outer, {empty}));
      expect_agreement(dictionary_of(outer, {empty}));
      for (const Bytes& value : values)
        expect_agreement(array_of(outer, {array_of(inner, {value})}));
    }
  }
}

}  // namespace
}  // namespace ringpeer
