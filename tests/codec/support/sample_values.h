#ifndef RINGPEER_TESTS_CODEC_SUPPORT_SAMPLE_VALUES_H_
#define RINGPEER_TESTS_CODEC_SUPPORT_SAMPLE_VALUES_H_

#include <cmath>
#include <cstdint>
#include <vector>

#include "ringpeer/codec/value/variant.h"

namespace ringpeer::testing {

// Values of every type, none of which is its type's default where there is another one; those that
// own memory do so.
inline std::vector<Variant> sample_values() {
  constexpr const char* kLong = "a text that no String holds inside itself";
  Object object((String("Node")));
  object.set("name", kLong);
  object.set("children", Array{1, Dictionary{{"a", 2}}});
  Dictionary indexed;
  for (int i = 0; i < 20; ++i) indexed[Variant(i)] = kLong;
  Dictionary typed(ContainerType::builtin(VariantType::STRING),
                   ContainerType::object_class("A class with a name of its own"));
  typed.set("a", Variant());
  return {Variant(),
          true,
          42,
          std::int64_t{1} << 40,
          0.5,
          0.1,
          std::nan(""),
          "short",
          kLong,
          Vector2{1, 2},
          Vector2i{1, -2},
          Rect2{{1, 2}, {3, 4}},
          Rect2i{{1, 2}, {3, 4}},
          Vector3{1, 2, 3},
          Vector3i{1, 2, 3},
          Transform2D{{1, 2}, {3, 4}, {5, 6}},
          Vector4{1, 2, 3, 4},
          Vector4i{1, 2, 3, 4},
          Plane{{1, 2, 3}, 4},
          Quaternion{1, 0, 0, 0},
          AABB{{1, 2, 3}, {4, 5, 6}},
          Basis{{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}},
          Transform3D{{}, {1, 2, 3}},
          Projection{{1, 2, 3, 4}, {}, {}, {}},
          Color{1, 0.5, 0.25, 0.5},
          StringName("name"),
          StringName(kLong),
          NodePath("/root/Main and more of a name:position:x"),
          NodePath("a"),
          RID{5},
          Object::from_id(99),
          object,
          Callable(),
          Signal{StringName(kLong), 7},
          Dictionary{{"a", 1}, {"b", Array{kLong}}},
          indexed,
          typed,
          Array{1, Array{2, kLong}},
          Array(ContainerType::builtin(VariantType::INT), {1, 2}),
          Array(ContainerType::script("res://a script with a long path.gd"), {Variant()}),
          PackedByteArray{1, 2, 3},
          PackedInt32Array{1, -1},
          PackedInt64Array{1, -1},
          PackedFloat32Array{0.5, 1},
          PackedFloat64Array{0.1},
          PackedStringArray{String("a"), String(""), String(kLong)},
          PackedVector2Array{{1, 2}},
          PackedVector3Array{{1, 2, 3}},
          PackedColorArray{{1, 2, 3, 4}},
          PackedVector4Array{{1, 2, 3, 4}}};
}

}  // namespace ringpeer::testing

#endif  // RINGPEER_TESTS_CODEC_SUPPORT_SAMPLE_VALUES_H_
