#include "ringpeer/tests/soak/balance.h"

#include <fmt/format.h>

namespace ringpeer::soak {

void Balance::expect_equal(std::string_view what, std::uint64_t on_one_side,
                           std::uint64_t on_the_other) {
  if (on_one_side == on_the_other) return;
  const std::uint64_t difference =
      on_one_side > on_the_other ? on_one_side - on_the_other : on_the_other - on_one_side;
  unaccounted_ += difference;
  complaints_.push_back(fmt::format("{}: {} on one side, {} on the other: {} unaccounted for", what,
                                    on_one_side, on_the_other, difference));
}

void Balance::expect_balanced(std::string_view whose, const CounterSnapshot& counters) {
  expect_equal(fmt::format("{}: received = delivered + dropped", whose),
               counters[Counter::kReceivedPackets],
               counters[Counter::kDeliveredPackets] + counters.dropped_packets());
  expect_equal(fmt::format("{}: put = sent + failed", whose),
               counters[Counter::kSendRequestedPackets],
               counters[Counter::kSentPackets] + counters.unsent_packets());
}

}  // namespace ringpeer::soak
