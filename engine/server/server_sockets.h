#ifndef RINGPEER_ENGINE_SERVER_SERVER_SOCKETS_H_
#define RINGPEER_ENGINE_SERVER_SERVER_SOCKETS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/engine/admission/sent_beginnings.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/send/send_socket.h"
#include "ringpeer/engine/worker/demultiplexer.h"
#include "ringpeer/engine/worker/worker_group.h"
#include "ringpeer/socket_options.h"

namespace ringpeer::internal {

// One worker's part of a server.
struct Shard {
  Shard(worker::Worker& shard_worker, std::uint16_t index, worker::ServerShared* shared);
  worker::Worker* worker;
  net::Socket socket;
  const std::unique_ptr<admission::SentBeginnings> sent;  // where errors are read
  worker::SendSocket sends;
  worker::Demultiplexer demultiplexer;
  backend::SocketSlot slot = 0;
  bool receiving = false;
  worker::Command detach;
};

// The sockets of a server: one on each worker, all on one port, each with what sorts its
// datagrams; or a single one that somebody else has bound.
//
// Threads: is_open(), and what sends through a shard, from any, within a worker::PutSection; the
// rest is the server's consumer's.
// Lifetime: the shards are there from open() or adopt() until clear(). The engine and what is
// shared outlive them.
class ServerSockets {
 public:
  // Packets of one worker that may wait for the server's consumer: a 60 Hz frame of a
  // flood of small packets, three times over. One MiB of descriptors.
  static constexpr std::size_t kRingSlots = 32768;

  ServerSockets(Engine& engine, const SocketOptions& options, worker::ServerShared& shared);

  // 0 or errno.
  int open(const net::Endpoint& local, net::SocketFamily family);
  // One that is bound and has its options already, for one worker. 0 or errno.
  int adopt(net::Socket socket);

  // Lets what was put leave, ends the receiving and gives the port back. False, and nothing is
  // done, when it was called before.
  bool close();
  // After close(), once the rings are empty: frees the remotes.
  void clear() { shards_.clear(); }

  // Until close() begins.
  bool is_open() const { return open_.load(std::memory_order_acquire); }
  // Whether anything will be received still.
  bool is_alive() const { return is_open() && !shared_.life.is_over(); }

  std::span<const std::unique_ptr<Shard>> shards() const { return shards_; }
  // Packets that the rings may hold.
  std::size_t ring_slots() const { return shards_.size() * kRingSlots; }
  // Whether something that the workers have published is in a ring.
  bool has_published() const;
  // Ends their waits.
  void wake_workers();
  // Takes what the kernel has, without threads: what fits the ring easily.
  void receive();

  // 0 once it is closed.
  int local_port() const;
  // The first, for questions that each would answer alike; null when there is none.
  const net::Socket* first() const { return shards_.empty() ? nullptr : &shards_[0]->socket; }
  // Remotes that the workers know.
  std::size_t remote_count() const;

 private:
  int bind(Shard& shard, const net::Endpoint& local, net::SocketFamily family);
  bool is_intruded(const net::Endpoint& local, const std::vector<std::uint64_t>& before) const;
  void open_group();
  bool steer();
  int start_receiving(Shard& shard, bool by_any_worker = false);
  void detach_all();

  Engine& engine_;
  const SocketOptions options_;
  worker::WorkerGroup& workers_;
  worker::ServerShared& shared_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<bool> open_{true};
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_SERVER_SOCKETS_H_
