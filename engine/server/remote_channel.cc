#include "ringpeer/engine/server/remote_channel.h"

#include <cerrno>

namespace ringpeer::internal {

std::unique_ptr<RemoteChannel> RemoteChannel::take_pending(
    const std::shared_ptr<ServerCore>& server) {
  std::unique_ptr<RemoteChannel> channel(new RemoteChannel(server));
  channel->remote_ = server->take_pending(channel.get());
  channel->endpoint_ = channel->remote_->endpoint;
  if (channel->remote_->source != nullptr) channel->source_ = *channel->remote_->source;
  return channel;
}

RemoteChannel::~RemoteChannel() {
  if (remote_ != nullptr) server_->close(*remote_);
  end_batch();
}

bool RemoteChannel::ends_loop() {
  if (remote_->queued_packets == 0 ||
      !bound_.ends_loop(server_->first_charge(*remote_), server_->most_bytes_of_remote())) {
    return false;
  }
  remind();
  return true;
}

// Arrivals are asked for when the queue is empty: a loop that takes what waits does not learn
// at each packet of what has come for others.
int RemoteChannel::available() {
  if (!is_alive()) return -1;
  const bool asks_for_more = bound_.begin_look(server_->ticks());
  if (asks_for_more || remote_->queued_packets == 0) server_->take_arrivals();
  if (ends_loop()) return 0;
  bound_.promise(remote_->queued_packets);
  return static_cast<int>(remote_->queued_packets);
}

Error RemoteChannel::take_next(std::span<const std::uint8_t>* packet, net::Endpoint* sender,
                               HeldView* view, packet::PacketBuffer** buffer) {
  if (!is_alive()) {
    server_->stop_counting(view);
    return take_from_dead(server_->workers(), view);
  }
  server_->let_go(view);
  *sender = endpoint_;
  bound_.begin_look(server_->ticks());
  if (remote_->queued_packets == 0) server_->take_arrivals();
  if (!bound_.is_promised() && ends_loop()) return server_->take_nothing();
  const Error error = server_->take(*remote_, packet, buffer, &last_arrival_us_);
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
  if (error == Error::OK) server_->hold(buffer, packet, view);
  return error;
}

Error RemoteChannel::take_briefly(std::span<const std::uint8_t>* packet, net::Endpoint* sender,
                                  HeldView* view) {
  packet::PacketBuffer* buffer = nullptr;
  const Error error = take_next(packet, sender, view, &buffer);
  if (error == Error::OK) server_->hold_briefly(buffer);
  return error;
}

Error RemoteChannel::wait(std::chrono::milliseconds timeout) {
  server_->begin_tick();
  return wait_for_packets(
      server_->workers(), server_->signal(), timeout,
      [this] {
        server_->take_published();
        return is_alive() && remote_->queued_packets > 0;
      },
      [this] { return !is_alive(); });
}

Error RemoteChannel::poll() {
  if (!is_alive()) return Error::FAILED;
  server_->poll();
  return Error::OK;
}

bool RemoteChannel::take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) {
  if (!is_alive()) return false;
  if (remote_->queued_packets == 0) server_->take_arrivals();
  return server_->take_next_of(*remote_, packet, buffer);
}

int RemoteChannel::send(std::span<const std::uint8_t> packet, PutState& state) {
  return server_->send(endpoint_, source_, packet, state);
}

}  // namespace ringpeer::internal
