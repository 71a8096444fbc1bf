#include "ringpeer/bench/admission/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace ringpeer::bench {
namespace {

std::string text_of(const Json& row, const std::string& column) {
  const auto found = row.find(column);
  if (found == row.end() || found->is_null()) return "-";
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_float()) return fmt::format("{}", found->get<double>());
  return found->dump();
}

std::vector<std::string> columns_of(const Json& rows) {
  std::vector<std::string> columns;
  for (const Json& row : rows) {
    for (const auto& field : row.items()) {
      if (std::ranges::find(columns, field.key()) == columns.end()) columns.push_back(field.key());
    }
  }
  return columns;
}

}  // namespace

void Table::add(Json row, std::string_view verdict) {
  row["verdict"] = verdict;
  is_good = is_good && verdict != kMissed;
  rows.push_back(std::move(row));
}

void Table::add_error(Json row, const std::string& error) {
  row["verdict"] = "not measured: " + error;
  is_good = false;
  rows.push_back(std::move(row));
}

std::string to_text(const Table& table) {
  const std::vector<std::string> columns = columns_of(table.rows);
  std::string text = fmt::format("{}\n{}\n\n", table.name, table.about);
  std::vector<std::string> lines(table.rows.size() + 1);
  for (const std::string& column : columns) {
    std::size_t width = column.size();
    bool is_text = false;
    for (const Json& row : table.rows) {
      width = std::max(width, text_of(row, column).size());
      is_text = is_text || (row.contains(column) && row[column].is_string());
    }
    const auto cell = [&](const std::string& value) {
      return is_text ? fmt::format("{:<{}}  ", value, width)
                     : fmt::format("{:>{}}  ", value, width);
    };
    lines[0] += cell(column);
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      lines[i + 1] += cell(text_of(table.rows[i], column));
    }
  }
  for (const std::string& line : lines) {
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

Json to_json(const Table& table) {
  return {{"name", table.name}, {"rows", table.rows}, {"ok", table.is_good}};
}

double rounded(double value, int decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale;
}

Json steal_of(const std::optional<double>& percent) {
  return percent ? Json(rounded(*percent, 1)) : Json(nullptr);
}

std::string drops_of(const CounterSnapshot& counters) {
  constexpr std::string_view kPrefix = "drop_";
  std::string text;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    const CounterInfo& info = counter_info(static_cast<Counter>(i));
    if (!info.is_drop || counters.values[i] == 0) continue;
    std::string_view name = info.name;
    if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, counters.values[i]);
  }
  return text.empty() ? "-" : text;
}

}  // namespace ringpeer::bench
