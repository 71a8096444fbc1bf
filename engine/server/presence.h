#ifndef RINGPEER_ENGINE_SERVER_PRESENCE_H_
#define RINGPEER_ENGINE_SERVER_PRESENCE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/remotes/remote.h"
#include "ringpeer/engine/server/server_inbox.h"
#include "ringpeer/engine/server/server_remotes.h"
#include "ringpeer/engine/worker/worker_group.h"

namespace ringpeer {
class PacketPeerUDP;
}

namespace ringpeer::internal {

// Which of a server's accepted remotes are still there: something has come of late, and no
// machine has answered that nobody listens.
//
// Threads: the server's consumer.
class Presence {
 public:
  Presence(worker::WorkerGroup& workers, ServerInbox& inbox, ServerRemotes& remotes)
      : workers_(workers), inbox_(inbox), remotes_(remotes) {}

  // 0: nobody is ever idle.
  void set_idle_timeout(std::chrono::milliseconds timeout);
  bool is_idle(const worker::Remote& remote);
  bool is_disconnected(const worker::Remote& remote);
  // The peer of the next remote that has become so, or null: a bounded look at some of them.
  PacketPeerUDP* next_disconnected();

 private:
  std::uint64_t now_us() const;
  bool is_silent(const worker::Remote& remote, std::uint64_t now_us) const;
  bool is_gone(const worker::Remote& remote, std::uint64_t now_us) const;

  worker::WorkerGroup& workers_;
  ServerInbox& inbox_;
  ServerRemotes& remotes_;
  std::chrono::milliseconds idle_timeout_{0};
  std::size_t next_look_ = 0;  // of next_disconnected()
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_PRESENCE_H_
