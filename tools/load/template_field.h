#ifndef RINGPEER_TOOLS_LOAD_TEMPLATE_FIELD_H_
#define RINGPEER_TOOLS_LOAD_TEMPLATE_FIELD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/tools/load/load_payload.h"

namespace ringpeer::tools {

// A value of a template that differs from packet to packet. In the template it is a text that
// begins with '$':
//
//   "$sequence"      int: which packet of this client it is, from 0
//   "$time"          int: when it is sent, nanoseconds of the steady clock
//   "$client"        int: which client, from 0
//   "$random"        float from 0 to 1
//   "$random(a,b)"   int from a to b, both among them; float, without b, if one has a point
//   "$walk2"         Vector2 that moves by 1 a packet at most; "$walk2(step)": by so much
//   "$walk3"         the same, Vector3
//   "$$..."          the text "$..."
//
// Random numbers and walks depend on the seed, the client, the packet's number and the field alone.
struct TemplateField {
  enum class Kind { kSequence, kTime, kClient, kRandomFloat, kRandomInt, kWalk2, kWalk3, kText };

  Kind kind = Kind::kText;
  std::int64_t low = 0;  // of kRandomInt
  std::int64_t high = 0;
  double from = 0;  // of kRandomFloat
  double to = 1;
  double step = 1;   // of walks
  std::string text;  // of kText
};

// Nothing when `text` does not begin with '$'; otherwise a field, or an *error in words.
std::optional<TemplateField> parse_template_field(std::string_view text, std::string* error);

// The value of a packet's field, the `number`th of the template.
Variant value_of(const TemplateField& field, std::size_t number, const LoadStamp& stamp,
                 std::uint64_t seed);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_TEMPLATE_FIELD_H_
