// Whichever allocation fails, what was built so far is destroyed once, and nothing is lost.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/convert.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/arena_decode.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/support/heap/heap.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer {
namespace {

constexpr const char* kText = "a text of more than fifteen bytes";
constexpr const char* kClass = "AClassWithAVeryLongName";
constexpr DecodeOptions kWithObjects = {.allow_objects = true};

std::string text(int number) { return kText + std::to_string(number); }

Object object() {
  Object made{String(kClass)};
  for (int i = 0; i < 5; ++i) made.set(String(text(i)), String(text(i)));
  return made;
}

Dictionary large() {
  Dictionary made;
  for (int i = 0; i < 10; ++i) made.set(String(text(i)), Signal{StringName(text(i)), 7});
  return made;
}

std::vector<Variant> values() {
  const NodePath path("/a name of more than fifteen/another one of them:and a property of them");
  const PackedStringArray strings{kText, "short", kText, kText};
  Dictionary typed(ContainerType::object_class(kClass), ContainerType::script("res://a_long_path"));
  typed.set(object(), Variant());
  std::vector<Variant> made = {kText,
                               StringName(kText),
                               path,
                               strings,
                               object(),
                               large(),
                               typed,
                               Signal{StringName(kText), 1},
                               Projection(),
                               Array(ContainerType::object_class(kClass), {object(), object()}),
                               Dictionary{{Array{path, strings}, object()}, {path, large()}}};
  // Deeper than what is copied by recursion.
  Variant nested = Array{path, object()};
  for (int level = 0; level < 20; ++level) nested = Array{nested};
  made.push_back(nested);
  return made;
}

// Runs it with its first allocation failing, its second, and so on until none does.
template <typename Operation>
void fail_each(const char* name, Operation operation) {
  SCOPED_TRACE(name);
  operation();  // makes what is made once and kept
  bool all_made = false;
  for (std::size_t granted = 0; !all_made; ++granted) {
    const long before = test::live_blocks();
    {
      const test::RefusedMemory refused(true, granted);
      try {
        operation();
      } catch (const std::bad_alloc&) {
      }
      all_made = !refused.has_refused();
    }
    ASSERT_EQ(test::live_blocks(), before) << "when only " << granted << " blocks are to be had";
  }
}

class BadAlloc : public ::testing::TestWithParam<std::size_t> {};

TEST_P(BadAlloc, LosesNothingAndDestroysNothingTwice) {
  const Variant value = values()[GetParam()];
  SCOPED_TRACE(var_to_str(value));
  std::size_t size = 0;
  constexpr EncodeOptions kFull = {.full_objects = true};
  ASSERT_EQ(encode_variant(value, {}, &size, kFull), Error::OK);
  std::vector<std::uint8_t> bytes(size);
  ASSERT_EQ(encode_variant(value, bytes, &size, kFull), Error::OK);
  fail_each("decode", [&] {
    Variant decoded;
    (void)decode_variant(bytes, &decoded, nullptr, kWithObjects);
  });
  fail_each("decode in an arena", [&] {
    VariantArena arena;
    const Variant* decoded = nullptr;
    (void)arena.decode(bytes, &decoded, nullptr, kWithObjects);
  });
  fail_each("copy", [&] { const Variant copy(value); });
  fail_each("assign", [&] {
    Variant assigned = 1;
    assigned = value;
  });
  fail_each("array", [&] {
    Array array{value, value};
    array.push_back(array[0]);
    const Array copy(array);
  });
  fail_each("dictionary", [&] {
    Dictionary dictionary{{1, value}, {value, 2}};
    for (int i = 0; i < 10; ++i) dictionary[i] = i;
    const Dictionary copy(dictionary);
  });
  fail_each("convert", [&] {
    for (std::uint32_t type = 0; type < kVariantTypeCount; ++type) {
      Variant converted;
      convert_strictly(value, static_cast<VariantType>(type), &converted);
    }
  });
  fail_each("print", [&] { (void)var_to_str(value); });
  const std::string printed = var_to_str(value);
  fail_each("read", [&] {
    Variant read;
    (void)str_to_var(printed, &read);
  });
  if (const auto* strings = value.get_if<PackedStringArray>()) {
    fail_each("strings", [&] { const PackedStringArray copy(*strings); });
  }
  if (const auto* made = value.get_if<Object>()) {
    fail_each("object", [&] {
      Object copy(*made);
      copy.set(String(text(9)), value);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(Values, BadAlloc, ::testing::Range<std::size_t>(0, 12));

}  // namespace
}  // namespace ringpeer
