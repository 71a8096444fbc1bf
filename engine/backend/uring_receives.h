#ifndef RINGPEER_ENGINE_BACKEND_URING_RECEIVES_H_
#define RINGPEER_ENGINE_BACKEND_URING_RECEIVES_H_

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/backend/control_messages.h"
#include "ringpeer/engine/backend/datagram.h"
#include "ringpeer/engine/backend/error_breaks.h"
#include "ringpeer/engine/backend/slot_queue.h"
#include "ringpeer/engine/backend/uring.h"

namespace ringpeer::backend {

// The sockets of a ring and the one multishot recvmsg that each of them has: which are wanted, and
// what is to be asked of the kernel so that these alone run (arm, cancel).
//
// Threads: the ring's worker; forget_all() also another, while no other call runs.
// Lifetime: a socket stays open from attach() to is_detached().
// Failure: none of its own; a request that the ring has no room for is made by a later request().
class UringReceives {
 public:
  // gro: each completion has room for the segment size of a train.
  explicit UringReceives(bool gro);

  void attach(SocketSlot slot, int descriptor, bool room_for_control);
  void begin_detach(SocketSlot slot);
  bool is_detached(SocketSlot slot) const { return sockets_[slot].descriptor < 0; }
  std::size_t attached() const { return attached_; }
  // The ring is closed, and with it all requests.
  void forget_all();

  void pause(SocketSlot slot);
  void resume(SocketSlot slot);

  int descriptor(SocketSlot slot) const { return sockets_[slot].descriptor; }
  // Bytes reserved for control messages in each completion.
  std::uint16_t control_size(SocketSlot slot) const { return sockets_[slot].control_size; }

  // A socket's multishot has ended: whether the socket is still to be read, for which it has to
  // be armed again, or read directly first.
  bool mark_ended(SocketSlot slot);
  void arm_later(SocketSlot slot) { to_arm_.push(slot); }
  // The socket has reported an error: whether it has a break now, and is armed after it.
  bool record_error(SocketSlot slot) { return breaks_.record_error(slot); }

  // Not armed while it is read with recvmmsg.
  bool is_direct(SocketSlot slot) const { return sockets_[slot].direct; }
  void begin_direct(SocketSlot slot) { sockets_[slot].direct = true; }
  void end_direct(SocketSlot slot) { sockets_[slot].direct = false; }

  // Sockets that are left alone after errors: see ErrorBreaks.
  void end_breaks(bool all) {
    breaks_.end_breaks(all, [this](SocketSlot slot) { to_arm_.push(slot); });
  }
  std::chrono::microseconds shorten(std::chrono::microseconds idle) const {
    return breaks_.shorten(idle);
  }

  // Writes the requests that are due, as far as the ring has room. Armed without a buffer in
  // reach a receive fails at once, even with nothing to receive: it waits until there are some.
  void request(Uring& ring, bool kernel_has_buffers) {
    if (!to_cancel_.empty() || !to_arm_.empty()) request_what_is_due(ring, kernel_has_buffers);
  }

 private:
  struct Socket {
    int descriptor = -1;
    std::uint32_t generation = 0;
    std::uint16_t control_size = 0;
    bool armed = false;
    bool cancelling = false;
    bool direct = false;
    bool closing = false;
    bool paused = false;

    bool is_wanted() const { return descriptor >= 0 && !closing && !paused; }
  };

  void request_what_is_due(Uring& ring, bool kernel_has_buffers);
  bool arm(Uring& ring, SocketSlot slot);
  bool cancel(Uring& ring, SocketSlot slot);
  bool cancel_unwanted(Uring& ring);
  void finish_detach(SocketSlot slot);
  std::uint64_t receive_id(SocketSlot slot) const;

  // The space for address and control messages, of sockets that were asked for nothing and of
  // the others.
  msghdr plain_shape_{};
  msghdr full_shape_{};
  std::vector<Socket> sockets_{kMaxSockets};
  std::size_t attached_ = 0;
  SlotQueue to_arm_{kMaxSockets};
  SlotQueue to_cancel_{kMaxSockets};
  ErrorBreaks breaks_;
};

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_URING_RECEIVES_H_
