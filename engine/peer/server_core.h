#ifndef RINGPEER_PEER_SERVER_CORE_H_
#define RINGPEER_PEER_SERVER_CORE_H_

#include <chrono>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/net/socket.h"
#include "ringpeer/packet/packet_release.h"
#include "ringpeer/peer/queue_pool.h"
#include "ringpeer/worker/demultiplexer.h"
#include "ringpeer/worker/worker_group.h"

namespace ringpeer::internal {

class RemoteEndpoint;

// A listening server: one socket and one demultiplexer a worker, and on the
// consumer's side the queues of all its remotes.
//
// Threads: send() from any; the rest belongs to the server's consumer.
class ServerCore {
 public:
  // Null on failure (errno in *error).
  static std::shared_ptr<ServerCore> create(std::shared_ptr<Engine> engine,
                                            const net::Endpoint& local, net::SocketFamily family,
                                            int max_pending, int* error);
  ~ServerCore();

  // Closes the sockets and lets go of every remote; peers find themselves closed.
  void stop();
  bool is_alive() const { return !stopped_ && !shared_.stopped.load(std::memory_order_acquire); }
  int local_port() const;

  // Moves what the workers have published to the remotes' queues.
  void poll();
  // Whether every look at packets or connections polls first.
  void set_automatic_poll(bool enabled) { automatic_poll_ = enabled; }
  void take_arrivals() {
    if (automatic_poll_) poll();
  }

  bool has_pending();
  // The oldest new remote, or null.
  worker::Remote* take_pending(RemoteEndpoint* owner);
  void set_max_pending(int count);

  // The oldest packet of a remote. ERR_UNAVAILABLE when there is none.
  Error take(worker::Remote& remote, std::span<const std::uint8_t>* packet);
  // Drops what waits, forgets the remote.
  void close(worker::Remote& remote);

  worker::ConsumerSignal& signal() { return shared_.signal; }
  worker::WorkerGroup& workers() { return workers_; }
  int send(worker::Remote& remote, std::span<const std::uint8_t> packet, bool now);

 private:
  struct Shard {
    Shard(worker::Worker& shard_worker, std::uint16_t index, worker::ServerShared* shared);
    worker::Worker& worker;
    net::Socket socket;
    worker::Demultiplexer demultiplexer;
    backend::SocketSlot slot = 0;
    bool receiving = false;
  };

  ServerCore(std::shared_ptr<Engine> engine, int max_pending);
  int open(const net::Endpoint& local, net::SocketFamily family);
  int open_shard(Shard& shard, const net::Endpoint& local, net::SocketFamily family, bool share);
  void take_from(Shard& shard);
  void take_event(const packet::PacketDescriptor& event);
  void drop(worker::Remote& remote, const packet::PacketDescriptor& descriptor, Counter reason);
  void drop_queue(worker::Remote& remote);
  void release_held();

  const std::shared_ptr<Engine> engine_;
  worker::WorkerGroup& workers_;
  Counters* const counters_;
  worker::ServerShared shared_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::deque<worker::Remote*> pending_;
  std::vector<worker::Remote*> taken_;
  QueuePool queues_;
  // The buffer of the packet that the application is looking at, and of those that
  // were taken before it and lie in the same one.
  packet::PacketBuffer* held_buffer_ = nullptr;
  packet::PacketRelease release_;
  bool automatic_poll_ = true;
  bool stopped_ = false;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_PEER_SERVER_CORE_H_
