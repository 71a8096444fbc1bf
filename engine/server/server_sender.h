#ifndef RINGPEER_ENGINE_SERVER_SERVER_SENDER_H_
#define RINGPEER_ENGINE_SERVER_SERVER_SENDER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/local_address.h"
#include "ringpeer/engine/peer/put_state.h"
#include "ringpeer/engine/remotes/remote_notes.h"
#include "ringpeer/engine/send/send_item.h"
#include "ringpeer/engine/server/server_remotes.h"
#include "ringpeer/engine/server/server_sockets.h"
#include "ringpeer/engine/worker/worker_group.h"

namespace ringpeer::internal {

// Sends through a server's sockets. What comes back is 0 or errno.
//
// Threads: send() and send_to() any, within a worker::PutSection; send_to_all() the server's
// consumer.
class ServerSender {
 public:
  ServerSender(worker::WorkerGroup& workers, ServerSockets& sockets, ServerRemotes& remotes,
               worker::SendErrors& errors)
      : workers_(workers), sockets_(sockets), remotes_(remotes), errors_(errors) {}

  // To one remote, known by its address: the remote itself may be gone.
  int send(const net::Endpoint& remote, const net::LocalAddress& source,
           std::span<const std::uint8_t> packet, PutState& state);
  // The same, to one of whom something is noted: kNotVerified where that is more than it may be
  // sent.
  int send_within(worker::RemoteNotes& notes, const net::Endpoint& remote,
                  std::span<const std::uint8_t> packet, PutState& state);
  // To anybody.
  int send_to(const net::Endpoint& destination, const net::LocalAddress& source,
              std::span<const std::uint8_t> packet);
  // To all accepted remotes but one, and but for those that may not be sent so much: all or none of
  // each worker's.
  int send_to_all(std::span<const std::uint8_t> packet, const worker::Remote* except);

 private:
  // The same for each destination, whoever sends, so that its packets keep their order.
  Shard& shard_for(const net::Endpoint& destination) const;
  int send_by(Shard& shard, std::span<const std::uint8_t> packet, const worker::SendTarget& target,
              bool now);
  bool has_room_for_targets();
  void count_unverified(std::size_t bytes);
  int send_shard_to_all(Shard& shard, std::span<const std::uint8_t> packet);

  worker::WorkerGroup& workers_;
  ServerSockets& sockets_;
  ServerRemotes& remotes_;
  worker::SendErrors& errors_;               // of packets to the remotes
  std::vector<worker::SendTarget> targets_;  // of the current send_to_all()
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_SERVER_SENDER_H_
