#include "ringpeer/engine/send/refused_trains.h"

namespace ringpeer::worker {

void RefusedTrains::record(SendSocket& socket, const net::Endpoint& destination,
                           Clock::time_point now) {
  has_any_ = true;
  last_until_ = now + kPause;
  const auto fingerprint = static_cast<std::uint32_t>(hash_(destination));
  entries_[fingerprint % kEntries] = {fingerprint, last_until_};
  if (socket.progress().count_refused_train()) socket.progress().turn_trains_off(last_until_);
}

bool RefusedTrains::applies_to(const SendSocket& socket, const net::Endpoint& destination,
                               Clock::time_point now) const {
  if (socket.progress().has_trains_off(now)) return true;
  const auto fingerprint = static_cast<std::uint32_t>(hash_(destination));
  const Entry& entry = entries_[fingerprint % kEntries];
  return entry.fingerprint == fingerprint && now < entry.until;
}

}  // namespace ringpeer::worker
