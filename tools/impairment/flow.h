#ifndef RINGPEER_TOOLS_IMPAIRMENT_FLOW_H_
#define RINGPEER_TOOLS_IMPAIRMENT_FLOW_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "ringpeer/tools/impairment/fates.h"
#include "ringpeer/tools/impairment/impairment.h"
#include "ringpeer/tools/impairment/link.h"

namespace ringpeer::tools {

// Of a datagram among those that wait: when it leaves, and a number that no other has.
using Place = std::pair<std::chrono::steady_clock::time_point, std::uint64_t>;

// The datagrams of one client in one direction. It stays where it is while any of them waits.
struct Flow {
  Flow(const Impairment& impairment, std::uint64_t seed, std::uint64_t number, Direction way)
      : client(number),
        direction(way),
        fates(impairment, seed, number, way),
        link(impairment.bits_per_second, impairment.queue) {}

  std::uint64_t client;  // its number
  Direction direction;
  Fates fates;
  Link link;
  std::uint64_t arrived = 0;
  std::uint64_t waiting = 0;
  std::optional<Place> held_back;
  std::chrono::steady_clock::time_point last_due;
  std::uint64_t newest_that_left = 0;  // its index
};

// A datagram on its way through. Threads: one, as of its flow.
struct Traveller {
  Flow* flow = nullptr;
  std::uint64_t index = 0;  // in its flow; a copy has that of its original
  std::chrono::steady_clock::time_point arrived;
  std::vector<std::uint8_t> payload;
  bool is_damaged = false;  // cut, or with a bit turned over
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIRMENT_FLOW_H_
