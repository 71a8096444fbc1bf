// Sizes that no memory holds are std::bad_alloc, wherever they are asked for, and leave the value
// as it was.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string_view>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/options.h"

namespace ringpeer {
namespace {

constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();

// Those whose bytes wrap around to few are the ones that did harm: 2^64 / 24 + 2 Variants.
constexpr std::size_t kAbsurd[] = {
    kMost,          kMost - 1,      kMost / 2,      kMost / 2 + 2,        kMost / 3 + 1,
    kMost / 4 + 2,  kMost / 8 + 2,  kMost / 12 + 2, kMost / 16 + 2,       kMost / 24 + 2,
    kMost / 40 + 2, kMost / 48 + 2, kMost / 64 + 2, std::size_t{1} << 40, std::size_t{1} << 32,
};

template <typename T>
void expect_bad_alloc() {
  for (const std::size_t size : kAbsurd) {
    T empty;
    T one;
    one.resize(1);
    for (T* vector : {&empty, &one}) {
      const std::size_t before = vector->size();
      EXPECT_THROW(vector->reserve(size), std::bad_alloc) << size;
      EXPECT_THROW(vector->resize(size), std::bad_alloc) << size;
      EXPECT_EQ(vector->size(), before);
    }
  }
}

TEST(AbsurdSizes, OfEveryVectorAreBadAlloc) {
  expect_bad_alloc<Array>();
  expect_bad_alloc<PackedByteArray>();
  expect_bad_alloc<PackedInt32Array>();
  expect_bad_alloc<PackedInt64Array>();
  expect_bad_alloc<PackedFloat32Array>();
  expect_bad_alloc<PackedFloat64Array>();
  expect_bad_alloc<PackedStringArray>();
  expect_bad_alloc<PackedVector2Array>();
  expect_bad_alloc<PackedVector3Array>();
  expect_bad_alloc<PackedColorArray>();
  expect_bad_alloc<PackedVector4Array>();
}

TEST(AbsurdSizes, OfADictionaryAreBadAlloc) {
  for (const std::size_t size : kAbsurd) {
    Dictionary empty;
    EXPECT_THROW(empty.reserve(size), std::bad_alloc) << size;
    EXPECT_TRUE(empty.empty());
    Dictionary indexed;
    for (int i = 0; i < 20; ++i) indexed[Variant(i)] = i;
    EXPECT_THROW(indexed.reserve(size), std::bad_alloc) << size;
    ASSERT_EQ(indexed.size(), 20U);
    EXPECT_EQ(indexed.find(Variant(7))->as_int(), 7);
  }
}

// Nothing is read: the length alone is refused.
TEST(AbsurdSizes, OfATextAreBadAlloc) {
  const std::string_view text("x", String::kLongest + 1);
  EXPECT_THROW(String{text}, std::bad_alloc);
  EXPECT_THROW(StringName{text}, std::bad_alloc);
  EXPECT_THROW(Variant{text}, std::bad_alloc);
}

TEST(AbsurdSizes, GiveNoLimitThatWraps) {
  for (const std::size_t size : kAbsurd) {
    const DecodeLimits limits = DecodeLimits::for_size(size);
    EXPECT_GE(limits.bytes, size);
    EXPECT_GE(limits.nodes, size / kSmallestVariantSize);
    EXPECT_EQ(limits.elements, size);
  }
}

}  // namespace
}  // namespace ringpeer
