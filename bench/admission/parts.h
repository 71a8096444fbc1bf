#ifndef RINGPEER_BENCH_ADMISSION_PARTS_H_
#define RINGPEER_BENCH_ADMISSION_PARTS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/bench/admission/house.h"
#include "ringpeer/bench/admission/table.h"
#include "ringpeer/engine.h"

namespace ringpeer::bench {

// What the parts are asked for.
struct PartOptions {
  BackendKind backend = BackendKind::kAuto;
  double seconds = 3;  // of a round, beside a second of warming up
  std::size_t players = 200;
  std::uint32_t sources = 40'000;      // forged addresses
  int tries = 20;                      // of the newcomer
  double forged_per_second = 100'000;  // meanwhile
};

inline constexpr double kPlayerHz = 60;
// Where forged addresses begin: 127.32.0.0, one /16 for each 65,536 of them.
inline constexpr std::uint8_t kForgedBlock = 32;
inline constexpr std::size_t kGamePacketSize = 48;

// A house as the parts have it, without admission.
inline HouseOptions house_options(const PartOptions& options) {
  HouseOptions house;
  house.backend = options.backend;
  house.players = options.players;
  return house;
}

// In a network of its own: what it is about is in each table.
// Threads: one at a time.
Table measure_flood(const PartOptions& options);
Table measure_newcomer(const PartOptions& options);
Table measure_amplification(const PartOptions& options);
Table measure_one_address(const PartOptions& options);
Table measure_list(const PartOptions& options);

struct Part {
  const char* name;
  Table (*measure)(const PartOptions& options);
};
inline constexpr Part kParts[] = {
    {"flood", measure_flood},
    {"newcomer", measure_newcomer},
    {"amplification", measure_amplification},
    {"one-address", measure_one_address},
    {"list", measure_list},
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_ADMISSION_PARTS_H_
