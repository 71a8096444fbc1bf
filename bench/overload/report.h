#ifndef RINGPEER_BENCH_OVERLOAD_REPORT_H_
#define RINGPEER_BENCH_OVERLOAD_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ringpeer::bench {

// What this project promises of its plain loops, checked where the host leaves the machine alone.
inline constexpr double kMaxTickMs = 100;
inline constexpr std::uint32_t kMaxTicksLate = 2;
inline constexpr double kMaxStealPercent = 5;

// What was seen of one loop on one engine.
// Threads: a plain value.
struct OverloadResult {
  std::string error;  // why it was not measured; "" when it was
  int ticks = 0;
  double longest_tick_ms = 0;
  std::uint64_t flood_sent = 0;
  std::uint64_t flood_taken = 0;
  std::uint64_t quiet_sent = 0;
  std::uint64_t quiet_taken = 0;
  std::uint32_t most_ticks_late = 0;
  std::uint64_t kernel_drops = 0;
  std::uint64_t others_drops = 0;  // of the engine's, that may have cost a quiet player a packet
  std::optional<double> steal_percent;

  bool may_count() const { return steal_percent.value_or(0) < kMaxStealPercent; }
  bool is_kept() const {
    return longest_tick_ms <= kMaxTickMs && most_ticks_late <= kMaxTicksLate && others_drops == 0 &&
           quiet_taken > 0;
  }
  bool is_good() const { return error.empty() && (is_kept() || !may_count()); }
};

struct OverloadRound {
  std::string loop;     // "readme" or "porting": whose
  std::string backend;  // "io_uring" or "recvmmsg"
  int workers = 0;
  int work_us = 0;  // a packet
  OverloadResult result;
};

struct OverloadReport {
  double seconds = 0;  // of a round
  std::vector<OverloadRound> rounds;

  bool is_good() const;
};

// As docs/schema/reports.json has it.
nlohmann::ordered_json to_json(const OverloadReport& report);

// The head of a table, and a row of it.
std::string overload_table_head();
std::string to_row(const OverloadRound& round);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_OVERLOAD_REPORT_H_
