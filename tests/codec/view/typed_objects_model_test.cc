// Containers that say that their elements are objects, of a class, a script or any, around every
// kind of element that such a place takes, turns into nothing or leaves out: views say of them what
// decoding says, with objects allowed and without.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/tests/codec/support/hex.h"
#include "ringpeer/tests/codec/view/view_differential.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer {
namespace {

using test::Draws;
using testing::Bytes;

constexpr std::size_t kMaxDepth = 3;
constexpr std::size_t kEnoughTries = 1000;
// Of a class, and of a script: what exists, what takes ids, what is no name at all, and nothing.
constexpr std::array<std::string_view, 9> kClasses = {"Object",   "RefCounted", "EncodedObjectAsID",
                                                      "Node",     "Resource",   "",
                                                      "no class", "9",          "res://a.gd"};
constexpr std::array<std::string_view, 6> kScripts = {"res://a.gd", "res://b/c.gd", "user://d.gd",
                                                      "Object",     "RefCounted",   ""};
constexpr std::array<std::string_view, 5> kProperties = {"script", "object_id", "x", "", "name"};

// Values on the wire whose parts are drawn one by one, whether or not they make sense together.
class Writer {
 public:
  explicit Writer(Draws& draws) : draws_(draws) {}

  Bytes bytes;

  void container(std::size_t depth) {
    const bool is_array = draws_.one_in(2);
    const std::uint32_t first = draw_kind();
    const std::uint32_t second = is_array ? 0 : draw_kind();
    header(is_array ? VariantType::ARRAY : VariantType::DICTIONARY, first | second << 2);
    type_of(first);
    if (!is_array) type_of(second);
    const std::size_t count = draws_.below(5);
    word(count);
    for (std::size_t left = is_array ? count : 2 * count; left > 0; --left) value(depth);
  }

 private:
  void word(std::size_t value) { testing::put_word(&bytes, static_cast<std::uint32_t>(value)); }
  void header(VariantType type, std::uint32_t flags = 0) {
    word(static_cast<std::uint32_t>(type) | flags << 16);
  }
  void text(std::string_view value) { testing::put_string(&bytes, value); }

  std::uint32_t draw_kind() {
    return draws_.one_in(6) ? draws_.one_in(2) : 2 + static_cast<std::uint32_t>(draws_.below(2));
  }
  void type_of(std::uint32_t kind) {
    if (kind == 1) word(draws_.one_in(2) ? 24 : draws_.below(6));  // objects, or something else
    if (kind == 2) text(draws_.one_of(kClasses));
    if (kind == 3) text(draws_.one_of(kScripts));
  }

  void value(std::size_t depth) {
    switch (draws_.below(depth >= kMaxDepth ? 4 : 7)) {
      case 0:
        return header(VariantType::NIL);
      case 1:
        header(VariantType::INT);
        return word(draws_.below(3));
      case 2:  // an id, which may be none
        header(VariantType::OBJECT, 1);
        word(draws_.below(3));
        return word(draws_.below(2));
      case 3:
        header(VariantType::STRING);
        return text(draws_.one_of(kProperties));
      case 5:
        return container(depth + 1);
      default:
        return object(depth + 1);
    }
  }
  void object(std::size_t depth) {
    header(VariantType::OBJECT);
    // Null, or of a class that may be none.
    const std::string_view name = draws_.one_of(kClasses);
    text(name);
    if (name.empty()) return;
    const std::size_t count = draws_.below(4);
    // A negative count is none.
    word(draws_.one_in(12) ? 0x80000000u + count : count);
    for (std::size_t left = count; left > 0; --left) {
      text(draws_.one_of(kProperties));
      if (draws_.one_in(2)) {
        value(depth);
      } else {
        header(VariantType::STRING);
        text(draws_.one_of(kScripts));
      }
    }
  }

  Draws& draws_;
};

class TypedObjectsModel final : public test::Model {
 public:
  void step(std::size_t /*kind*/, Draws& draws) override {
    Writer writer(draws);
    writer.container(0);
    for (const bool objects : {false, true}) {
      ASSERT_EQ(view_differs_from_decode(writer.bytes, {.allow_objects = objects}), "")
          << testing::to_hex(writer.bytes);
      Variant value;
      accepted +=
          decode_variant(writer.bytes, &value, nullptr, {.allow_objects = objects}) == Error::OK;
      ++tried;
    }
  }

  static inline std::size_t accepted = 0;
  static inline std::size_t tried = 0;
};

TEST(TypedObjectsModelTest, ViewsReadThemAsDecodingDoes) {
  test::ModelPlan plan;
  plan.kinds = {{"container", 1}};
  plan.sequences = 400;
  plan.make = [](Draws&) { return std::make_unique<TypedObjectsModel>(); };
  run_model(plan);
  // Most packets are refused for a part that makes no sense, but not all.
  if (TypedObjectsModel::tried < kEnoughTries) return;  // a seed again
  EXPECT_GT(TypedObjectsModel::accepted, TypedObjectsModel::tried / 5);
}

}  // namespace
}  // namespace ringpeer
