#include "ringpeer/codec/text/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>

namespace ringpeer {
namespace {

Variant parsed(std::string_view text) {
  Variant value;
  TextError error;
  EXPECT_EQ(str_to_var(text, &value, &error), Error::OK) << text << ": " << error.message;
  return value;
}

TEST(Text, ReadsBackWhatItWrites) {
  for (const char* text : {"null",
                           "true",
                           "-9223372036854775808",
                           "0.1",
                           "1e+15",
                           "-1.0000000000000001e+39",
                           "inf",
                           "inf_neg",
                           "nan",
                           "\"a\\\"b\\\\\"",
                           "&\"a\\n\\v\\a\\'\"",
                           "NodePath(\"/root/A:x\")",
                           "Vector3(1, 2.5, -3)",
                           "Basis(1, 4, 7, 2, 5, 8, 3, 6, 9)",
                           "RID(5)",
                           "RID()",
                           "Callable()",
                           "Signal()",
                           "[1, [], {}]",
                           "{\n\"a\": 1,\n\"b\": {\n2: null\n}\n}",
                           "Array[int]([1, 2])",
                           "Array[Node]([null])",
                           "Array[Resource(\"res://a.gd\")]([])",
                           "Dictionary[String, Variant]({\n\"a\": 1\n})",
                           "Dictionary[int, Node]({})",
                           "PackedByteArray(1, 255)",
                           "PackedStringArray(\"a\", \"\\n\")",
                           "PackedVector2Array(1, 2, 3, 4)",
                           "PackedFloat64Array(0.1, nan)",
                           "Object(Node,\"name\":\"x\",\"script\":Resource(\"res://a.gd\"))\n",
                           "Object(EncodedObjectAsID,\"object_id\":-5,\"script\":null)\n"}) {
    EXPECT_EQ(var_to_str(parsed(text)), text);
  }
}

// What a float holds exactly is written with a float's digits, as Godot does, and the double
// that is nearest to those with more of them: it takes two writings until nothing changes.
TEST(Regression, AFloatsDigitsMayBeWrittenAnewOnce) {
  const std::string first = var_to_str(parsed("461168601842738777777.7761"));
  EXPECT_EQ(first, "4.611686e+20");
  const std::string second = var_to_str(parsed(first));
  EXPECT_EQ(second, "4.6116860000000003e+20");
  EXPECT_EQ(var_to_str(parsed(second)), second);
}

TEST(Text, ControlEscapesAreReadUnlessAskedNot) {
  EXPECT_EQ(parsed("\"\\a\\v\\n\"").as_text(), "\a\v\n");
  Variant value;
  ASSERT_EQ(str_to_var("\"\\a\\v\\n\"", &value, nullptr, {.read_control_escapes = false}),
            Error::OK);
  EXPECT_EQ(value.as_text(), "av\n");
}

// Found by fuzzing: the text of such names did not read back.
TEST(Regression, PropertyNamesAndPathsAreEscaped) {
  Variant value =
      parsed("Object(Node,\"a\\\\b\":1,\"q\\\"\":2,\"script\":Resource(\"res://\\\"\"))");
  const auto& object = value.ref<Object>();
  EXPECT_NE(object.find("a\\b"), nullptr);
  EXPECT_NE(object.find("q\""), nullptr);
  EXPECT_EQ(var_to_str(parsed(var_to_str(value))), var_to_str(value));
  EXPECT_EQ(parsed(var_to_str(value)), value);
}

TEST(Text, ReadsWhatGodotReads) {
  EXPECT_EQ(parsed(" ; a comment\n [ 1 , 2, ] "), Variant(Array{1, 2}));
  EXPECT_EQ(parsed("1 and what follows"), Variant(1));
  EXPECT_EQ(parsed("\"\\u00e9\\U01F600\\ud83d\\ude00\"").as_text(), "é😀😀");
  EXPECT_EQ(parsed("#ff0000"), Variant(Color{1, 0, 0, 1}));
  EXPECT_EQ(parsed("Vector3i(1.9, 2, 3)"), Variant(Vector3i{1, 2, 3}));
  EXPECT_EQ(parsed("PackedByteArray(\"AQID\")"), Variant(PackedByteArray{1, 2, 3}));
  EXPECT_EQ(parsed("PoolIntArray(1, 2)"), Variant(PackedInt32Array{1, 2}));
  EXPECT_EQ(parsed("-inf"), Variant(-std::numeric_limits<double>::infinity()));
  EXPECT_EQ(parsed("99999999999999999999"), Variant(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(parsed("@\"old\"").type(), VariantType::STRING_NAME);
  EXPECT_EQ(parsed("Array[int]([1, \"x\"])").size(), 0U);
}

// All that a real Godot 4.6.3 was found to read, with the name that it gives back.
TEST(Text, ReadsEveryOlderTypeName) {
  constexpr struct {
    std::string_view names;
    std::string_view arguments;
    std::string_view name;
  } kOlder[] = {
      {"Matrix32", "(1, 0, 0, 1, 2, 3)", "Transform2D"},
      {"Quat", "(0, 0, 0, 1)", "Quaternion"},
      {"Rect3", "(1, 2, 3, 4, 5, 6)", "AABB"},
      {"Matrix3", "(1, 0, 0, 0, 1, 0, 0, 0, 1)", "Basis"},
      {"Transform", "(1, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4)", "Transform3D"},
      {"ByteArray PoolByteArray", "(1, 255)", "PackedByteArray"},
      {"IntArray PoolIntArray PackedIntArray", "(1, -2)", "PackedInt32Array"},
      {"FloatArray PoolRealArray PackedRealArray", "(1.5, nan)", "PackedFloat32Array"},
      {"StringArray PoolStringArray", "(\"a\", \"b\")", "PackedStringArray"},
      {"Vector2Array PoolVector2Array", "(1, 2, 3, 4)", "PackedVector2Array"},
      {"Vector3Array PoolVector3Array", "(1, 2, 3)", "PackedVector3Array"},
      {"Vector4Array PoolVector4Array", "(1, 2, 3, 4)", "PackedVector4Array"},
      {"ColorArray PoolColorArray", "(1, 0.5, 0, 1)", "PackedColorArray"},
  };
  for (const auto& [names, arguments, name] : kOlder) {
    std::istringstream older{std::string(names)};
    for (std::string one; older >> one;) {
      EXPECT_EQ(var_to_str(parsed(one + std::string(arguments))),
                std::string(name) + std::string(arguments));
    }
  }
  // Names that look like them and that Godot does not know.
  for (const char* text : {"RealArray()", "Int64Array()", "PoolFloatArray()", "PackedFloatArray()",
                           "PoolInt32Array()", "DoubleArray()"}) {
    Variant value;
    EXPECT_EQ(str_to_var(text, &value), Error::ERR_PARSE_ERROR) << text;
  }
}

// A number that no double holds is infinite or zero by its value, however it is written.
TEST(Text, NumbersBeyondADoubleAreInfiniteOrZero) {
  const std::string zeros(400, '0');
  for (const std::string& text :
       {std::string("1e400"), std::string("0.1e400"), "1" + zeros + ".0", "1" + zeros + "e-5",
        "0." + zeros + "1e800", std::string("1.7976931348623159e308"), std::string("1E+309"),
        "000" + zeros + "1e400", "1" + zeros + "." + zeros, std::string("1e99999999999999999999"),
        std::string("123.456e307"), std::string("0.001e312")}) {
    EXPECT_EQ(var_to_str(parsed(text)), "inf") << text;
    EXPECT_EQ(var_to_str(parsed("-" + text)), "inf_neg") << text;
  }
  for (const std::string& text :
       {std::string("1e-400"), std::string("0.1e-400"), "0." + zeros + "1", "1" + zeros + "e-800",
        "0." + zeros + "1e5", std::string("1e-99999999999999999999"), std::string("0e400"),
        "0." + zeros, std::string("123.456e-400"), std::string("1000e-330")}) {
    EXPECT_EQ(parsed(text), Variant(0.0)) << text;
    EXPECT_TRUE(std::signbit(parsed("-" + text).as_float())) << text;
  }
  for (const std::string& text : {"1" + zeros + "e-400", "0." + zeros + "1e401"}) {
    EXPECT_EQ(parsed(text), Variant(1.0)) << text;
  }
  EXPECT_EQ(parsed("5e-324"), Variant(std::numeric_limits<double>::denorm_min()));
  EXPECT_EQ(parsed("1" + zeros), Variant(std::numeric_limits<std::int64_t>::max()));
}

// As a real Godot 4.6.3 reads them: a float that no int32 holds is the least one.
TEST(Text, FloatsBecomeIntegersAsTheProcessorHasIt) {
  for (const auto& [text, expected] : {
           std::pair("Vector2i(nan, inf)", "Vector2i(-2147483648, -2147483648)"),
           std::pair("Rect2i(inf_neg, 1e10, -1.9, 4294967297.0)",
                     "Rect2i(-2147483648, -2147483648, -1, -2147483648)"),
           std::pair("Vector2i(4294967297, -4294967297)", "Vector2i(1, -1)"),
           std::pair("PackedInt32Array(1e18, nan)", "PackedInt32Array(-2147483648, -2147483648)"),
           std::pair("PackedByteArray(inf, 300.7, 4294967551.0)", "PackedByteArray(0, 44, 0)"),
           std::pair("PackedInt64Array(1e19, 1e18)",
                     "PackedInt64Array(-9223372036854775808, 1000000000000000000)"),
           std::pair("RID(1.8e19)", "RID(-446744073709551616)"),
           std::pair("RID(1e300)", "RID()"),
       }) {
    EXPECT_EQ(var_to_str(parsed(text)), expected) << text;
  }
}

TEST(Text, ElementsOfTypeNilAreOfAnyType) {
  EXPECT_EQ(var_to_str(parsed("Array[Nil]([1, \"a\"])")), "[1, \"a\"]");
  EXPECT_EQ(var_to_str(parsed("Dictionary[Nil, int]({1: 2})")),
            "Dictionary[Variant, int]({\n1: 2\n})");
  EXPECT_EQ(var_to_str(parsed("Dictionary[int, Nil]({1: \"a\"})")),
            "Dictionary[int, Variant]({\n1: \"a\"\n})");
}

TEST(Text, RefusesWithALineAndAReason) {
  for (const char* text : {"",
                           "}",
                           "[1",
                           "[1 2]",
                           "{1 2}",
                           "{1:}",
                           "\"open",
                           "Vector3(1, 2)",
                           "Vector3(1, 2, x)",
                           "Unknown(1)",
                           "NodePath(1)",
                           "\"\\ud800\"",
                           "\"\\u12\"",
                           "Object(",
                           "Object(A)",
                           "& ",
                           "Array[int](1)",
                           "Dictionary[int]({})",
                           "$",
                           "#12345",
                           "Resource(\"res://a.tres\")",
                           "PackedByteArray(\"A\")"}) {
    Variant value = 1;
    TextError error;
    EXPECT_EQ(str_to_var(text, &value, &error), Error::ERR_PARSE_ERROR) << text;
    EXPECT_TRUE(value.is_nil());
    EXPECT_FALSE(error.message.empty()) << text;
  }
  TextError error;
  Variant value;
  EXPECT_EQ(str_to_var("[1,\n2,\n}", &value, &error), Error::ERR_PARSE_ERROR);
  EXPECT_EQ(error.line, 3U);
}

TEST(Text, NestingIsBounded) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  Variant value;
  EXPECT_EQ(str_to_var(nested(1025), &value), Error::OK);
  EXPECT_EQ(str_to_var(nested(1026), &value), Error::ERR_OUT_OF_MEMORY);
  EXPECT_EQ(str_to_var(std::string(1000000, '['), &value), Error::ERR_OUT_OF_MEMORY);
}

TEST(Text, SortsKeysAsGodot) {
  EXPECT_EQ(var_to_str(Dictionary{{"b", 1}, {2, 1}, {StringName("a"), 1}, {true, 1}, {-1, 1}}),
            "{\ntrue: 1,\n-1: 1,\n2: 1,\n&\"a\": 1,\n\"b\": 1\n}");
  // Text and other types have no consistent order: any size must come out whole.
  Dictionary mixed;
  for (int i = 0; i < 200; ++i) {
    mixed[Variant(StringName("n" + std::to_string(i * 7 % 200)))] = i;
    mixed["s" + std::to_string(i * 11 % 200)] = i;
    mixed[Variant(Vector2{static_cast<float>(i % 13), static_cast<float>(i)})] = i;
    mixed[Variant(Color{static_cast<float>(i), 0, 0, 1})] = i;
  }
  Variant again;
  ASSERT_EQ(str_to_var(var_to_str(mixed), &again), Error::OK);
  EXPECT_EQ(again, Variant(mixed));
}

// Comparing one pair of elements both ways at each level would take 2^400 steps.
TEST(Text, SortsNestedKeysInOneLookAtEach) {
  const auto nested = [](int leaf) {
    Variant key = leaf;
    for (int i = 0; i < 400; ++i) key = Array{1, std::move(key)};
    return key;
  };
  const std::string text = var_to_str(Dictionary{{nested(2), "second"}, {nested(1), "first"}});
  EXPECT_LT(text.find("first"), text.find("second"));
}

}  // namespace
}  // namespace ringpeer
