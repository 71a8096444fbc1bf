#ifndef RINGPEER_ENGINE_PEER_PEER_CHANNEL_H_
#define RINGPEER_ENGINE_PEER_PEER_CHANNEL_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/drain_batch.h"
#include "ringpeer/engine/net/deadline.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/peer/held_view.h"
#include "ringpeer/engine/peer/put_state.h"
#include "ringpeer/engine/worker/consumer_signal.h"
#include "ringpeer/engine/worker/worker_group.h"

namespace ringpeer::internal {

// What an open PacketPeerUDP talks through: a socket of its own (SocketChannel) or
// a server's (RemoteChannel).
//
// Owned by the peer's ChannelPointer.
//
// Threads: send(), interrupt(), is_server_peer() from any thread, within a
// worker::PutSection; the rest is the consumer's.
class PeerChannel {
 public:
  virtual ~PeerChannel() = default;

  // Packets waiting; -1 when the channel is dead or has an error to report, which
  // is then reported.
  virtual int available() = 0;

  // ERR_UNAVAILABLE when nothing waits or in a forked child, FAILED as available() says -1. The
  // packet stays valid while *view keeps it, which lets the one before go whatever the answer
  // is, but in a child.
  virtual Error take(std::span<const std::uint8_t>* packet, net::Endpoint* sender,
                     HeldView* view) = 0;
  // The same for a caller who is done with the packet before the next call.
  virtual Error take_briefly(std::span<const std::uint8_t>* packet, net::Endpoint* sender,
                             HeldView* view) {
    return take(packet, sender, view);
  }
  // The view outlives this channel.
  virtual void leave(HeldView* /*view*/) {}

  // OK when something waits, ERR_TIMEOUT, ERR_SKIP when interrupted, FAILED. A
  // negative timeout has no end.
  virtual Error wait(std::chrono::milliseconds timeout) = 0;
  virtual void interrupt() = 0;

  // To the destination of `state`; a server's peer has its own. 0 or errno, EDESTADDRREQ
  // without a destination. To one that is not verified by a system call of this thread, whose
  // answer is honest; else through the worker's queue, whose errors are reported by the next
  // call.
  virtual int send(std::span<const std::uint8_t> packet, PutState& state) = 0;

  // A descriptor for foreign event loops; -1 without threads.
  virtual int watch() = 0;
  // When the packet taken last came in; time_point() before the first.
  virtual std::chrono::steady_clock::time_point last_arrival() const = 0;
  // Takes what the workers have published, and looks at the sockets where nobody else does.
  virtual Error poll() = 0;
  virtual DrainSource* drain_source() = 0;
  virtual const net::Socket* socket() const = 0;

  virtual bool is_alive() const = 0;
  virtual bool is_idle() const { return false; }
  virtual bool is_disconnected() const { return !is_alive(); }
  virtual bool is_server_peer() const = 0;
  virtual int local_port() const = 0;
};

// What a call answers when the channel is dead.
inline Error error_of_dead(const worker::WorkerGroup& workers) {
  return workers.is_usable() ? Error::FAILED : Error::ERR_UNAVAILABLE;
}

// The same of a get, which lets the view go, but in a child: there it stays readable.
inline Error take_from_dead(const worker::WorkerGroup& workers, HeldView* view) {
  const Error error = error_of_dead(workers);
  if (error == Error::FAILED) view->let_go();
  return error;
}

// An engine without threads waits in the kernel itself, so nothing can interrupt it
// but a packet; it looks up this often.
inline constexpr std::chrono::milliseconds kInlineWait{20};

// The engine's wait loop around any channel: what is queued counts first, then the
// signal, then the time. A negative timeout has no end. begin_wait() may write to descriptors,
// which in a child are the parent's.
template <typename BeginWait, typename HasPackets, typename IsDead>
Error wait_for_packets(worker::WorkerGroup& workers, worker::ConsumerSignal& signal,
                       std::chrono::milliseconds timeout, BeginWait begin_wait,
                       HasPackets has_packets, IsDead is_dead) {
  if (!workers.is_usable()) return Error::ERR_UNAVAILABLE;
  const auto deadline =
      timeout.count() < 0 ? net::Deadline::never() : net::Deadline::after(timeout);
  // None: to be waited for.
  const auto answer = [&]() -> std::optional<Error> {
    if (has_packets()) return Error::OK;
    if (is_dead()) return Error::FAILED;
    if (signal.was_interrupted()) return Error::ERR_SKIP;
    if (deadline.has_passed()) return Error::ERR_TIMEOUT;
    return std::nullopt;
  };
  if (workers.is_inline()) {
    // However short the time is, somebody looks at the socket; and once, by a step that lets
    // packets gather for the latency budget: one that only looked would end with each packet.
    for (bool has_looked = false;; has_looked = true) {
      const auto error = answer();
      if (error.has_value() && (has_looked || *error != Error::ERR_TIMEOUT)) return *error;
      workers.inline_pump().step(deadline.left(kInlineWait));
    }
  }
  for (;;) {
    begin_wait();  // again, when it was woken for others: it still waits
    signal.prepare_wait();
    const auto error = answer();
    if (!error.has_value()) signal.wait(deadline);
    signal.finish_wait();
    if (error.has_value()) return *error;
  }
}

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_PEER_CHANNEL_H_
