#ifndef RINGPEER_ENGINE_SERVER_SERVER_INBOX_H_
#define RINGPEER_ENGINE_SERVER_SERVER_INBOX_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/drain_batch.h"
#include "ringpeer/engine.h"
#include "ringpeer/engine/packet/packet_release.h"
#include "ringpeer/engine/peer/consumer_looks.h"
#include "ringpeer/engine/peer/held_view.h"
#include "ringpeer/engine/peer/loop_bound.h"
#include "ringpeer/engine/server/server_sockets.h"
#include "ringpeer/engine/worker/demultiplexer.h"
#include "ringpeer/engine/worker/worker_group.h"

namespace ringpeer::internal {

// What has come for a server and was not taken yet, and when its consumer looks for more. Whether
// it is kept by remote (PerRemoteInbox) or not (TogetherInbox) is chosen with the server.
//
// Threads: the server's consumer.
// Lifetime: the server's; the sockets are closed before.
class ServerInbox : public DrainSource {
 public:
  // Moves what the workers have published to where it is taken from; without threads, after a
  // look at the sockets.
  void poll() {
    begin_tick();
    if (workers_.is_inline()) sockets_.receive();
    take_published();
  }
  void take_published() {
    consumer_looks_.record(move_published());
    if (shared_.signal.is_watched()) mark_if_empty();
  }
  // Whether every look at packets or connections polls first. Without threads many of them
  // share a look at the socket, which is a system call.
  void set_automatic_poll(bool enabled) { automatic_poll_ = enabled; }
  // What such a look does.
  void take_arrivals() {
    if (!automatic_poll_) {
      if (shared_.signal.is_watched()) mark_if_empty();
      return;
    }
    if (workers_.is_inline() && workers_.inline_pump().is_due()) sockets_.receive();
    take_published();
  }

  // For the bounds of loops. Ticks begin with poll(), wait() and Engine::sync().
  void begin_tick() { ++ticks_; }
  std::uint64_t ticks() const { return ticks_ + workers_.syncs(); }

  // OK when a packet or a new remote waits; else as PeerChannel::wait. Polls.
  Error wait(std::chrono::milliseconds timeout);
  // A descriptor for foreign event loops; -1 without threads.
  int watch();
  // The consumer is about to wait: workers that sleep for the sake of its rhythm are woken.
  void begin_to_wait() {
    if (shared_.pace.begin_wait()) sockets_.wake_workers();
  }

  // The next packet of anybody; valid while *view keeps it. Errors as PeerChannel::take.
  Error take_any(ReceivedPacket* packet, HeldView* view);

  // Whether a new remote waits to be taken; there is none together.
  virtual bool has_pending() {
    take_arrivals();
    return false;
  }
  // The same for who takes it next, which then asks for no memory. Throws where there is none.
  virtual bool finds_pending() { return has_pending(); }
  // How many may wait.
  virtual void set_max_pending(int /*count*/) { take_arrivals(); }

  // After ServerSockets::close(): drops all that waits.
  virtual void drop_all() = 0;

  void record_taken(const DrainProgress& progress) final {
    counters_->add(Counter::kDeliveredPackets, progress.packets);
    counters_->add(Counter::kDeliveredBytes, progress.bytes);
  }
  void remind() final { shared_.signal.remind(); }
  const std::shared_ptr<Engine>& engine() const final { return engine_; }

 protected:
  ServerInbox(const std::shared_ptr<Engine>& engine, ServerSockets& sockets,
              worker::ServerShared& shared)
      : engine_(engine),
        sockets_(sockets),
        shared_(shared),
        workers_(engine->workers_of_engine()),
        counters_(workers_.counters()),
        consumer_looks_(workers_, shared.pace) {}

  // What a get does when there is nothing.
  Error take_nothing() {
    release_.flush();
    return Error::ERR_UNAVAILABLE;
  }
  void mark_if_empty();

  const std::shared_ptr<Engine>& engine_;
  ServerSockets& sockets_;
  worker::ServerShared& shared_;
  worker::WorkerGroup& workers_;
  const worker::LentCounters counters_;
  ConsumerLooks consumer_looks_;
  packet::PacketRelease release_;  // of packets that were dropped, or looked at

 private:
  // Whether there was anything.
  virtual bool move_published() { return consumer_looks_.are_wanted() && sockets_.has_published(); }
  // Whether nothing waits that has left the rings.
  virtual bool is_empty() const = 0;
  // Whether there is anything to take, after take_published().
  virtual bool has_something() const { return !is_empty(); }

  bool automatic_poll_ = true;
  std::uint64_t ticks_ = 0;  // that poll() and wait() have begun
  LoopBound packets_;        // of take_any()
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_SERVER_INBOX_H_
