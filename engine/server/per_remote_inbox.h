#ifndef RINGPEER_ENGINE_SERVER_PER_REMOTE_INBOX_H_
#define RINGPEER_ENGINE_SERVER_PER_REMOTE_INBOX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ringpeer/engine/packet/packet_descriptor.h"
#include "ringpeer/engine/remotes/remote.h"
#include "ringpeer/engine/server/remote_queues.h"
#include "ringpeer/engine/server/round_robin.h"
#include "ringpeer/engine/server/server_inbox.h"
#include "ringpeer/engine/server/server_remotes.h"
#include "ringpeer/engine/server/server_views.h"

namespace ringpeer::internal {

// The inbox of a server that keeps a queue for each remote: sorts into them what the workers have
// published, and gives a single remote's packets or those of all accepted ones in turn.
//
// Threads: the server's consumer.
class PerRemoteInbox final : public ServerInbox {
 public:
  PerRemoteInbox(const std::shared_ptr<Engine>& engine, ServerSockets& sockets,
                 ServerRemotes& remotes, worker::ServerShared& shared);
  ~PerRemoteInbox() override { end_batch(); }

  // ---- New remotes.

  bool has_pending() override;
  bool finds_pending() override;
  // After finds_pending(): the oldest one.
  worker::Remote& take_pending(RemoteChannel& channel);
  void set_max_pending(int count) override;
  // Drops what waits, forgets the remote.
  void close(worker::Remote& remote);

  // ---- Packets of one remote.

  // The oldest, with a reference to *buffer, and when it came. ERR_UNAVAILABLE when there is none.
  Error take(worker::Remote& remote, std::span<const std::uint8_t>* packet,
             packet::PacketBuffer** buffer, std::uint64_t* arrival_us);
  // The same for a batch.
  bool take_next_of(worker::Remote& remote, ReceivedPacket* packet, packet::PacketBuffer** buffer);
  // What the next one, which there is, counts in its queue, and what that may hold.
  std::uint64_t first_charge(const worker::Remote& remote) {
    return queues_.front(remote)->first_size() + packet::kRecordOverhead;
  }
  std::uint64_t max_bytes() const {
    return shared_.max_bytes_per_remote.load(std::memory_order_relaxed);
  }
  std::size_t max_packets() const {
    return static_cast<std::size_t>(max_bytes() / packet::kRecordOverhead) + 1;
  }
  ServerViews& views() { return views_; }
  using ServerInbox::take_nothing;

  // ---- Packets of all.

  bool take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) override;
  std::size_t most_of_a_batch() const override {
    return static_cast<std::size_t>(waiting_packets_) + sockets_.ring_slots();
  }
  void drop_all() override;

 private:
  bool move_published() override;
  bool is_empty() const override { return waiting_packets_ == 0 && remotes_.pending_count() == 0; }

  void take_from(Shard& shard);
  void take_packet(worker::Remote& remote, const packet::PacketDescriptor& descriptor,
                   std::uint64_t arrival_us);
  void take_event(worker::Remote& remote, const packet::PacketDescriptor& event,
                  std::uint64_t came_us);
  bool is_misplaced(const worker::Remote& remote) const;
  void forget_replaced(worker::Remote& remote);
  void turn_away(worker::Remote& remote, Counter reason);
  void drop_newest_pending();
  bool ends_loop_of_connections();
  void start_rotation();
  void record_taken_packet(worker::Remote& remote, std::size_t size);
  void drop(worker::Remote& remote, const packet::PacketDescriptor& descriptor, Counter reason);
  void drop_queue(worker::Remote& remote);

  ServerRemotes& remotes_;
  RemoteQueues queues_;
  std::uint64_t waiting_packets_ = 0;  // in the queues of all remotes
  // Kept from the first drain on, so that who reads peer by peer does not pay for it.
  RoundRobin rotation_;
  bool rotating_ = false;
  LoopBound connections_;
  ServerViews views_;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_PER_REMOTE_INBOX_H_
