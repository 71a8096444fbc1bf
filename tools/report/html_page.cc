#include "ringpeer/tools/report/html_page.h"

#include <fmt/format.h>

#include <string_view>

#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/command/whole_file.h"
#include "ringpeer/tools/report/comparison.h"
#include "ringpeer/tools/report/page_parts.h"
#include "ringpeer/tools/report/report_shape.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

std::string with_entities(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

// What JSON is in a script element: nothing in it can end the element or begin a comment.
std::string as_script_data(const ordered_json& json) {
  std::string safe;
  // All of it in ASCII, whatever the page is taken to be in.
  for (const char c : json.dump(-1, ' ', true, ordered_json::error_handler_t::replace)) {
    switch (c) {
      case '<':
        safe += "\\u003c";
        break;
      case '>':
        safe += "\\u003e";
        break;
      case '&':
        safe += "\\u0026";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

}  // namespace

std::string html_page(const std::vector<NamedReport>& runs) {
  ordered_json data = ordered_json::array();
  for (const NamedReport& run : runs) {
    data.push_back({{"name", printable_text(run.name)}, {"report", run.report}});
  }
  std::string page(page_before_text());
  page += with_entities(comparison_to_text(runs));
  page += page_before_data();
  page += as_script_data(data);
  page += page_after_data();
  return page;
}

bool write_html_report(const std::vector<NamedReport>& runs, const std::string& path,
                       std::string* error) {
  for (const NamedReport& run : runs) {
    const std::string complaint = complaint_about_report(run.report);
    if (complaint.empty()) continue;
    const std::string name = run.name.empty() ? "the report" : printable_text(run.name);
    *error = fmt::format("{} {}", name, complaint);
    return false;
  }
  return write_whole_file(path, html_page(runs), error);
}

}  // namespace ringpeer::tools
