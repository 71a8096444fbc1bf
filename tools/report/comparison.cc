#include "ringpeer/tools/report/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/command/report_format.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;
using Pointer = ordered_json::json_pointer;

constexpr const char* kLatencies[] = {"p50", "p90", "p99", "p999", "p9999", "max"};
constexpr const char* kRates[] = {"sent_per_s", "answered_per_s", "lost_percent", "knee_per_s"};

ordered_json as_number(const ordered_json& value) {
  return value.is_null() ? value : ordered_json(value.get<double>());
}

// Sent and never answered, for whatever reason, as the time series has it; null where no answer is
// expected, or answers do not say which packet they answer.
ordered_json lost_of(const ordered_json& report) {
  const bool is_known =
      report["server"] != "silent" && !report.contains("replies") && !report["answered"].is_null();
  if (!is_known) return nullptr;
  const auto sent = report["sent"].get<std::uint64_t>();
  return sent - std::min(sent, report["answered"].get<std::uint64_t>());
}

// Of packets sent; null where nothing tells, or nothing was sent.
ordered_json lost_percent(const ordered_json& report) {
  const ordered_json lost = lost_of(report);
  if (lost.is_null()) return nullptr;
  return ratio(100 * lost.get<double>(), report["sent"].get<double>());
}

// Of these, what an impairment within the clients lost; null without one.
ordered_json lost_by_impairment(const ordered_json& report) {
  const ordered_json& impairment = report["impairment"];
  const auto unanswered = impairment.find("unanswered");
  const bool is_known = unanswered != impairment.end() && unanswered->is_number_unsigned();
  return is_known ? *unanswered : ordered_json(nullptr);
}

// Of the answers that a recorded server gave; null where answers are told by their packets.
ordered_json replies_percent(const ordered_json& report) {
  const auto replies = report.find("replies");
  if (replies == report.end() || (*replies)["percent"].is_null()) return nullptr;
  return (*replies)["percent"].get<double>();
}

ordered_json answered_per_s(const ordered_json& report) {
  return report.contains("replies") ? ordered_json(nullptr) : as_number(report["answered_per_s"]);
}

ordered_json knee_of(const ordered_json& report) {
  const auto found = report.find("find_max");
  if (found == report.end() || found->is_null()) return nullptr;
  const ordered_json& knee = (*found)["knee_per_s"];
  // A number is written with a fraction, like every other.
  return knee.is_null() ? knee : ordered_json(knee.get<double>());
}

// Null where either is unknown, or the first is 0.
ordered_json ratio_of(const ordered_json& value, const ordered_json& first) {
  if (value.is_null() || first.is_null()) return nullptr;
  return ratio(value.get<double>(), first.get<double>());
}

ordered_json run_to_json(const NamedReport& run) {
  const ordered_json& report = run.report;
  ordered_json latency;
  for (const char* name : kLatencies) latency[name] = as_number(report["rtt_us"][name]);
  const std::string& name =
      run.name.empty() ? report["target"].get_ref<const std::string&>() : run.name;
  return {{"name", printable_text(name)},
          {"target", report["target"]},
          {"started_at", report["started_at"]},
          {"valid", report["valid"]},
          {"invalid_because", report["invalid_because"]},
          {"clients", report["clients"]},
          {"duration_s", as_number(report["duration_s"])},
          {"sent", report["sent"]},
          {"sent_per_s", as_number(report["sent_per_s"])},
          {"answered_per_s", answered_per_s(report)},
          {"replies_percent", replies_percent(report)},
          {"lost", lost_of(report)},
          {"lost_percent", lost_percent(report)},
          {"lost_by_impairment", lost_by_impairment(report)},
          {"kernel_drops",
           {{"server", report["kernel_drops"]["server"]},
            {"clients", report["kernel_drops"]["clients"]}}},
          {"connection_refused", report["connection_refused"]},
          {"unaccounted", report["unaccounted"]},
          {"stopped_by_signal", report["stopped_by_signal"]},
          {"knee_per_s", knee_of(report)},
          {"rtt_us", latency}};
}

ordered_json ratios_to_first(const ordered_json& run, const ordered_json& first) {
  ordered_json ratios;
  for (const char* name : kRates) ratios[name] = ratio_of(run[name], first[name]);
  for (const char* name : kLatencies) {
    ratios[name] = ratio_of(run["rtt_us"][name], first["rtt_us"][name]);
  }
  return ratios;
}

// ---- The table ----------------------------------------------------------------

using Row = std::vector<std::string>;

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, character_count(text)), ' ');
}

std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], character_count(row[i]));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += "  " + padded(row[i], widths[i]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string microseconds_text(const ordered_json& value) {
  return value.is_null() ? "unknown"
                         : number_text(value, value.get<double>() < 100 ? 1 : 0) + " us";
}

std::string rate_text(const ordered_json& value) {
  return value.is_null() ? "unknown"
                         : count_text(ordered_json(std::llround(value.get<double>()))) + "/s";
}

// Of loss two digits that say something, however small it is, and no exponent.
std::string loss_text(const ordered_json& value) {
  if (value.is_null()) return "unknown";
  const double percent = value.get<double>();
  if (percent <= 0) return "0 %";
  const int digits = std::max(0, 1 - static_cast<int>(std::floor(std::log10(percent))));
  return fmt::format("{:.{}f} %", percent, digits);
}

class Table {
 public:
  explicit Table(const ordered_json& runs) : runs_(runs) {}

  // A cell for each run, with what `text_of` says of it.
  void add(const std::string& measure,
           const std::function<std::string(const ordered_json&)>& text_of) {
    Row row{measure};
    for (const ordered_json& run : runs_) row.push_back(text_of(run));
    rows_.push_back(std::move(row));
  }
  // The same, and behind it the ratio to the first run.
  void add_with_ratio(const std::string& measure, const char* name,
                      const std::function<std::string(const ordered_json&)>& text_of) {
    add(measure, [&](const ordered_json& run) {
      const ordered_json& ratio = run["ratios"][name];
      const bool is_first = &run == &runs_[0];
      if (is_first || ratio.is_null()) return text_of(run);
      return fmt::format("{} (x{:.2f})", text_of(run), ratio.get<double>());
    });
  }
  // A row for packets of a kind, where there are any.
  void add_if_any(const std::string& measure, const Pointer& field) {
    const bool is_any = std::any_of(runs_.begin(), runs_.end(), [&](const ordered_json& run) {
      return run[field].is_number() && run[field] != 0;
    });
    if (is_any) add(measure, [&](const ordered_json& run) { return count_text(run[field]); });
  }
  std::string to_string() const { return aligned(rows_); }

 private:
  const ordered_json& runs_;
  std::vector<Row> rows_;
};

// Where packets went that were not answered, as far as it was seen.
void add_drops(Table* table) {
  table->add_if_any("  by the impairment", Pointer("/lost_by_impairment"));
  table->add_if_any("  dropped at the server", Pointer("/kernel_drops/server"));
  table->add_if_any("  dropped at the clients", Pointer("/kernel_drops/clients"));
  table->add_if_any("  refused by the target", Pointer("/connection_refused"));
  table->add_if_any("  unaccounted for", Pointer("/unaccounted"));
}

std::string reasons_text(const ordered_json& runs) {
  std::string text;
  for (const ordered_json& run : runs) {
    for (const ordered_json& reason : run["invalid_because"]) {
      text += fmt::format("{} is not valid: {}\n", run["name"].get<std::string>(),
                          printable_text(reason.get<std::string>()));
    }
  }
  return text;
}

}  // namespace

ordered_json comparison_to_json(const std::vector<NamedReport>& runs) {
  ordered_json all = ordered_json::array();
  for (const NamedReport& run : runs) {
    ordered_json one = run_to_json(run);
    one["ratios"] = ratios_to_first(one, all.empty() ? one : all[0]);
    all.push_back(std::move(one));
  }
  return {{"schema", kReportSchema}, {"command", "report"}, {"runs", all}, {"ok", true}};
}

std::string comparison_to_text(const std::vector<NamedReport>& runs) {
  const ordered_json comparison = comparison_to_json(runs);
  const ordered_json& all = comparison["runs"];
  const auto text_in = [](const char* name) {
    return [name](const ordered_json& run) { return printable_text(run[name].get<std::string>()); };
  };
  Table table(all);
  table.add(all.size() == 1 ? "1 run" : fmt::format("{} runs", all.size()), text_in("name"));
  table.add("target", text_in("target"));
  table.add("started", text_in("started_at"));
  table.add("valid", [](const ordered_json& run) { return run["valid"] == true ? "yes" : "NO"; });
  const bool is_cut_short = std::ranges::any_of(
      all, [](const ordered_json& run) { return run["stopped_by_signal"] != 0; });
  if (is_cut_short) {
    table.add("ended early", [](const ordered_json& run) {
      const ordered_json& signal = run["stopped_by_signal"];
      return signal == 0 ? std::string("no") : "by signal " + count_text(signal);
    });
  }
  table.add("clients", [](const ordered_json& run) { return count_text(run["clients"]); });
  table.add("seconds", [](const ordered_json& run) { return number_text(run["duration_s"], 1); });
  table.add_with_ratio("sent", "sent_per_s",
                       [](const ordered_json& run) { return rate_text(run["sent_per_s"]); });
  table.add_with_ratio("answered", "answered_per_s",
                       [](const ordered_json& run) { return rate_text(run["answered_per_s"]); });
  const bool has_replies = std::ranges::any_of(
      all, [](const ordered_json& run) { return !run["replies_percent"].is_null(); });
  if (has_replies) {
    table.add("of recorded answers",
              [](const ordered_json& run) { return percent_text(run["replies_percent"]); });
  }
  table.add_with_ratio("lost", "lost_percent",
                       [](const ordered_json& run) { return loss_text(run["lost_percent"]); });
  add_drops(&table);
  for (const char* name : kLatencies) {
    // p999 is p99.9.
    std::string label = name;
    if (label.size() > 3 && label[0] == 'p') label.insert(3, 1, '.');
    table.add_with_ratio("round trip " + label, name, [name](const ordered_json& run) {
      return microseconds_text(run["rtt_us"][name]);
    });
  }
  const bool has_knee = std::any_of(
      all.begin(), all.end(), [](const ordered_json& run) { return !run["knee_per_s"].is_null(); });
  if (has_knee) {
    table.add_with_ratio("knee", "knee_per_s",
                         [](const ordered_json& run) { return rate_text(run["knee_per_s"]); });
  }
  return table.to_string() + reasons_text(all);
}

}  // namespace ringpeer::tools
