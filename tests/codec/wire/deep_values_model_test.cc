// Values of random containers in one another, as deep as a peer can nest them, or nearly: each
// operation on them, and their text, needs no more stack than a small thread has.

#include <gtest/gtest.h>

#include <cstddef>
#include <iterator>
#include <memory>
#include <string>

#include "ringpeer/codec/base/wire_format.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/tests/codec/support/hex.h"
#include "ringpeer/tests/codec/support/small_stack.h"
#include "ringpeer/tests/codec/support/value_operations.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer {
namespace {

using test::Draws;
using testing::Bytes;

// What is around it is sometimes of one kind for many levels.
constexpr std::size_t kMaxRun = 400;

struct Wrapping {
  const char* before;  // in text
  const char* after;
  Variant (*wrap)(const Variant&);
};

constexpr Wrapping kWrappings[] = {
    {"[", "]", [](const Variant& value) { return Variant(Array{value}); }},
    {"[2, ", ", 3]",
     [](const Variant& value) {
       return Variant(Array{Variant(2), value, Variant(3)});
     }},
    {"{1: ", "}",
     [](const Variant& value) {
       Dictionary dictionary;
       dictionary[Variant(1)] = value;
       return Variant(dictionary);
     }},
    {"{", ": 1}",
     [](const Variant& value) {
       Dictionary dictionary;
       dictionary[value] = 1;
       return Variant(dictionary);
     }},
    {"Object(A,\"b\":", ")",
     [](const Variant& value) {
       Object object{String("A")};
       object.set("b", value);
       return Variant(object);
     }},
};

class DeepValuesModel final : public test::Model {
 public:
  void step(std::size_t kind, Draws& draws) override {
    if (kind == 0) {
      const Wrapping& wrapping = kWrappings[draws.below(std::size(kWrappings))];
      const std::size_t levels = 1 + draws.below(kMaxRun);
      for (std::size_t i = 0; i < levels && depth_ < kMaximumDepth; ++i, ++depth_) {
        value_ = wrapping.wrap(value_);
        text_ = wrapping.before + text_ + wrapping.after;
      }
      return;
    }
    look();
    depth_ = 0;
    value_ = Variant(1);
    text_ = "1";
  }
  void end() override { look(); }

 private:
  void look() {
    const Bytes bytes = testing::encoded(value_, {.full_objects = true});
    Variant decoded;
    ASSERT_EQ(decode_variant(bytes, &decoded, nullptr, testing::kWithObjects), Error::OK);
    ASSERT_TRUE(decoded == value_);
    for (const testing::ValueOperation& operation : testing::kValueOperations) {
      ASSERT_EQ(operation.run({bytes, value_, decoded}), operation.run({bytes, decoded, value_}))
          << operation.name;
    }
    Variant read;
    ASSERT_EQ(str_to_var(text_, &read), Error::OK);
    ASSERT_TRUE(read == value_);
  }

  Variant value_{1};
  std::string text_ = "1";
  std::size_t depth_ = 0;
};

TEST(DeepValuesModelTest, NeedNoMoreThanASmallStack) {
  test::ModelPlan plan;
  plan.kinds = {{"wrap", 6}, {"look", 1}};
  plan.sequences = 10;
  plan.max_operations = 20;
  plan.make = [](Draws&) { return std::make_unique<DeepValuesModel>(); };
  testing::on_small_stack([&] { run_model(plan); });
}

}  // namespace
}  // namespace ringpeer
