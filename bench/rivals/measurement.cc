#include "ringpeer/bench/rivals/measurement.h"

#include <array>
#include <cmath>
#include <utility>

namespace ringpeer::bench {
namespace {

using Field = std::pair<const char*, double Measurement::*>;

constexpr std::array kFields = {
    Field{"offered_pps", &Measurement::offered_pps},
    Field{"delivered_pps", &Measurement::delivered_pps},
    Field{"cpu_ns_per_packet", &Measurement::cpu_ns_per_packet},
    Field{"app_ns_per_packet", &Measurement::app_ns_per_packet},
    Field{"call_ns_per_packet", &Measurement::call_ns_per_packet},
    Field{"p50_us", &Measurement::p50_us},
    Field{"p99_us", &Measurement::p99_us},
    Field{"p999_us", &Measurement::p999_us},
    Field{"drops", &Measurement::drops},
    Field{"kernel_drops", &Measurement::kernel_drops},
    Field{"engine_drops", &Measurement::engine_drops},
    Field{"unaccounted", &Measurement::unaccounted},
    Field{"reordered", &Measurement::reordered},
    Field{"sent", &Measurement::sent},
    Field{"delivered", &Measurement::delivered},
    Field{"ordinary_delivered_share", &Measurement::ordinary_delivered_share},
    Field{"drain_pps", &Measurement::drain_pps},
    Field{"longest_call_us", &Measurement::longest_call_us},
    Field{"wakeups_per_second", &Measurement::wakeups_per_second},
    Field{"engine_wakeups_per_second", &Measurement::engine_wakeups_per_second},
    Field{"receive_buffer", &Measurement::receive_buffer},
    Field{"incoming_pps", &Measurement::incoming_pps},
    Field{"steal_percent", &Measurement::steal_percent},
    Field{"neighbours_percent", &Measurement::neighbours_percent},
};

}  // namespace

void to_json(nlohmann::json& json, const Measurement& measurement) {
  json = {{"case", measurement.test_case},  {"peer", measurement.peer},
          {"order", measurement.order},     {"round", measurement.round},
          {"size", measurement.size},       {"remotes", measurement.remotes},
          {"repeats", measurement.repeats}, {"busy", measurement.busy}};
  for (const auto& [name, member] : kFields) {
    const double value = measurement.*member;
    // JSON has no NaN.
    if (std::isnan(value)) {
      json[name] = nullptr;
    } else {
      json[name] = value;
    }
  }
}

void from_json(const nlohmann::json& json, Measurement& measurement) {
  json.at("case").get_to(measurement.test_case);
  json.at("peer").get_to(measurement.peer);
  json.at("order").get_to(measurement.order);
  json.at("round").get_to(measurement.round);
  json.at("size").get_to(measurement.size);
  json.at("remotes").get_to(measurement.remotes);
  json.at("repeats").get_to(measurement.repeats);
  json.at("busy").get_to(measurement.busy);
  for (const auto& [name, member] : kFields) {
    const nlohmann::json& value = json.at(name);
    measurement.*member = value.is_null() ? Measurement::kNone : value.get<double>();
  }
}

}  // namespace ringpeer::bench
