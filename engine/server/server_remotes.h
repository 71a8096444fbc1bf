#ifndef RINGPEER_ENGINE_SERVER_SERVER_REMOTES_H_
#define RINGPEER_ENGINE_SERVER_SERVER_REMOTES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "ringpeer/engine/remotes/remote.h"
#include "ringpeer/engine/remotes/remote_table.h"
#include "ringpeer/engine/worker/demultiplexer.h"

namespace ringpeer::internal {

// The remotes of a server, of all workers: pending, the oldest first, until the application takes
// them, and then accepted. There are none together.
//
// Owns no remote. Threads: the server's consumer.
class ServerRemotes {
 public:
  explicit ServerRemotes(worker::ServerShared& shared) : shared_(shared) {}

  // Whether a worker has announced somebody of this address before; false with one worker, which
  // does so once.
  bool knows(const net::Endpoint& endpoint) const {
    return shared_.several && known_.find(endpoint) != nullptr;
  }
  // One that a worker has announced. False when there is no memory for it.
  bool add_pending(worker::Remote& remote, std::uint64_t came_us);
  // What one worker has announced is in order, but older ones of another may come after it: puts
  // those behind the first `known` where they belong.
  void sort_in_pending(std::size_t known);
  std::size_t pending_count() const { return pending_.size(); }
  // The oldest that is pending cannot lose its place any more. False when there is none, now that
  // those are out who have lost theirs.
  bool claim_oldest();
  // The newest that is pending, which there is, is so no more. Null when it has lost its place.
  worker::Remote* take_newest_pending();
  // One that has lost its place to another.
  void remove_replaced(const worker::Remote& remote);

  // So that accept_oldest() does not ask for memory. Throws where there is none.
  void reserve_accepted();
  // After claim_oldest(): that one; idle from now on.
  worker::Remote& accept_oldest(RemoteChannel& channel, std::uint64_t now_us);
  std::span<worker::Remote* const> accepted() const { return accepted_; }
  // How many may be accepted before they need more memory.
  std::size_t accepted_capacity() const { return accepted_.capacity(); }

  // One that is not pending.
  void forget(worker::Remote& remote);

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Pending& pending : pending_) visit(*pending.remote);
    for (worker::Remote* remote : accepted_) visit(*remote);
  }
  void clear() {
    pending_.clear();
    accepted_.clear();
  }

 private:
  struct Pending {
    worker::Remote* remote;
    std::uint64_t since_us;
  };

  worker::ServerShared& shared_;
  std::deque<Pending> pending_;
  std::vector<worker::Remote*> accepted_;
  // With several workers: all pending and accepted ones, to see who turns up a second time.
  worker::RemoteTable known_;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_SERVER_REMOTES_H_
