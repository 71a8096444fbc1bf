#include "ringpeer/tools/echo_service.h"

#include <algorithm>
#include <utility>

namespace ringpeer::tools {
namespace {

// What may wait for the application: some 45,000 packets of 64 bytes, for everything that
// one peer gets from all remotes.
constexpr int kReceiveQueueBytes = 4 << 20;

// A flood must not keep the caller from looking at the clock.
constexpr int kMostPacketsAtOnce = 1024;

}  // namespace

EchoService::EchoService(std::shared_ptr<Engine> engine, PayloadKind payload, bool replies)
    : peer_(std::move(engine)), payload_(payload), replies_(replies) {}

Error EchoService::open(int port, const std::string& address) {
  return peer_.bind(port, address, kReceiveQueueBytes);
}

void EchoService::serve(Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  if (peer_.wait(std::max(left, std::chrono::milliseconds(0))) != Error::OK) return;
  int count = std::min(peer_.get_available_packet_count(), kMostPacketsAtOnce);
  for (; count > 0; --count) serve_packet();
}

void EchoService::serve_packet() {
  Error error = Error::OK;
  if (payload_ == PayloadKind::kVar) {
    Variant value;
    error = peer_.get_var(&value);
    ++counts_.taken;
    if (error != Error::OK) {
      ++counts_.malformed;
      return;
    }
    if (replies_) error = reply_to_sender(value);
  } else {
    std::span<const std::uint8_t> packet;
    if (peer_.get_packet(&packet) != Error::OK) return;
    ++counts_.taken;
    if (replies_) error = reply_to_sender(packet);
  }
  if (replies_) ++(error == Error::OK ? counts_.replies : counts_.replies_refused);
}

Error EchoService::address_sender() {
  // Packets of one sender often come in a row.
  const int port = peer_.get_packet_port();
  std::string ip = peer_.get_packet_ip();
  if (port == destination_port_ && ip == destination_) return Error::OK;
  const Error error = peer_.set_dest_address(ip, port);
  if (error == Error::OK) {
    destination_ = std::move(ip);
    destination_port_ = port;
  }
  return error;
}

Error EchoService::reply_to_sender(std::span<const std::uint8_t> packet) {
  const Error error = address_sender();
  return error == Error::OK ? peer_.put_packet(packet) : error;
}

Error EchoService::reply_to_sender(const Variant& value) {
  const Error error = address_sender();
  return error == Error::OK ? peer_.put_var(value) : error;
}

}  // namespace ringpeer::tools
