#include "ringpeer/tools/command/quantity.h"

#include <charconv>
#include <cmath>

namespace ringpeer::tools {
namespace {

struct Quantity {
  double number = 0;
  std::string_view unit;
};

std::optional<Quantity> split(std::string_view text) {
  Quantity quantity;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, quantity.number);
  if (result.ec != std::errc() || !std::isfinite(quantity.number) || quantity.number < 0) {
    return std::nullopt;
  }
  quantity.unit = text.substr(static_cast<std::size_t>(result.ptr - text.data()));
  return quantity;
}

}  // namespace

std::optional<double> parse_seconds(std::string_view text) {
  constexpr struct {
    std::string_view name;
    double seconds;
  } kUnits[] = {{"", 1}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"m", 60}, {"h", 3600}};
  const std::optional<Quantity> quantity = split(text);
  if (!quantity) return std::nullopt;
  for (const auto& unit : kUnits) {
    if (unit.name == quantity->unit) return quantity->number * unit.seconds;
  }
  return std::nullopt;
}

std::optional<double> parse_percent(std::string_view text) {
  const std::optional<Quantity> quantity = split(text);
  if (!quantity || (!quantity->unit.empty() && quantity->unit != "%")) return std::nullopt;
  return quantity->number;
}

}  // namespace ringpeer::tools
