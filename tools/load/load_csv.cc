#include "ringpeer/tools/load/load_csv.h"

#include <array>

namespace ringpeer::tools {
namespace {

constexpr std::array kColumns = {"t",           "sent",   "received", "answered", "lost",
                                 "send_missed", "p50_us", "p99_us",   "max_us",   "clients"};

}  // namespace

std::string series_to_csv(const nlohmann::ordered_json& report) {
  std::string text;
  for (const char* column : kColumns) text += (text.empty() ? "" : ",") + std::string(column);
  text += "\r\n";  // RFC 4180
  for (const auto& point : report.at("series").at("points")) {
    std::string line;
    for (const char* column : kColumns) {
      if (column != kColumns.front()) line += ',';
      if (!point.at(column).is_null()) line += point.at(column).dump();
    }
    text += line + "\r\n";
  }
  return text;
}

}  // namespace ringpeer::tools
