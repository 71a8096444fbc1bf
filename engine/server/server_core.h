#ifndef RINGPEER_ENGINE_SERVER_SERVER_CORE_H_
#define RINGPEER_ENGINE_SERVER_SERVER_CORE_H_

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/drain_batch.h"
#include "ringpeer/engine.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/packet/packet_release.h"
#include "ringpeer/engine/peer/held_view.h"
#include "ringpeer/engine/peer/loop_bound.h"
#include "ringpeer/engine/remotes/remote_table.h"
#include "ringpeer/engine/send/send_socket.h"
#include "ringpeer/engine/server/remote_queues.h"
#include "ringpeer/engine/worker/demultiplexer.h"
#include "ringpeer/engine/worker/worker_group.h"
#include "ringpeer/socket_options.h"

namespace ringpeer::internal {

class RemoteChannel;
struct PutState;

// A listening server: one socket and one demultiplexer a worker, and on the
// consumer's side the queues of all its remotes.
//
// Threads: send(), send_to(), signal() and takes_puts() from any, within a worker::PutSection;
// the rest belongs to the server's consumer.
class ServerCore final : public DrainSource {
 public:
  // Null on failure (errno in *error).
  static std::shared_ptr<ServerCore> create(std::shared_ptr<Engine> engine,
                                            const net::Endpoint& local, net::SocketFamily family,
                                            int max_pending, const ServerOptions& options,
                                            int* error);
  // On a socket that is bound and has its options already, with one worker.
  static std::shared_ptr<ServerCore> adopt(std::shared_ptr<Engine> engine, net::Socket socket,
                                           int max_pending, const ServerOptions& options,
                                           int* error);
  ~ServerCore() override;

  // Closes the sockets and lets go of every remote; peers find themselves closed.
  void stop();
  bool is_alive() const { return !stopped_ && !shared_.life.is_over(); }
  // For any thread, within a worker::PutSection: as long as it does there are sockets.
  bool takes_puts() const { return takes_puts_.load(std::memory_order_acquire); }
  int local_port() const;

  // Moves what the workers have published to the remotes' queues; without threads, after a
  // look at the sockets.
  void poll() {
    begin_tick();
    if (workers_.is_inline()) look_at_socket(true);
    take_published();
  }
  void take_published();
  // Whether every look at packets or connections polls first. Without threads many of them
  // share a look at the socket, which is a system call.
  void set_automatic_poll(bool enabled) { automatic_poll_ = enabled; }
  void take_arrivals() {
    if (!automatic_poll_) {
      if (shared_.signal.is_watched()) mark_if_empty();
      return;
    }
    if (workers_.is_inline()) look_at_socket(false);
    take_published();
  }

  // For the bounds of loops. Ticks begin with poll(), wait() and Engine::sync().
  void begin_tick() { ++ticks_; }
  std::uint64_t ticks() const { return ticks_ + workers_.syncs(); }
  std::uint64_t most_bytes_of_remote() const {
    return shared_.max_bytes_per_remote.load(std::memory_order_relaxed);
  }
  std::size_t most_packets_of_remote() const {
    return static_cast<std::size_t>(most_bytes_of_remote() / packet::kRecordOverhead) + 1;
  }

  bool has_pending();
  // For take_pending(), which then does not ask for memory: whether there is one to take.
  bool finds_pending();
  // The oldest new remote, which there is.
  worker::Remote* take_pending(RemoteChannel* channel);
  void set_max_pending(int count);

  // The oldest packet of a remote, with a reference to *buffer, and when it came.
  // ERR_UNAVAILABLE when there is none.
  Error take(worker::Remote& remote, std::span<const std::uint8_t>* packet,
             packet::PacketBuffer** buffer, std::uint64_t* arrival_us);
  // The packet, which lies in the buffer, is shown until the view is let go.
  void hold(packet::PacketBuffer* buffer, std::span<const std::uint8_t>* packet, HeldView* view);
  // Until another buffer is given back.
  void hold_briefly(packet::PacketBuffer* buffer) { release_.add(buffer); }
  void let_go(HeldView* view);
  // The view is no longer one of this server's peers'.
  void stop_counting(HeldView* view);
  // What the next packet of a remote, which there is, counts in its queue.
  std::uint64_t first_charge(const worker::Remote& remote) {
    return queues_.front(remote)->first_size() + packet::kRecordOverhead;
  }
  // What take() does when there is none.
  Error take_nothing() {
    release_.flush();
    return Error::ERR_UNAVAILABLE;
  }
  // Drops what waits, forgets the remote.
  void close(worker::Remote& remote);

  // ---- The server as a whole.

  // OK when a packet or a new remote waits; else as PeerChannel::wait. Polls.
  Error wait(std::chrono::milliseconds timeout);
  // As take(), of each remote in turn; valid while *view keeps it.
  Error take_any(ReceivedPacket* packet, HeldView* view);
  bool take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) override;
  std::size_t most_of_a_batch() const override;
  void record_taken(const DrainProgress& progress) override;
  void remind() override { shared_.signal.remind(); }
  const std::shared_ptr<Engine>& engine() const override { return engine_; }
  // Of one remote, for a batch.
  bool take_next_of(worker::Remote& remote, ReceivedPacket* packet, packet::PacketBuffer** buffer);
  // A descriptor for foreign event loops; -1 without threads.
  int watch();

  bool is_per_remote() const { return shared_.per_remote; }
  const net::Socket* socket() const { return shards_.empty() ? nullptr : &shards_[0]->socket; }
  std::size_t remote_count() const;

  void set_idle_timeout(std::chrono::milliseconds timeout);
  bool is_idle(const worker::Remote& remote);
  bool is_disconnected(const worker::Remote& remote);
  // The next taken remote that has become so, or null: a bounded look at some remotes.
  PacketPeerUDP* next_disconnected();

  // 0 or errno. From any thread.
  int send_to(const net::Endpoint& destination, const net::LocalAddress& source,
              std::span<const std::uint8_t> packet);
  // To all taken remotes but one: all or none of each worker's. 0 or errno.
  int send_to_all(std::span<const std::uint8_t> packet, const worker::Remote* except);

  worker::ConsumerSignal& signal() { return shared_.signal; }
  worker::WorkerGroup& workers() { return workers_; }
  // To one remote, known by its address: the remote itself may be gone.
  int send(const net::Endpoint& remote, const net::LocalAddress& source,
           std::span<const std::uint8_t> packet, PutState& state);

 private:
  // Packets of one worker that may wait for the server's consumer: a 60 Hz frame of a
  // flood of small packets, three times over. One MiB of descriptors.
  static constexpr std::size_t kRingSlots = 32768;

  struct Shard {
    Shard(worker::Worker& shard_worker, std::uint16_t index, worker::ServerShared* shared);
    worker::Worker* worker;
    net::Socket socket;
    worker::SendSocket sends;
    worker::Demultiplexer demultiplexer;
    backend::SocketSlot slot = 0;
    bool receiving = false;
    worker::Command detach;
  };

  ServerCore(std::shared_ptr<Engine> engine, int max_pending, const ServerOptions& options);
  int open(const net::Endpoint& local, net::SocketFamily family);
  int bind_shard(Shard& shard, const net::Endpoint& local, net::SocketFamily family);
  bool is_intruded(const net::Endpoint& local, const std::vector<std::uint64_t>& before) const;
  void open_group();
  bool steer();
  int receive_on(Shard& shard, bool by_any_worker = false);
  void detach_all();
  void look_at_socket(bool at_once);
  bool has_several_workers() const { return shared_.several; }
  bool is_misplaced(const worker::Remote& remote) const;
  bool add_pending(worker::Remote& remote, std::uint64_t came_us);
  void turn_away(worker::Remote& remote, Counter reason);
  bool finds_something();
  bool ends_loop_of_connections();
  std::uint64_t us_of(std::chrono::steady_clock::time_point time) const;
  std::uint64_t now_us() const { return us_of(base::Clock::now()); }
  bool is_silent(const worker::Remote& remote, std::uint64_t now_us) const;
  bool is_gone(const worker::Remote& remote, std::uint64_t now_us) const;
  void link_ready(worker::Remote& remote);
  void unlink_ready(worker::Remote& remote);
  void start_rotation();
  bool load_together();
  bool take_together(ReceivedPacket* packet, packet::PacketBuffer** buffer);
  void record_taken_packet(worker::Remote& remote, std::size_t size);
  // The same for each destination, whoever sends, so that its packets keep their order.
  Shard& shard_for(const net::Endpoint& destination);
  bool has_room_for_targets();
  int send_shard_to_all(Shard& shard, std::span<const std::uint8_t> packet);
  void take_from(Shard& shard);
  void mark_if_empty();
  void drop_together(Shard& shard);
  void take_packet(worker::Remote& remote, const packet::PacketDescriptor& descriptor,
                   std::uint64_t arrival_us);
  void take_event(worker::Remote& remote, const packet::PacketDescriptor& event,
                  std::uint64_t came_us);
  void sort_in_pending(std::size_t known);
  void drop_newest_pending();
  void drop(worker::Remote& remote, const packet::PacketDescriptor& descriptor, Counter reason);
  void drop_queue(worker::Remote& remote);

  const std::shared_ptr<Engine> engine_;
  const SocketOptions socket_options_;
  worker::WorkerGroup& workers_;
  const worker::LentCounters counters_;
  worker::ServerShared shared_;
  std::vector<std::unique_ptr<Shard>> shards_;
  struct Pending {
    worker::Remote* remote;
    std::uint64_t since_us;
  };
  std::deque<Pending> pending_;  // the oldest first, of whichever worker
  std::vector<worker::Remote*> accepted_;
  // With several workers: all pending and taken remotes, to see who turns up a second time.
  worker::RemoteTable known_;
  RemoteQueues queues_;
  std::uint64_t waiting_packets_ = 0;  // in the queues of all remotes

  // The remotes with packets, as a ring in the order of service; the next one. Kept
  // from the first drain on, so that who reads peer by peer does not pay for it.
  bool rotating_ = false;
  worker::Remote* ready_ = nullptr;
  // Together: what was taken from a ring and holds more packets, and the next ring.
  packet::PacketDescriptor together_rest_{};
  std::uint64_t together_arrival_us_ = 0;
  std::size_t next_shard_ = 0;

  // 0: none.
  std::chrono::milliseconds idle_timeout_{0};
  std::size_t next_idle_look_ = 0;
  std::vector<worker::SendTarget> targets_;  // of the current broadcast
  ViewLimit views_;
  packet::PacketRelease release_;  // of packets that were dropped, or looked at
  bool automatic_poll_ = true;
  std::uint64_t ticks_ = 0;  // that poll() and wait() have begun
  LoopBound connections_;
  LoopBound packets_;  // of take_any()
  bool stopped_ = false;
  std::atomic<bool> takes_puts_{true};
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_SERVER_CORE_H_
