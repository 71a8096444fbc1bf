#include "ringpeer/tools/load/cookie_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "ringpeer/tools/command/report_format.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

constexpr const char* kEntryField = "longest_entry_us";

}  // namespace

ordered_json cookie_to_json(const LoadOptions& options, const LoadReport& report) {
  if (!options.cookie) return nullptr;
  const CookieAccount& cookie = report.cookie;
  const double longest = static_cast<double>(cookie.longest_entry.count()) / 1e3;
  return {{"hellos", cookie.hellos},
          {"challenges", cookie.challenges},
          {"answers", cookie.answers},
          {"entered", cookie.entered},
          {kEntryField, cookie.entered > 0 ? ordered_json(longest) : ordered_json(nullptr)}};
}

ordered_json sum_of_cookies(const std::vector<ordered_json>& reports) {
  ordered_json sum;
  for (const ordered_json& report : reports) {
    const ordered_json cookie = report.value("cookie", ordered_json());
    if (cookie.is_null()) return nullptr;
    if (sum.is_null()) {
      sum = cookie;
      continue;
    }
    for (const char* field : {"hellos", "challenges", "answers", "entered"}) {
      sum[field] = sum.at(field).get<std::uint64_t>() + cookie.at(field).get<std::uint64_t>();
    }
    const ordered_json& longest = cookie.at(kEntryField);
    ordered_json& longest_so_far = sum.at(kEntryField);
    if (longest_so_far.is_null() || (!longest.is_null() && longest_so_far < longest)) {
      longest_so_far = longest;
    }
  }
  return sum;
}

void add_cookie_rows(const ordered_json& report, TextTable* table) {
  const ordered_json cookie = report.value("cookie", ordered_json());
  if (cookie.is_null()) return;
  const ordered_json& longest = cookie.at(kEntryField);
  table->add("let in by a cookie",
             count_text(cookie.at("entered")) +
                 (longest.is_null()
                      ? std::string()
                      : fmt::format(", within {} us of the first hello", number_text(longest, 0))));
  table->add("hellos, challenges, answers",
             fmt::format("{}, {}, {}", count_text(cookie.at("hellos")),
                         count_text(cookie.at("challenges")), count_text(cookie.at("answers"))));
}

std::string no_challenge_text(const std::string& target, bool is_refused) {
  if (is_refused) {
    return fmt::format("nobody listens at {}: start a server there first, ringpeer serve for one.",
                       target);
  }
  return fmt::format(
      "no challenge came from {}. Is a server running there, and does it ask for cookies (ringpeer "
      "serve --cookie)? For one that does not, leave out --cookie.",
      target);
}

}  // namespace ringpeer::tools
