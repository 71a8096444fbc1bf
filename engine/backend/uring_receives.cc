#include "ringpeer/engine/backend/uring_receives.h"

#include <cassert>

#include "ringpeer/engine/backend/uring_buffers.h"
#include "ringpeer/engine/backend/uring_request.h"
#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::backend {

UringReceives::UringReceives(bool gro) {
  plain_shape_.msg_namelen = net::kSocketAddressSize;
  plain_shape_.msg_controllen = gro ? kGroControlSize : 0;
  full_shape_.msg_namelen = net::kSocketAddressSize;
  full_shape_.msg_controllen = kFullControlSize;
}

void UringReceives::attach(SocketSlot slot, int descriptor, bool room_for_control) {
  Socket& socket = sockets_[slot];
  assert(socket.descriptor < 0);
  const msghdr& shape = room_for_control ? full_shape_ : plain_shape_;
  socket = {descriptor, socket.generation + 1, static_cast<std::uint16_t>(shape.msg_controllen)};
  ++attached_;
  to_arm_.push(slot);
}

void UringReceives::begin_detach(SocketSlot slot) {
  Socket& socket = sockets_[slot];
  if (socket.descriptor < 0) return;  // given up
  socket.closing = true;
  socket.direct = false;
  // close() does not end a multishot: it would go on receiving and hold the port.
  if (socket.armed) {
    to_cancel_.push(slot);
  } else {
    finish_detach(slot);
  }
}

void UringReceives::finish_detach(SocketSlot slot) {
  assert(attached_ > 0 && sockets_[slot].closing && !sockets_[slot].armed);
  sockets_[slot].descriptor = -1;
  sockets_[slot].closing = false;
  --attached_;
}

void UringReceives::forget_all() {
  for (Socket& socket : sockets_) socket = {.generation = socket.generation};
  attached_ = 0;
}

void UringReceives::pause(SocketSlot slot) {
  Socket& socket = sockets_[slot];
  if (socket.paused || socket.closing) return;
  socket.paused = true;
  socket.direct = false;
  if (socket.armed) to_cancel_.push(slot);
}

void UringReceives::resume(SocketSlot slot) {
  Socket& socket = sockets_[slot];
  if (!socket.paused) return;
  socket.paused = false;
  // Else the cancelled receive has not ended yet, and is armed again when it does.
  if (!socket.armed) to_arm_.push(slot);
}

bool UringReceives::mark_ended(SocketSlot slot) {
  Socket& socket = sockets_[slot];
  socket.armed = false;
  if (socket.closing) {
    finish_detach(slot);
    return false;
  }
  return !socket.paused;
}

std::uint64_t UringReceives::receive_id(SocketSlot slot) const {
  const Socket& socket = sockets_[slot];
  return request_id(
      socket.control_size == 0 ? RequestKind::kReceive : RequestKind::kReceiveWithControl, slot,
      socket.generation);
}

bool UringReceives::arm(Uring& ring, SocketSlot slot) {
  Socket& socket = sockets_[slot];
  io_uring_sqe* request = ring.next_request();
  if (request == nullptr) return false;
  msghdr* shape = socket.control_size == kFullControlSize ? &full_shape_ : &plain_shape_;
  // A plain descriptor: one look a multishot, not one a datagram. Before Linux 6.13 a table of
  // registered ones keeps what was taken out of it as long as any older request runs, and with
  // it the port.
  io_uring_prep_recvmsg_multishot(request, socket.descriptor, shape, 0);
  request->flags |= IOSQE_BUFFER_SELECT;
  request->buf_group = UringBuffers::kGroup;
  request->user_data = receive_id(slot);
  socket.armed = true;
  socket.cancelling = false;
  return true;
}

bool UringReceives::cancel(Uring& ring, SocketSlot slot) {
  Socket& socket = sockets_[slot];
  io_uring_sqe* request = ring.next_request();
  if (request == nullptr) return false;
  io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, request, -1, nullptr, 0, 0);
  request->addr = receive_id(slot);
  request->user_data = request_id(RequestKind::kCancel, slot, socket.generation);
  socket.cancelling = true;
  return true;
}

// False when the ring has no room for more.
bool UringReceives::cancel_unwanted(Uring& ring) {
  for (std::size_t left = to_cancel_.size(); left > 0; --left) {
    const SocketSlot slot = to_cancel_.pop();
    const Socket& socket = sockets_[slot];
    if (!socket.armed || socket.cancelling || socket.is_wanted()) continue;
    if (cancel(ring, slot)) continue;
    to_cancel_.push(slot);
    return false;
  }
  return true;
}

// What is wanted may have changed while it waited here.
void UringReceives::request_what_is_due(Uring& ring, bool kernel_has_buffers) {
  if (!cancel_unwanted(ring) || !kernel_has_buffers) return;
  for (std::size_t left = to_arm_.size(); left > 0; --left) {
    const SocketSlot slot = to_arm_.pop();
    const Socket& socket = sockets_[slot];
    if (!socket.is_wanted() || socket.armed || socket.direct) continue;
    if (arm(ring, slot)) continue;
    to_arm_.push(slot);
    return;
  }
}

}  // namespace ringpeer::backend
