#include "ringpeer/engine/server/remote_channel.h"

#include <cerrno>

namespace ringpeer::internal {

std::unique_ptr<RemoteChannel> RemoteChannel::take_pending(
    const std::shared_ptr<ServerCore>& server) {
  std::unique_ptr<RemoteChannel> channel(new RemoteChannel(server));
  channel->remote_ = &server->per_remote().take_pending(*channel);
  channel->endpoint_ = channel->remote_->endpoint;
  channel->notes_ = channel->remote_->notes;
  if (channel->notes_ != nullptr) channel->notes_->hold();
  return channel;
}

RemoteChannel::~RemoteChannel() {
  if (remote_ != nullptr) inbox().close(*remote_);
  end_batch();
  if (notes_ != nullptr) notes_->let_go();
}

bool RemoteChannel::ends_loop(PerRemoteInbox& inbox) {
  if (remote_->queued_packets == 0 ||
      !bound_.ends_loop(inbox.first_charge(*remote_), inbox.max_bytes())) {
    return false;
  }
  remind();
  return true;
}

// Arrivals are asked for when the queue is empty: a loop that takes what waits does not learn
// at each packet of what has come for others.
int RemoteChannel::available() {
  if (!is_alive()) return -1;
  PerRemoteInbox& inbox = server_->per_remote();
  const bool asks_for_more = bound_.begin_look(inbox.ticks());
  if (asks_for_more || remote_->queued_packets == 0) inbox.take_arrivals();
  if (ends_loop(inbox)) return 0;
  bound_.promise(remote_->queued_packets);
  return static_cast<int>(remote_->queued_packets);
}

Error RemoteChannel::take_next(std::span<const std::uint8_t>* packet, net::Endpoint* sender,
                               HeldView* view, packet::PacketBuffer** buffer) {
  PerRemoteInbox& inbox = server_->per_remote();
  if (!is_alive()) {
    inbox.views().stop_counting(view);
    return take_from_dead(server_->workers(), view);
  }
  inbox.views().let_go(view);
  *sender = endpoint_;
  bound_.begin_look(inbox.ticks());
  if (remote_->queued_packets == 0) inbox.take_arrivals();
  if (!bound_.is_promised() && ends_loop(inbox)) return inbox.take_nothing();
  const Error error = inbox.take(*remote_, packet, buffer, &last_arrival_us_);
  if (error == Error::OK) {
    bound_.count_given(packet->size() + packet::kRecordOverhead, last_arrival_us_);
  } else {
    bound_.begin_again();
  }
  return error;
}

Error RemoteChannel::take(std::span<const std::uint8_t>* packet, net::Endpoint* sender,
                          HeldView* view) {
  packet::PacketBuffer* buffer = nullptr;
  const Error error = take_next(packet, sender, view, &buffer);
  if (error == Error::OK) inbox().views().hold(buffer, packet, view);
  return error;
}

Error RemoteChannel::take_briefly(std::span<const std::uint8_t>* packet, net::Endpoint* sender,
                                  HeldView* view) {
  packet::PacketBuffer* buffer = nullptr;
  const Error error = take_next(packet, sender, view, &buffer);
  if (error == Error::OK) inbox().views().hold_briefly(buffer);
  return error;
}

Error RemoteChannel::wait(std::chrono::milliseconds timeout) {
  inbox().begin_tick();
  return wait_for_packets(
      server_->workers(), server_->signal(), timeout, [this] { inbox().begin_to_wait(); },
      [this] {
        inbox().take_published();
        return is_alive() && remote_->queued_packets > 0;
      },
      [this] { return !is_alive(); });
}

Error RemoteChannel::poll() {
  if (!is_alive()) return Error::FAILED;
  inbox().poll();
  return Error::OK;
}

bool RemoteChannel::take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) {
  if (!is_alive()) return false;
  PerRemoteInbox& inbox = server_->per_remote();
  if (remote_->queued_packets == 0) inbox.take_arrivals();
  return inbox.take_next_of(*remote_, packet, buffer);
}

int RemoteChannel::send(std::span<const std::uint8_t> packet, PutState& state) {
  if (notes_ == nullptr) [[likely]]
    return server_->sender().send(endpoint_, {}, packet, state);
  return server_->sender().send_within(*notes_, endpoint_, packet, state);
}

}  // namespace ringpeer::internal
