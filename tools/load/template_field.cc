#include "ringpeer/tools/load/template_field.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <numbers>
#include <vector>

#include "ringpeer/codec/value/math_types.h"
#include "ringpeer/tools/load/varying_field.h"

namespace ringpeer::tools {
namespace {

// Beyond, single precision has no steps.
constexpr double kMaxStep = 1e6;
constexpr double kMaxBound = 1e15;

template <typename T>
bool parse_number(std::string_view text, T* number) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return false;
  text = text.substr(first, text.find_last_not_of(' ') - first + 1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// "name(a,b)": the name, and what is between the parentheses.
bool split(std::string_view text, std::string_view* name,
           std::vector<std::string_view>* arguments) {
  const std::size_t open = text.find('(');
  *name = text.substr(0, open);
  if (open == std::string_view::npos) return true;
  if (!text.ends_with(')')) return false;
  std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  for (;;) {
    const std::size_t comma = inside.find(',');
    arguments->push_back(inside.substr(0, comma));
    if (comma == std::string_view::npos) return true;
    inside.remove_prefix(comma + 1);
  }
}

bool parse_random(const std::vector<std::string_view>& bounds, TemplateField* field) {
  field->kind = TemplateField::Kind::kRandomFloat;
  if (bounds.empty()) return true;
  if (bounds.size() != 2) return false;
  if (parse_number(bounds[0], &field->low) && parse_number(bounds[1], &field->high)) {
    field->kind = TemplateField::Kind::kRandomInt;
    return field->low <= field->high;
  }
  return parse_number(bounds[0], &field->from) && parse_number(bounds[1], &field->to) &&
         field->from >= -kMaxBound && field->to <= kMaxBound && field->from < field->to;
}

bool parse_walk(const std::vector<std::string_view>& arguments, TemplateField::Kind kind,
                TemplateField* field) {
  field->kind = kind;
  if (arguments.empty()) return true;
  return arguments.size() == 1 && parse_number(arguments[0], &field->step) && field->step > 0 &&
         field->step <= kMaxStep;
}

bool parse_named(std::string_view text, TemplateField* field) {
  std::string_view name;
  std::vector<std::string_view> arguments;
  if (!split(text, &name, &arguments)) return false;
  if (name == "random") return parse_random(arguments, field);
  if (name == "walk2") return parse_walk(arguments, TemplateField::Kind::kWalk2, field);
  if (name == "walk3") return parse_walk(arguments, TemplateField::Kind::kWalk3, field);
  if (name == "sequence")
    field->kind = TemplateField::Kind::kSequence;
  else if (name == "time")
    field->kind = TemplateField::Kind::kTime;
  else if (name == "client")
    field->kind = TemplateField::Kind::kClient;
  else
    return false;
  return text.find('(') == std::string_view::npos;
}

// From 0 to 1, without 1: 53 bits, all that a double has.
double fraction(std::uint64_t number) { return static_cast<double>(number >> 11) * 0x1p-53; }

std::int64_t between(std::int64_t low, std::int64_t high, std::uint64_t number) {
  const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const std::uint64_t offset = span == ~std::uint64_t{0} ? number : number % (span + 1);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

// One axis of a walk: waves whose lengths have no common measure never come back to where they
// were together, and the place of any packet is known without those before. The steepest part of
// all waves together is a step of 1.
double walked(std::uint64_t seed, std::uint64_t client, std::uint64_t axis,
              std::uint64_t sequence) {
  constexpr std::array<double, 3> kTurns = {0.0101, 0.0271828, 0.0618034};  // radians a packet
  double place = 0;
  for (std::size_t i = 0; i < kTurns.size(); ++i) {
    const double phase = fraction(seeded_number(seed, client, axis, i)) * 2 * std::numbers::pi;
    place += std::sin(phase + static_cast<double>(sequence) * kTurns[i]) / kTurns[i];
  }
  return place / static_cast<double>(kTurns.size());
}

}  // namespace

std::optional<TemplateField> parse_template_field(std::string_view text, std::string* error) {
  if (!text.starts_with('$')) return std::nullopt;
  TemplateField field;
  if (text.starts_with("$$")) {
    field.text = text.substr(1);
    return field;
  }
  if (parse_named(text.substr(1), &field)) return field;
  *error = fmt::format(
      "\"{}\": write \"$sequence\", \"$time\", \"$client\", \"$random\", \"$random(a,b)\", "
      "\"$walk2(step)\" or \"$walk3(step)\"; \"$${}\" is that text itself.",
      text, text.substr(1));
  return std::nullopt;
}

Variant value_of(const TemplateField& field, std::size_t number, const LoadStamp& stamp,
                 std::uint64_t seed) {
  using Kind = TemplateField::Kind;
  const std::uint64_t random = seeded_number(seed, stamp.client, stamp.sequence, number);
  // Of as many dimensions, a step is no longer than one of one.
  const auto axis = [&](std::uint64_t which, std::uint64_t dimensions) {
    const double place =
        walked(seed, stamp.client, number * dimensions + which + 1, stamp.sequence);
    return static_cast<float>(place * field.step / std::sqrt(static_cast<double>(dimensions)));
  };
  switch (field.kind) {
    case Kind::kSequence:
      return static_cast<std::int64_t>(stamp.sequence);
    case Kind::kTime:
      return std::int64_t{std::chrono::nanoseconds(stamp.due_at.time_since_epoch()).count()};
    case Kind::kClient:
      return std::int64_t{stamp.client};
    case Kind::kRandomFloat:
      return field.from + fraction(random) * (field.to - field.from);
    case Kind::kRandomInt:
      return between(field.low, field.high, random);
    case Kind::kWalk2:
      return Vector2{axis(0, 2), axis(1, 2)};
    case Kind::kWalk3:
      return Vector3{axis(0, 3), axis(1, 3), axis(2, 3)};
    case Kind::kText:
      break;
  }
  return field.text;
}

}  // namespace ringpeer::tools
