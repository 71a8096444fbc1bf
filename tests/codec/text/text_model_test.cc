// Random values as text: each spelling that Godot reads gives the value, each token that is
// missing or wrong is told with its line, numbers are what the C library reads, and what is
// written is what the simplest writer writes.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/tests/codec/support/hex.h"
#include "ringpeer/tests/codec/support/random_values.h"
#include "ringpeer/tests/codec/text/plain_writer.h"
#include "ringpeer/tests/codec/text/speller.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer {
namespace {

using test::Draws;

// What a text can say: signals lose all, no object is Nil, and keys are of one kind that has
// an order.

Variant key_of_kind(std::size_t kind, Draws& draws) {
  switch (kind) {
    case 0:
      return testing::random_text(draws);
    case 1:
      return testing::random_integer(draws);
    case 2:
      return Vector3i{static_cast<int>(draws.below(3)), static_cast<int>(draws.below(3)) - 1,
                      static_cast<int>(draws.below(30))};
    case 3:
      return (static_cast<double>(draws.below(2001)) - 1000) / 8;
    default: {
      Array key;
      for (std::size_t left = draws.below(4); left > 0; --left) {
        key.push_back(draws.one_in(3)
                          ? Variant(Array{static_cast<std::int64_t>(draws.below(3))})
                          : Variant(Array{Array{}, static_cast<std::int64_t>(draws.below(3))}));
      }
      return key;
    }
  }
}

Variant as_text_can_say(const Variant& value, Draws& draws) {
  if (value.is<Signal>()) return Signal();
  if (value.is_array()) {
    Array array(value.ref<Array>().element_type());
    for (const Variant& element : value.ref<Array>())
      array.push_back(as_text_can_say(element, draws));
    return array;
  }
  if (value.is_object()) {
    const auto& object = value.ref<Object>();
    if (object.is_null()) return {};
    if (object.is_id()) return value;
    Object copy{String(object.class_name())};
    for (const auto& [name, property] : object.properties()) {
      copy.set(name, as_text_can_say(property, draws));
    }
    return copy;
  }
  if (!value.is_dictionary()) return value;
  const auto& dictionary = value.ref<Dictionary>();
  Dictionary copy(ContainerType(), dictionary.value_type());
  const std::size_t kind = draws.below(5);
  for (const auto& [key, element] : dictionary) {
    copy.set(key_of_kind(kind, draws), as_text_can_say(element, draws));
  }
  return copy;
}
class TextModel final : public test::Model {
 public:
  enum Kind {
    kSpell,
    kBadToken,
    kLeftOut,
    kNumber,
    kPrint,
    kWrite,
    kDeep,
    kTyped,
    kColor,
    kEscapes,
    kKeysInKeys
  };

  void step(std::size_t kind, Draws& draws) override {
    switch (static_cast<Kind>(kind)) {
      case kSpell:
        return spell(draws);
      case kBadToken:
        return put_bad_token(draws);
      case kLeftOut:
        return leave_out(draws);
      case kNumber:
        return read_number(draws);
      case kPrint:
        return print_number(draws.one_in(2) ? testing::random_double(draws)
                                            : static_cast<double>(testing::random_float(draws)));
      case kWrite:
        return write(as_text_can_say(testing::random_value(draws), draws));
      case kDeep:
        return go_deep(draws);
      case kTyped:
        return all_or_none(draws);
      case kColor:
        return read_color(draws);
      case kEscapes:
        return read_escapes(draws);
      case kKeysInKeys:
        return order_keys_in_keys(draws);
    }
  }

 private:
  static void expect_same(const Variant& read, const Variant& value, const std::string& text) {
    ASSERT_EQ(read, value) << text;
    // NaN has one spelling and many bits.
    if (text.find("nan") != std::string::npos) return;
    constexpr EncodeOptions kFull = {.full_objects = true};
    ASSERT_EQ(testing::to_hex(testing::encoded(read, kFull)),
              testing::to_hex(testing::encoded(value, kFull)))
        << text;
  }
  static void expect_refused(const std::string& text, TextError* error) {
    Variant value = 1;
    ASSERT_EQ(str_to_var(text, &value, error), Error::ERR_PARSE_ERROR) << text;
    ASSERT_TRUE(value.is_nil());
    ASSERT_FALSE(error->message.empty());
  }
  static std::size_t lines_before(const std::string& text, std::size_t position) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(position);
    return static_cast<std::size_t>(1 + std::count(text.begin(), end, '\n'));
  }

  static void spell(Draws& draws) {
    const Variant value = as_text_can_say(testing::random_value(draws), draws);
    std::string text = testing::join_tokens(testing::spell(value, &draws).tokens, &draws);
    if (draws.one_in(2)) text += " , $ } what follows";
    Variant read;
    TextError error;
    ASSERT_EQ(str_to_var(text, &read, &error), Error::OK) << error.message << ": " << text;
    expect_same(read, value, text);
  }

  static void put_bad_token(Draws& draws) {
    std::vector<std::string> tokens =
        testing::spell(as_text_can_say(testing::random_value(draws), draws), &draws).tokens;
    const std::size_t bad = draws.below(tokens.size());
    tokens[bad] = "$";
    std::vector<std::size_t> starts;
    const std::string text = testing::join_tokens(tokens, &draws, &starts);
    TextError error;
    expect_refused(text, &error);
    EXPECT_EQ(error.message, "unexpected character") << text;
    EXPECT_EQ(error.line, lines_before(text, starts[bad])) << text;
  }

  // All behind some token, or one comma, colon or bracket.
  static void leave_out(Draws& draws) {
    const testing::Spelling spelling =
        testing::spell(as_text_can_say(testing::random_value(draws), draws), &draws);
    std::vector<std::string> tokens = spelling.tokens;
    const std::size_t which = draws.below(tokens.size());
    const std::string& token = tokens[which];
    const bool closes = token == "]" || token == ")" || token == "}";
    const bool separates = (token == "," || token == ":") && !spelling.optional.contains(which);
    if (separates || (closes && which + 1 == tokens.size())) {
      tokens[which] = " ";  // two numbers are not one
    } else {
      tokens.resize(which);
    }
    TextError error;
    expect_refused(testing::join_tokens(tokens, &draws), &error);
    std::string unclosed = "\"a" + testing::random_text(draws);
    std::erase(unclosed, '"');
    std::erase(unclosed, '\\');
    expect_refused("\"" + unclosed, &error);
  }

  // Any digits, as the C library reads them; what is beyond is the nearest there is.
  static void read_number(Draws& draws) {
    const auto digits = [&draws] {
      std::string text;
      for (std::size_t left = 1 + draws.below(draws.one_in(6) ? 400 : 22); left > 0; --left) {
        text += static_cast<char>('0' + (draws.one_in(3) ? 0 : draws.below(10)));
      }
      return text;
    };
    std::string number = draws.one_in(2) ? "-" : "";
    number += draws.one_in(2) ? "0" : digits();
    const bool has_point = draws.one_in(2);
    const bool has_exponent = draws.one_in(2);
    if (has_point) number += "." + (draws.one_in(4) ? std::string() : digits());
    if (has_point && draws.one_in(3)) number += std::string(draws.below(700), '0') + digits();
    if (has_exponent) {
      constexpr std::array<std::string_view, 3> kSigns{"", "-", "+"};
      number += draws.one_in(2) ? "E" : "e";
      number += draws.one_of(kSigns);
      number += std::to_string(draws.one_in(6) ? testing::random_integer(draws) & INT64_MAX
                                               : static_cast<std::int64_t>(draws.below(400)));
    }
    Variant value;
    ASSERT_EQ(str_to_var(number, &value), Error::OK) << number;
    if (has_point || has_exponent) {
      ASSERT_TRUE(value.is_float()) << number;
      const double expected = std::strtod(number.c_str(), nullptr);
      ASSERT_EQ(value.ref<double>(), expected) << number;
      ASSERT_EQ(std::signbit(value.ref<double>()), std::signbit(expected)) << number;
    } else {
      ASSERT_EQ(value, Variant(std::int64_t{std::strtoll(number.c_str(), nullptr, 10)})) << number;
    }
  }

  // Read back it is the same; plain from 0.0001 to 15 digits, and no digit is for nothing.
  static void print_number(double value) {
    const std::string text = var_to_str(value);
    if (!std::isfinite(value)) {
      ASSERT_EQ(text, std::isnan(value) ? "nan" : value > 0 ? "inf" : "inf_neg");
      return;
    }
    // What a float holds exactly is written with a float's digits.
    if (static_cast<double>(static_cast<float>(value)) == value) {
      ASSERT_EQ(std::strtof(text.c_str(), nullptr), static_cast<float>(value)) << text;
    } else {
      ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
    }
    const std::size_t exponent = text.find('e');
    const double size = std::abs(value);
    ASSERT_EQ(exponent == std::string::npos, value == 0 || (size >= 0.0001 && size < 1e15)) << text;
    const std::string mantissa = text.substr(0, exponent);
    ASSERT_LE(std::count_if(mantissa.begin(), mantissa.end(), ::isdigit), 20) << text;
    if (exponent == std::string::npos) {
      ASSERT_NE(mantissa.find('.'), std::string::npos) << text;
      ASSERT_TRUE(text.ends_with(".0") || !text.ends_with("0")) << text;
    } else {
      ASSERT_TRUE(text[exponent + 1] == '+' || text[exponent + 1] == '-') << text;
      ASSERT_GE(text.size() - exponent, 4u) << text;
      ASSERT_TRUE(mantissa.size() < 3 || !mantissa.ends_with("0")) << text;
    }
  }

  static void write(const Variant& value) {
    ASSERT_EQ(var_to_str(value), testing::write_plainly(value));
  }

  // As deep as values may nest, and one more; written as deep as texts do.
  static void go_deep(Draws& draws) {
    constexpr std::array<std::size_t, 6> kLevels{kTextDepth - 1, kTextDepth,
                                                 kTextDepth + 1, kMaximumDepth - 1,
                                                 kMaximumDepth,  kMaximumDepth + 1};
    const std::size_t levels = draws.one_of(kLevels);
    const std::size_t kind = draws.below(3);
    constexpr std::array<std::string_view, 3> kOpen{"[", "{1:", "Object(A,\"a\":"};
    constexpr std::array<std::string_view, 3> kClose{"]", "}", ")"};
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += kOpen[kind];
    text += "7";
    for (std::size_t i = 0; i < levels; ++i) text += kClose[kind];
    Variant value;
    const Error error = str_to_var(text, &value);
    ASSERT_EQ(error, levels <= kMaximumDepth ? Error::OK : Error::ERR_OUT_OF_MEMORY);
    ASSERT_EQ(value.is_nil(), error != Error::OK);
    write(value);
  }

  // A typed Array that does not take one of its elements is empty.
  static void all_or_none(Draws& draws) {
    std::string elements;
    Array expected(ContainerType::builtin(VariantType::INT));
    Array inner(ContainerType::builtin(VariantType::INT));
    bool takes_all = true;
    for (std::size_t left = draws.below(6); left > 0; --left) {
      if (!elements.empty()) elements += ", ";
      const auto number = static_cast<std::int64_t>(draws.below(100));
      switch (draws.below(8)) {
        case 0:
          elements += "\"7\"";
          takes_all = false;
          break;
        case 1:
          elements += std::to_string(number) + ".75";
          expected.push_back(number);
          break;
        case 2:
          elements += "true";
          expected.push_back(1);
          break;
        default:
          elements += std::to_string(number);
          expected.push_back(number);
      }
    }
    if (!takes_all) expected.clear();
    Variant value;
    ASSERT_EQ(str_to_var("Array[int]([" + elements + "])", &value), Error::OK);
    ASSERT_EQ(value.ref<Array>().element_type(), expected.element_type());
    expect_same(value, expected, elements);
    // Of a Dictionary as well.
    Dictionary entries(ContainerType(), ContainerType::builtin(VariantType::INT));
    if (takes_all) {
      entries.set(1, 5);
      entries.set(2, 6);
    }
    const std::string last = takes_all ? "6" : "\"7\"";
    ASSERT_EQ(str_to_var("Dictionary[Variant, int]({1: 5, 2: " + last + "})", &value), Error::OK);
    expect_same(value, entries, last);
  }

  // Units of UTF-16 and points: halves of pairs are none by themselves, 0 cannot be in a text.
  static void read_escapes(Draws& draws) {
    constexpr std::array<unsigned, 9> kUnits{0,      0x41,   0xe9,   0xd7ff, 0xd800,
                                             0xdbff, 0xdc00, 0xdfff, 0xe000};
    const unsigned first = draws.one_of(kUnits);
    const unsigned second = draws.one_of(kUnits);
    std::string text = fmt::format("\\u{:04x}\\u{:04x}", first, second);
    const auto leads = [](unsigned unit) { return unit >> 10 == 0xd800 >> 10; };
    const auto trails = [](unsigned unit) { return unit >> 10 == 0xdc00 >> 10; };
    std::string expected;
    bool is_good = true;
    if (leads(first)) {
      is_good = trails(second);
      append_point(0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff), &expected);
    } else {
      is_good = !trails(first) && !leads(second) && !trails(second);
      append_point(first, &expected);
      append_point(second, &expected);
    }
    if (draws.one_in(6)) {  // digits that are missing, or none
      text.back() = draws.one_in(2) ? 'g' : '"';
      is_good = false;
    }
    TextError error;
    if (!is_good) return expect_refused("\"" + text + "\"", &error);
    Variant value;
    ASSERT_EQ(str_to_var("\"" + text + "\"", &value), Error::OK) << text;
    ASSERT_EQ(value.as_text(), expected) << text;
    // Of those that Godot writes and does not read, too.
    ASSERT_EQ(str_to_var("\"\\a\\v\"", &value, nullptr, {.read_control_escapes = false}),
              Error::OK);
    ASSERT_EQ(value.as_text(), "av");
  }
  static void append_point(unsigned point, std::string* text) {
    if (point == 0) point = 0xfffd;
    if (point < 0x80) {
      *text += static_cast<char>(point);
      return;
    }
    const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    constexpr std::array<unsigned, 4> kFirst{0, 0xc0, 0xe0, 0xf0};
    *text += static_cast<char>(kFirst[static_cast<std::size_t>(more)] | point >> (6 * more));
    for (int i = more - 1; i >= 0; --i)
      *text += static_cast<char>(0x80 | (point >> (6 * i) & 0x3f));
  }

  // Keys that differ only inside many arrays: a second look at each level would never end.
  static void order_keys_in_keys(Draws& draws) {
    const std::size_t levels = 1 + draws.below(80);
    std::vector<std::int64_t> numbers;
    Dictionary dictionary;
    for (std::size_t left = draws.below(30); left > 0; --left) {
      numbers.push_back(static_cast<std::int64_t>(draws.below(1000)));
      Variant key = numbers.back();
      for (std::size_t i = 0; i < levels; ++i) key = Array{key};
      dictionary.set(key, {});
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::string expected;
    for (const std::int64_t number : numbers) {
      expected += (expected.empty() ? "{\n" : ",\n") + std::string(levels, '[') +
                  std::to_string(number) + std::string(levels, ']') + ": null";
    }
    ASSERT_EQ(var_to_str(dictionary), expected.empty() ? "{}" : expected + "\n}");
  }

  static void read_color(Draws& draws) {
    constexpr std::array<std::size_t, 6> kDigits{3, 4, 6, 8, 5, 7};
    const std::size_t digits = draws.one_of(kDigits);
    std::string text = "#";
    std::array<unsigned, 8> digit{};
    for (std::size_t i = 0; i < digits; ++i) {
      digit[i] = static_cast<unsigned>(draws.below(16));
      text += (draws.one_in(2) ? "0123456789ABCDEF" : "0123456789abcdef")[digit[i]];
    }
    Variant value;
    if (digits == 5 || digits == 7) {
      ASSERT_EQ(str_to_var(text, &value), Error::ERR_PARSE_ERROR);
      return;
    }
    std::array<float, 4> channels{0, 0, 0, 1};
    const bool is_short = digits < 6;
    for (std::size_t i = 0; i < (is_short ? digits : digits / 2); ++i) {
      const unsigned byte = is_short ? digit[i] * 17 : digit[2 * i] * 16 + digit[2 * i + 1];
      channels[i] = static_cast<float>(byte) / 255.0F;
    }
    ASSERT_EQ(str_to_var(text, &value), Error::OK);
    ASSERT_EQ(value, Variant(Color{channels[0], channels[1], channels[2], channels[3]})) << text;
  }
};

TEST(TextModelTest, ReadsEachSpellingAndWritesOne) {
  test::ModelPlan plan;
  plan.kinds = {{"spell", 4}, {"bad_token", 2}, {"left_out", 2},    {"number", 3},
                {"print", 2}, {"write", 3},     {"deep", 1},        {"typed", 1},
                {"color", 1}, {"escapes", 2},   {"keys_in_keys", 1}};
  plan.sequences = 500;
  plan.max_operations = 40;
  plan.make = [](Draws&) { return std::make_unique<TextModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
