#include "ringpeer/tools/command/report_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "ringpeer/tools/command/text_table.h"

namespace ringpeer::tools {

using nlohmann::ordered_json;

namespace {

bool is_in_one_line(const ordered_json& value) {
  if (value.is_object()) return value.empty();
  if (!value.is_array()) return true;
  return std::all_of(value.begin(), value.end(), [](const ordered_json& item) {
    return item.is_number() || (item.is_array() && is_in_one_line(item));
  });
}

void write_json(const ordered_json& value, std::size_t indent, std::string* text) {
  if (is_in_one_line(value)) {
    *text += value.dump();
    return;
  }
  const bool is_object = value.is_object();
  *text += is_object ? '{' : '[';
  const char* separator = "\n";
  for (const auto& [name, item] : value.items()) {
    *text += separator + std::string(indent + 2, ' ');
    if (is_object) *text += ordered_json(name).dump() + ": ";
    write_json(item, indent + 2, text);
    separator = ",\n";
  }
  *text += "\n" + std::string(indent, ' ') + (is_object ? '}' : ']');
}

}  // namespace

std::string json_text(const ordered_json& report) {
  std::string text;
  write_json(report, 0, &text);
  return text;
}

ordered_json ratio(double part, double whole) {
  return whole > 0 ? ordered_json(part / whole) : ordered_json(nullptr);
}

ordered_json per_second(std::uint64_t count, double seconds) {
  return ratio(static_cast<double>(count), seconds);
}

std::string count_text(const ordered_json& count) {
  return count.is_null() ? "unknown" : with_thousands(count.get<std::int64_t>());
}

std::string rate_text(const ordered_json& count, const ordered_json& rate) {
  const std::string per_second =
      rate.is_null() ? "unknown" : with_thousands(static_cast<std::int64_t>(rate.get<double>()));
  return fmt::format("{}  ({}/s)", count_text(count), per_second);
}

std::string number_text(const ordered_json& number, int digits) {
  return number.is_null() ? "unknown" : fmt::format("{:.{}f}", number.get<double>(), digits);
}

std::string drops_text(const ordered_json& drops) {
  std::string text;
  for (const auto& [reason, count] : drops.items()) {
    if (count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", reason, count_text(count));
  }
  return text.empty() ? "none" : text;
}

std::string percent_text(const ordered_json& percent) {
  return percent.is_null() ? "unknown" : number_text(percent, 1) + " %";
}

}  // namespace ringpeer::tools
