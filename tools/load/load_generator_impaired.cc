// What a generator does with packets that an impairment keeps for a while.

#include "ringpeer/tools/load/load_generator.h"

namespace ringpeer::tools {

bool LoadGenerator::deliver_due(Clock::time_point now) {
  bool had_any = false;
  while (const std::optional<Traveller> traveller = impairment_->take_due(now)) {
    had_any = true;
    const bool was_delivered = deliver(*traveller, now);
    impairment_->left(*traveller, was_delivered, Clock::now());
  }
  return had_any;
}

bool LoadGenerator::deliver(const Traveller& traveller, Clock::time_point now) {
  Client* const client = impaired_.at(ClientImpairment::client_of(traveller));
  client->quiet_since = now;
  if (traveller.flow->direction == Direction::kToClient) {
    take_packet(client, traveller.payload, now);
    return true;
  }
  const int error = forward(client, traveller.payload);
  if (error == 0) return true;
  ++report_.delayed_sends_refused;
  ++report_.send_errors[error];
  report_.send_error = error;
  return false;
}

std::chrono::nanoseconds LoadGenerator::longest_delay() const {
  return impairment_ ? impairment_->longest_delay() : std::chrono::nanoseconds(0);
}

const LoadClient& LoadGenerator::known_of(const Client& client) const {
  return impairment_ ? impairment_->beyond(client.account.id()) : client.account;
}

bool LoadGenerator::is_settled(const Client& client) const {
  return impairment_ ? impairment_->is_settled(client.account.id()) : client.account.settled();
}

}  // namespace ringpeer::tools
