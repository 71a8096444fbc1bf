#include "ringpeer/tools/report/report_shape.h"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ringpeer/tools/command/printable_text.h"

namespace ringpeer::tools {
namespace {

using nlohmann::ordered_json;

// JavaScript, which draws the page, has no larger whole numbers.
constexpr std::uint64_t kMaxCount = (std::uint64_t{1} << 53U) - 1;
// Of a name in a message.
constexpr std::size_t kMaxQuoted = 40;

enum class Kind { kText, kTruth, kCount, kAmount, kNumber };
enum class Absence { kNever, kNull, kAbsent };  // each allows what stands before it, too

struct Field {
  const char* name;
  Kind kind;
  Absence absence = Absence::kNever;
};
using Fields = std::vector<Field>;

const char* words_of(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "a text";
    case Kind::kTruth:
      return "true or false";
    case Kind::kCount:
      return "a whole number from 0 to 2^53";
    case Kind::kAmount:
      return "a number of at least 0";
    case Kind::kNumber:
      return "a number";
  }
  return "";
}

bool is_count(const ordered_json& value) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= kMaxCount;
  return value.get<std::int64_t>() >= 0 &&
         static_cast<std::uint64_t>(value.get<std::int64_t>()) <= kMaxCount;
}

bool is_of(Kind kind, const ordered_json& value) {
  switch (kind) {
    case Kind::kText:
      return value.is_string();
    case Kind::kTruth:
      return value.is_boolean();
    case Kind::kCount:
      return is_count(value);
    case Kind::kAmount:
      return value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() >= 0;
    case Kind::kNumber:
      return value.is_number() && std::isfinite(value.get<double>());
  }
  return false;
}

// Each checker gives an empty text or what is wrong with the value at `path`.
std::string check_fields(const ordered_json& value, const std::string& path, const Fields& fields) {
  if (!value.is_object()) return path + " is not an object";
  for (const Field& field : fields) {
    const std::string name = path.empty() ? field.name : path + "." + field.name;
    const auto found = value.find(field.name);
    if (found == value.end()) {
      if (field.absence == Absence::kAbsent) continue;
      return name + " is missing";
    }
    if (found->is_null() && field.absence != Absence::kNever) continue;
    if (is_of(field.kind, *found)) continue;
    return fmt::format("{} is not {}{}", name, words_of(field.kind),
                       field.absence == Absence::kNever ? "" : ", nor null");
  }
  return "";
}

const ordered_json* member(const ordered_json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string check_object(const ordered_json& report, const char* name, const Fields& fields) {
  const ordered_json* const value = member(report, name);
  if (value == nullptr) return fmt::format("{} is missing", name);
  return check_fields(*value, name, fields);
}

// `check(item, path)` for each item of an array.
template <typename Check>
std::string check_items(const ordered_json* array, const std::string& path, Check check) {
  if (array == nullptr) return path + " is missing";
  if (!array->is_array()) return path + " is not an array";
  for (std::size_t i = 0; i < array->size(); ++i) {
    std::string complaint = check((*array)[i], fmt::format("{}[{}]", path, i));
    if (!complaint.empty()) return complaint;
  }
  return "";
}

const Fields& top_fields() {
  static const auto& fields = *new Fields{
      {"target", Kind::kText},
      {"version", Kind::kText},
      {"started_at", Kind::kText},
      {"clients", Kind::kCount},
      {"hz", Kind::kAmount, Absence::kNull},
      {"payload", Kind::kText},
      {"packet_bytes", Kind::kCount, Absence::kNull},
      {"duration_s", Kind::kAmount},
      {"server", Kind::kText, Absence::kNull},
      {"sent", Kind::kCount},
      {"sent_per_s", Kind::kAmount, Absence::kNull},
      {"send_refused", Kind::kCount},
      {"send_missed", Kind::kCount},
      {"received", Kind::kCount},
      {"answered", Kind::kCount, Absence::kNull},
      {"answered_per_s", Kind::kAmount, Absence::kNull},
      {"lost", Kind::kCount, Absence::kNull},
      {"corrupted", Kind::kCount, Absence::kNull},
      {"late", Kind::kCount, Absence::kNull},
      {"repeated", Kind::kCount, Absence::kNull},
      {"foreign", Kind::kCount, Absence::kNull},
      {"connection_refused", Kind::kCount, Absence::kNull},
      {"unaccounted", Kind::kCount, Absence::kNull},
      {"steal_percent", Kind::kAmount, Absence::kNull},
      {"cpu_s", Kind::kAmount},
      {"stopped_by_signal", Kind::kCount},
      {"parts", Kind::kCount},
      {"valid", Kind::kTruth},
      {"ok", Kind::kTruth},
  };
  return fields;
}

const Fields& latency_fields() {
  static const auto& fields = *new Fields{
      {"count", Kind::kCount},
      {"min", Kind::kAmount, Absence::kNull},
      {"mean", Kind::kAmount, Absence::kNull},
      {"p50", Kind::kAmount, Absence::kNull},
      {"p90", Kind::kAmount, Absence::kNull},
      {"p99", Kind::kAmount, Absence::kNull},
      {"p999", Kind::kAmount, Absence::kNull},
      {"p9999", Kind::kAmount, Absence::kNull},
      {"max", Kind::kAmount, Absence::kNull},
  };
  return fields;
}

// Only of a session whose answers name no packet.
std::string check_replies(const ordered_json& report) {
  const ordered_json* const replies = member(report, "replies");
  if (replies == nullptr) return "";
  return check_fields(*replies, "replies",
                      {{"received", Kind::kCount},
                       {"received_per_s", Kind::kAmount, Absence::kNull},
                       {"expected", Kind::kCount},
                       {"percent", Kind::kAmount, Absence::kNull}});
}

std::string check_reasons(const ordered_json& report) {
  return check_items(member(report, "invalid_because"), "invalid_because",
                     [](const ordered_json& reason, const std::string& path) {
                       return reason.is_string() ? "" : path + " is not a text";
                     });
}

std::string check_generator(const ordered_json& report) {
  const Fields fields{
      {"threads", Kind::kCount},
      {"late_percent", Kind::kAmount, Absence::kNull},
      {"cpu_percent", Kind::kAmount, Absence::kNull},
      {"socket_buffer_bytes", Kind::kCount, Absence::kNull},
  };
  std::string complaint = check_object(report, "generator", fields);
  if (!complaint.empty()) return complaint;
  const ordered_json* const late = member(report["generator"], "late_us");
  if (late == nullptr) return "generator.late_us is missing";
  return check_fields(*late, "generator.late_us", latency_fields());
}

std::string check_series(const ordered_json& report) {
  std::string complaint = check_object(report, "series", {{"interval_s", Kind::kAmount}});
  if (!complaint.empty()) return complaint;
  if (report["series"]["interval_s"].get<double>() <= 0) return "series.interval_s is not above 0";
  const Fields fields{
      {"t", Kind::kAmount},
      {"sent", Kind::kCount},
      {"received", Kind::kCount},
      {"answered", Kind::kCount, Absence::kNull},
      {"lost", Kind::kCount, Absence::kNull},
      {"send_missed", Kind::kCount},
      {"p50_us", Kind::kAmount, Absence::kNull},
      {"p99_us", Kind::kAmount, Absence::kNull},
      {"max_us", Kind::kAmount, Absence::kNull},
      {"clients", Kind::kCount, Absence::kNull},
  };
  double before = -1;
  return check_items(member(report["series"], "points"), "series.points",
                     [&](const ordered_json& point, const std::string& path) {
                       std::string wrong = check_fields(point, path, fields);
                       if (!wrong.empty()) return wrong;
                       const auto now = point["t"].get<double>();
                       if (now <= before) return path + ".t is not after the point before";
                       before = now;
                       return std::string();
                     });
}

std::string check_histogram(const ordered_json& histograms, const char* name) {
  double before = -1;
  return check_items(member(histograms, name), std::string("histograms.") + name,
                     [&](const ordered_json& bucket, const std::string& path) {
                       const bool is_pair = bucket.is_array() && bucket.size() == 2 &&
                                            is_count(bucket[0]) && is_count(bucket[1]);
                       if (!is_pair) return path + " is not [upper edge in ns, count]";
                       const auto edge = bucket[0].get<double>();
                       if (edge <= before) return path + " is not above the bucket before";
                       before = edge;
                       return std::string();
                     });
}

std::string check_histograms(const ordered_json& report) {
  const ordered_json* const histograms = member(report, "histograms");
  if (histograms == nullptr || !histograms->is_object()) return "histograms is not an object";
  for (const char* name : {"rtt_ns", "rtt_uncorrected_ns", "late_ns"}) {
    std::string complaint = check_histogram(*histograms, name);
    if (!complaint.empty()) return complaint;
  }
  return "";
}

std::string check_steps(const ordered_json& report) {
  const ordered_json* const steps = member(report, "steps");
  if (steps == nullptr || steps->is_null()) return "";
  const Fields fields{
      {"offered_per_s", Kind::kAmount},
      {"hz", Kind::kAmount, Absence::kNull},
      {"clients", Kind::kCount},
      {"seconds", Kind::kAmount},
      {"sent", Kind::kCount},
      {"lost_percent", Kind::kAmount, Absence::kNull},
      {"p99_us", Kind::kAmount, Absence::kNull},
      {"holds", Kind::kTruth, Absence::kNull},
      {"valid", Kind::kTruth},
      {"why", Kind::kText, Absence::kNull},
  };
  return check_items(steps, "steps", [&](const ordered_json& step, const std::string& path) {
    return check_fields(step, path, fields);
  });
}

std::string check_find_max(const ordered_json& report) {
  const ordered_json* const found = member(report, "find_max");
  if (found == nullptr || found->is_null()) return "";
  std::string complaint =
      check_fields(*found, "find_max",
                   {{"knee_per_s", Kind::kAmount, Absence::kNull}, {"limited_by", Kind::kText}});
  if (!complaint.empty()) return complaint;
  const ordered_json* const goal = member(*found, "goal");
  if (goal == nullptr) return "find_max.goal is missing";
  complaint = check_fields(
      *goal, "find_max.goal",
      {{"loss_percent", Kind::kAmount, Absence::kNull}, {"p99_us", Kind::kAmount, Absence::kNull}});
  if (!complaint.empty()) return complaint;
  const Fields rounds{{"factor", Kind::kAmount}, {"held", Kind::kCount}, {"of", Kind::kCount}};
  return check_items(member(*found, "verified"), "find_max.verified",
                     [&](const ordered_json& round, const std::string& path) {
                       return check_fields(round, path, rounds);
                     });
}

// Free in its shape: the page lists what it finds in it.
std::string check_impairment(const ordered_json& report) {
  const ordered_json* const impairment = member(report, "impairment");
  if (impairment == nullptr) return "impairment is missing";
  return impairment->is_null() || impairment->is_object() ? ""
                                                          : "impairment is not an object, nor null";
}

std::string damage_of(const ordered_json& report) {
  std::string complaint = check_fields(report, "", top_fields());
  const auto then = [&](std::string next) {
    if (complaint.empty()) complaint = std::move(next);
  };
  then(check_reasons(report));
  then(check_replies(report));
  then(check_object(report, "machine",
                    {{"kernel", Kind::kText, Absence::kNull},
                     {"processors", Kind::kCount, Absence::kNull},
                     {"processor", Kind::kText, Absence::kNull}}));
  then(check_object(
      report, "kernel_drops",
      {{"server", Kind::kCount, Absence::kNull}, {"clients", Kind::kCount, Absence::kNull}}));
  then(check_object(report, "rtt_us", latency_fields()));
  then(check_object(report, "rtt_uncorrected_us", latency_fields()));
  then(check_generator(report));
  then(check_series(report));
  then(check_histograms(report));
  then(check_steps(report));
  then(check_find_max(report));
  then(check_impairment(report));
  return complaint;
}

}  // namespace

std::string complaint_about_report(const ordered_json& report) {
  constexpr const char* kMake = "Make one with ringpeer load --json.";
  const ordered_json* const schema = report.is_object() ? member(report, "schema") : nullptr;
  const ordered_json* const command = report.is_object() ? member(report, "command") : nullptr;
  if (schema == nullptr || command == nullptr || !command->is_string() || !is_count(*schema)) {
    return fmt::format("is no report of ringpeer. {}", kMake);
  }
  if (*command != "load") {
    return fmt::format("is a report of ringpeer {}, and only those of load can be shown. {}",
                       printable_text(command->get_ref<const std::string&>().substr(0, kMaxQuoted)),
                       kMake);
  }
  const auto number = schema->get<std::uint64_t>();
  if (number < kReadableSchema) {
    return fmt::format(
        "is a report of schema {}, and this program reads schema {}: run the load "
        "again with this version's ringpeer load --json.",
        number, kReadableSchema);
  }
  if (number > kReadableSchema) {
    return fmt::format(
        "is a report of schema {}, and this program reads schema {}: show it with "
        "the version of ringpeer that made it, or a newer one.",
        number, kReadableSchema);
  }
  if (report.contains("interim")) {
    return fmt::format("is a report of a run that went on. {}", kMake);
  }
  const std::string damage = damage_of(report);
  if (damage.empty()) return "";
  return fmt::format("is damaged: {}. Run the load again with ringpeer load --json.", damage);
}

}  // namespace ringpeer::tools
