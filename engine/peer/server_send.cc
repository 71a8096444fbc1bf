// Sending through a server's sockets.

#include <cerrno>

#include "ringpeer/peer/send_packet.h"
#include "ringpeer/peer/send_state.h"
#include "ringpeer/peer/server_core.h"

namespace ringpeer::internal {
namespace {

worker::SendTarget target_of(worker::Remote& remote, const net::Socket& socket) {
  return {remote.endpoint, socket.descriptor(), socket.family(),
          false,           &remote.send_error,  remote.send_error.source != nullptr};
}

// Whether the latch of a peer may hold something new; true once for each error of any.
bool should_look_at_latch(SendState& state) {
  const std::uint32_t changes = worker::ErrorLatch::changes();
  if (state.seen_errors.load(std::memory_order_relaxed) == changes) return false;
  state.seen_errors.store(changes, std::memory_order_relaxed);
  return true;
}

}  // namespace

int ServerCore::send(worker::Remote& remote, const net::Endpoint& address,
                     std::span<const std::uint8_t> packet, SendState& state) {
  if (should_look_at_latch(state)) {
    if (const int error = remote.send_error.take(); error != 0) {
      workers_.count_send(error, packet.size());
      return error;
    }
  }
  Shard& shard = *shards_[shards_.size() == 1 ? 0 : remote.shard];
  const bool has_source =
      socket_options_.reply_from_received_address && remote.send_error.source != nullptr;
  const worker::SendTarget target{address, shard.socket.descriptor(), shard.socket.family(),
                                  false,   &remote.send_error,        has_source};
  return send_packet(workers_, shard.worker, shard.socket, packet, target,
                     !state.proven.load(std::memory_order_relaxed));
}

int ServerCore::send_to(const net::Endpoint& destination, const net::LocalAddress& source,
                        std::span<const std::uint8_t> packet) {
  if (!is_alive()) return ESHUTDOWN;
  // Any socket of the port will do; always the same one keeps a destination's order.
  Shard& shard = *shards_[destination.port % shards_.size()];
  worker::SendTarget target{destination, shard.socket.descriptor(), shard.socket.family()};
  worker::AddressedLatch latch;
  // The queue has no room for an address: such packets go by a system call of this thread.
  const bool now = source.is_known();
  if (now) {
    latch.source = &source;
    target.latch = &latch;
    target.has_source = true;
  }
  return send_packet(workers_, shard.worker, shard.socket, packet, target, now);
}

int ServerCore::send_to_all(std::span<const std::uint8_t> packet, const worker::Remote* except) {
  if (!is_alive()) return ESHUTDOWN;
  int result = 0;
  for (auto& shard : shards_) {
    targets_.clear();
    for (worker::Remote* remote : taken_) {
      if (remote == except || shards_[remote->shard] != shard) continue;
      targets_.push_back(target_of(*remote, shard->socket));
    }
    if (const int error = send_shard_to_all(*shard, packet); error != 0) result = error;
  }
  return result;
}

int ServerCore::send_shard_to_all(Shard& shard, std::span<const std::uint8_t> packet) {
  if (targets_.empty()) return 0;
  if (packet.size() > kLargestIpv4Datagram) return EMSGSIZE;
  if (!shard.worker.has_thread()) {
    int result = 0;
    for (const worker::SendTarget& target : targets_) {
      const int error = send_packet(workers_, shard.worker, shard.socket, packet, target, true);
      if (error != 0) result = error;
    }
    return result;
  }
  const int error = shard.worker.send_to_all(packet, targets_);
  if (error == 0) return 0;
  for (std::size_t i = 0; i < targets_.size(); ++i) workers_.count_send(error, packet.size());
  return error;
}

}  // namespace ringpeer::internal
