#include "ringpeer/tools/impairment/delay_line.h"

#include <algorithm>

namespace ringpeer::tools {

Place DelayLine::add(Clock::time_point due, Traveller traveller) {
  const Place place = {due, next_number_++};
  bytes_ += traveller.payload.size();
  waiting_.emplace(place, std::move(traveller));
  return place;
}

void DelayLine::move(const Place& place, Clock::time_point due) {
  auto node = waiting_.extract(place);
  node.key() = {due, next_number_++};
  waiting_.insert(std::move(node));
}

std::optional<std::pair<Place, Traveller>> DelayLine::take_due(Clock::time_point now) {
  if (waiting_.empty() || next_due() > now) return std::nullopt;
  auto node = waiting_.extract(waiting_.begin());
  bytes_ -= node.mapped().payload.size();
  return std::pair(node.key(), std::move(node.mapped()));
}

std::uint64_t DelayLine::count(Direction direction) const {
  return static_cast<std::uint64_t>(std::count_if(
      waiting_.begin(), waiting_.end(),
      [direction](const auto& entry) { return entry.second.flow->direction == direction; }));
}

}  // namespace ringpeer::tools
