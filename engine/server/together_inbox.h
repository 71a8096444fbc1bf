#ifndef RINGPEER_ENGINE_SERVER_TOGETHER_INBOX_H_
#define RINGPEER_ENGINE_SERVER_TOGETHER_INBOX_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "ringpeer/engine/packet/packet_descriptor.h"
#include "ringpeer/engine/server/server_inbox.h"

namespace ringpeer::internal {

// The inbox of a server that knows no remotes: what has come stays in the workers' rings until it
// is taken, in the order in which it came to each.
//
// Threads: the server's consumer.
class TogetherInbox final : public ServerInbox {
 public:
  TogetherInbox(const std::shared_ptr<Engine>& engine, ServerSockets& sockets,
                worker::ServerShared& shared)
      : ServerInbox(engine, sockets, shared) {}
  ~TogetherInbox() override { end_batch(); }

  bool take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) override;
  std::size_t most_of_a_batch() const override { return sockets_.ring_slots(); }
  void drop_all() override;

 private:
  bool is_empty() const override { return rest_.size == 0; }
  bool has_something() const override { return !is_empty() || sockets_.has_published(); }
  bool load();

  // What was taken from a ring and holds more packets, and when it came.
  packet::PacketDescriptor rest_{};
  std::uint64_t arrival_us_ = 0;
  std::size_t next_shard_ = 0;
  bool was_empty_ = false;  // when something was to be taken last
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_TOGETHER_INBOX_H_
