#ifndef RINGPEER_BENCH_ADMISSION_TABLE_H_
#define RINGPEER_BENCH_ADMISSION_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::bench {

using Json = nlohmann::ordered_json;

// What one part of the benchmark has found: a row for each thing measured, whose fields have the
// columns' names, in their order. Rows may lack columns.
//
// Threads: a plain value.
struct Table {
  std::string name;
  std::string about;  // what the columns are, in a few lines
  Json rows = Json::array();
  bool is_good = true;

  // With a column "verdict" behind the others.
  void add(Json row, std::string_view verdict);
  void add_error(Json row, const std::string& error);
};

inline constexpr std::string_view kKept = "kept";
inline constexpr std::string_view kMissed = "MISSED";
inline constexpr std::string_view kVoid = "void";
inline constexpr std::string_view kShown = "shown";  // nothing is promised of it

// Aligned columns, below the head and what it is about.
std::string to_text(const Table& table);
Json to_json(const Table& table);

// For a row.
double rounded(double value, int decimals);
Json steal_of(const std::optional<double>& percent);
// Packets that the engine dropped, by reason, without "drop_"; "-" when there are none.
std::string drops_of(const CounterSnapshot& counters);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_ADMISSION_TABLE_H_
