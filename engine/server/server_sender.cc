#include "ringpeer/engine/server/server_sender.h"

#include <cerrno>
#include <cstring>
#include <new>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/engine/peer/send_or_queue.h"
#include "ringpeer/engine/send/failure_counter.h"

namespace ringpeer::internal {
namespace {

constexpr std::uint32_t kMixer = 0x9e3779b1;  // odd, 2^32 / golden ratio

// Null: any.
const net::LocalAddress* source_of(const worker::Remote& remote) {
  return remote.notes != nullptr && remote.notes->local.is_known() ? &remote.notes->local : nullptr;
}

// Whether an error of this peer may have been left; true once for each error of any.
bool should_look_for_error(PutState& state) {
  const std::uint32_t changes = worker::ErrorLatch::changes();
  if (state.seen_errors.load(std::memory_order_relaxed) == changes) return false;
  state.seen_errors.store(changes, std::memory_order_relaxed);
  return true;
}

}  // namespace

// Any socket of the port will do. The worker that receives from a remote is not known to
// everybody who sends to it, so the destination alone decides.
Shard& ServerSender::shard_for(const net::Endpoint& destination) const {
  const auto shards = sockets_.shards();
  if (shards.size() == 1) [[likely]]
    return *shards[0];
  // Ports of one address, addresses with one port: both are spread.
  std::uint32_t last_word = 0;
  const auto& bytes = destination.address.bytes();
  std::memcpy(&last_word, bytes.data() + bytes.size() - sizeof(last_word), sizeof(last_word));
  const std::uint64_t mixed = std::uint32_t{(last_word + destination.port) * kMixer};
  return *shards[(mixed * shards.size()) >> 32];
}

// Without a thread the packet has left by a system call, of which no worker knows.
int ServerSender::send_by(Shard& shard, std::span<const std::uint8_t> packet,
                          const worker::SendTarget& target, bool now) {
  const int error = send_or_queue(workers_, *shard.worker, shard.socket, packet, target, now);
  if (shard.sent != nullptr && error == 0 && !shard.worker->has_thread()) [[unlikely]] {
    shard.sent->record(target.destination, packet, admission::SentBeginnings::now_us());
  }
  return error;
}

int ServerSender::send(const net::Endpoint& remote, const net::LocalAddress& source,
                       std::span<const std::uint8_t> packet, PutState& state) {
  if (!sockets_.is_open()) return ESHUTDOWN;
  if (should_look_for_error(state)) {
    if (const int error = errors_.take(remote); error != 0) {
      workers_.counters().count_send(error, packet.size());
      return error;
    }
  }
  Shard& shard = shard_for(remote);
  worker::SendTarget target{&shard.sends, remote};
  target.tells = true;
  if (source.is_known()) target.source = &source;
  return send_by(shard, packet, target, false);
}

int ServerSender::send_within(worker::RemoteNotes& notes, const net::Endpoint& remote,
                              std::span<const std::uint8_t> packet, PutState& state) {
  if (!notes.replies.take(packet.size())) {
    count_unverified(packet.size());
    return worker::kNotVerified;
  }
  const int error = send(remote, notes.local, packet, state);
  if (error != 0) notes.replies.give_back(packet.size());
  return error;
}

void ServerSender::count_unverified(std::size_t bytes) {
  workers_.counters().count_send(worker::kNotVerified, bytes);
}

int ServerSender::send_to(const net::Endpoint& destination, const net::LocalAddress& source,
                          std::span<const std::uint8_t> packet) {
  if (!sockets_.is_open()) return ESHUTDOWN;
  Shard& shard = shard_for(destination);
  worker::SendTarget target{&shard.sends, destination};
  if (source.is_known()) target.source = &source;
  return send_by(shard, packet, target, false);
}

int ServerSender::send_to_all(std::span<const std::uint8_t> packet, const worker::Remote* except) {
  if (!sockets_.is_alive()) return ESHUTDOWN;
  if (!has_room_for_targets()) {
    const std::size_t packets = remotes_.accepted().size() - (except != nullptr ? 1 : 0);
    for (std::size_t i = 0; i < packets; ++i) workers_.counters().count_send(ENOMEM, packet.size());
    return ENOMEM;
  }
  int result = 0;
  for (const auto& shard : sockets_.shards()) {
    targets_.clear();
    for (worker::Remote* remote : remotes_.accepted()) {
      if (remote == except || &shard_for(remote->endpoint) != shard.get()) continue;
      if (remote->notes != nullptr && !remote->notes->replies.take(packet.size())) {
        count_unverified(packet.size());
        continue;
      }
      worker::SendTarget target{&shard->sends, remote->endpoint};
      target.tells = true;
      target.source = source_of(*remote);
      targets_.push_back(target);
    }
    if (const int error = send_shard_to_all(*shard, packet); error != 0) result = error;
  }
  return result;
}

bool ServerSender::has_room_for_targets() {
  RINGPEER_TRY {
    targets_.reserve(remotes_.accepted_capacity());
    return true;
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return false; }
}

int ServerSender::send_shard_to_all(Shard& shard, std::span<const std::uint8_t> packet) {
  if (targets_.empty()) return 0;
  if (packet.size() > kLargestIpv4Datagram) return EMSGSIZE;
  if (!shard.worker->has_thread()) {
    int result = 0;
    for (const worker::SendTarget& target : targets_) {
      const int error = send_by(shard, packet, target, true);
      if (error != 0) result = error;
    }
    return result;
  }
  const int error = shard.worker->sends().send_to_all(packet, targets_);
  if (error == 0) return 0;
  for (std::size_t i = 0; i < targets_.size(); ++i)
    workers_.counters().count_send(error, packet.size());
  return error;
}

}  // namespace ringpeer::internal
