#include "ringpeer/tools/impairment/impairer.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace ringpeer::tools {
namespace {

std::vector<std::uint8_t> carried(const Fate& fate, std::span<const std::uint8_t> payload) {
  std::vector<std::uint8_t> bytes(payload.begin(),
                                  payload.begin() + static_cast<std::ptrdiff_t>(fate.size));
  constexpr std::size_t kBitsPerByte = 8;
  if (fate.turned_bit) {
    bytes[*fate.turned_bit / kBitsPerByte] ^=
        static_cast<std::uint8_t>(1U << (*fate.turned_bit % kBitsPerByte));
  }
  return bytes;
}

}  // namespace

void Impairer::arrive(Flow& flow, std::span<const std::uint8_t> payload, Clock::time_point now) {
  ImpairCounts& counts = counts_of(flow);
  ++counts.arrived;
  const Fate fate = flow.fates.next(payload.size());
  if (fate.lost) {
    ++counts.lost;
  } else {
    if (add(flow, fate, false, payload, now)) {
      counts.truncated += fate.size < payload.size() ? 1 : 0;
      counts.corrupted += fate.turned_bit ? 1 : 0;
    }
    if (fate.duplicated) {
      ++counts.duplicated;
      add(flow, fate, true, payload, now);
    }
  }
  ++flow.arrived;
}

bool Impairer::add(Flow& flow, const Fate& fate, bool is_copy,
                   std::span<const std::uint8_t> payload, Clock::time_point now) {
  ImpairCounts& counts = counts_of(flow);
  const std::optional<Clock::time_point> through = flow.link.carry(now, fate.size);
  if (!through) {
    ++counts.queue_full;
    return false;
  }
  if (line_.bytes() + line_.size() * kTravellerBytes >= kMaxWaitingBytes) {
    ++counts.relay_full;
    return false;
  }
  Clock::time_point due = *through + (is_copy ? fate.delay_of_copy : fate.delay);
  const Impairment& impairment = (*impairments_)[static_cast<std::size_t>(flow.direction)];
  if (impairment.keep_order) due = std::max(due, flow.last_due);
  flow.last_due = due;

  // Who follows one that is held back lets it go, and is not held back itself. A copy does neither.
  std::optional<Place> held_back;
  if (!is_copy) std::swap(held_back, flow.held_back);
  const bool hold_back = fate.held_back && !is_copy && !held_back;
  const Place place =
      line_.add(hold_back ? due + kMaxHeldBack : due,
                {.flow = &flow,
                 .index = flow.arrived,
                 .arrived = now,
                 .payload = carried(fate, payload),
                 .is_damaged = fate.size < payload.size() || fate.turned_bit.has_value()});
  ++flow.waiting;
  if (hold_back) flow.held_back = place;
  // Its own time is the least: it was not in a hurry before.
  if (held_back) line_.move(*held_back, std::max(due, held_back->first - kMaxHeldBack));
  return true;
}

void Impairer::refuse(Direction direction) {
  ImpairCounts& counts = counts_[static_cast<std::size_t>(direction)];
  ++counts.arrived;
  ++counts.no_client;
}

ImpairCounts Impairer::counts(Direction direction) const {
  ImpairCounts counts = counts_[static_cast<std::size_t>(direction)];
  counts.waiting = line_.count(direction);
  return counts;
}

std::optional<Traveller> Impairer::take_due(Clock::time_point now) {
  auto due = line_.take_due(now);
  if (!due) return std::nullopt;
  Flow& flow = *due->second.flow;
  if (flow.held_back == due->first) flow.held_back.reset();
  return std::move(due->second);
}

void Impairer::left(const Traveller& traveller, bool was_sent, Clock::time_point now) {
  Flow& flow = *traveller.flow;
  ImpairCounts& counts = counts_of(flow);
  --flow.waiting;
  if (!was_sent) {
    ++counts.send_failed;
    return;
  }
  ++counts.forwarded;
  counts.added_delay.record(now - traveller.arrived);
  if (traveller.index < flow.newest_that_left) ++counts.reordered;
  flow.newest_that_left = std::max(flow.newest_that_left, traveller.index);
}

}  // namespace ringpeer::tools
