// Sending through a server's sockets.

#include <cerrno>

#include "ringpeer/peer/send_packet.h"
#include "ringpeer/peer/send_state.h"
#include "ringpeer/peer/server_core.h"

namespace ringpeer::internal {
namespace {

// Whether an error of this peer may have been left; true once for each error of any.
bool should_look_for_error(SendState& state) {
  const std::uint32_t changes = worker::ErrorLatch::changes();
  if (state.seen_errors.load(std::memory_order_relaxed) == changes) return false;
  state.seen_errors.store(changes, std::memory_order_relaxed);
  return true;
}

}  // namespace

int ServerCore::send(worker::Remote& remote, const net::Endpoint& address,
                     std::span<const std::uint8_t> packet, SendState& state) {
  if (should_look_for_error(state)) {
    if (const int error = shared_.send_errors.take(address); error != 0) {
      workers_.count_send(error, packet.size());
      return error;
    }
  }
  Shard& shard = *shards_[shards_.size() == 1 ? 0 : remote.shard];
  worker::SendTarget target{&shard.sends, address};
  target.tells = true;
  if (socket_options_.reply_from_received_address) target.source = remote.source;
  return send_packet(workers_, *shard.worker, shard.socket, packet, target,
                     !state.proven.load(std::memory_order_relaxed));
}

int ServerCore::send_to(const net::Endpoint& destination, const net::LocalAddress& source,
                        std::span<const std::uint8_t> packet) {
  if (!is_alive()) return ESHUTDOWN;
  // Any socket of the port will do; always the same one keeps a destination's order.
  Shard& shard = *shards_[destination.port % shards_.size()];
  worker::SendTarget target{&shard.sends, destination};
  if (source.is_known()) target.source = &source;
  return send_packet(workers_, *shard.worker, shard.socket, packet, target, false);
}

int ServerCore::send_to_all(std::span<const std::uint8_t> packet, const worker::Remote* except) {
  if (!is_alive()) return ESHUTDOWN;
  int result = 0;
  for (auto& shard : shards_) {
    targets_.clear();
    for (worker::Remote* remote : taken_) {
      if (remote == except || shards_[remote->shard] != shard) continue;
      worker::SendTarget target{&shard->sends, remote->endpoint};
      target.tells = true;
      target.source = remote->source;
      targets_.push_back(target);
    }
    if (const int error = send_shard_to_all(*shard, packet); error != 0) result = error;
  }
  return result;
}

int ServerCore::send_shard_to_all(Shard& shard, std::span<const std::uint8_t> packet) {
  if (targets_.empty()) return 0;
  if (packet.size() > kLargestIpv4Datagram) return EMSGSIZE;
  if (!shard.worker->has_thread()) {
    int result = 0;
    for (const worker::SendTarget& target : targets_) {
      const int error = send_packet(workers_, *shard.worker, shard.socket, packet, target, true);
      if (error != 0) result = error;
    }
    return result;
  }
  const int error = shard.worker->send_to_all(packet, targets_);
  if (error == 0) return 0;
  for (std::size_t i = 0; i < targets_.size(); ++i) workers_.count_send(error, packet.size());
  return error;
}

}  // namespace ringpeer::internal
