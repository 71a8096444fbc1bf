#include "ringpeer/tools/serve/echo_service.h"

#include <algorithm>
#include <utility>

#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/engine/net/datagram_size.h"
#include "ringpeer/tools/measure/busy_work.h"
#include "ringpeer/tools/measure/local_address.h"

namespace ringpeer::tools {
namespace {

// A flood must not keep the caller from looking at the clock.
constexpr std::size_t kMaxPacketsAtOnce = 1024;
constexpr std::chrono::milliseconds kMaxTimeAtOnce{50};

// Remotes that may knock between two looks; and who says nothing for so long is forgotten: its next
// packet brings it in again.
constexpr int kMaxPendingConnections = 4096;
constexpr std::chrono::seconds kIdleTimeout{30};

}  // namespace

EchoService::EchoService(std::shared_ptr<Engine> engine, PayloadKind payload, bool replies,
                         std::chrono::microseconds work)
    : server_(std::move(engine)), payload_(payload), replies_(replies), work_(work) {}

Error EchoService::open(const ServeOptions& options) {
  has_remotes_ = server_options(options).receive == ServerReceive::kPerRemote;
  server_.set_max_pending_connections(kMaxPendingConnections);
  server_.set_idle_timeout(kIdleTimeout);
  if (options.descriptor >= 0) {
    return server_.listen_descriptor(options.descriptor, server_options(options));
  }
  return server_.listen(options.port, options.address, server_options(options));
}

void EchoService::serve(Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  if (server_.wait(std::max(left, std::chrono::milliseconds(0))) != Error::OK) return;
  if (has_remotes_) meet_remotes();
  DrainBudget budget;
  budget.max_packets = kMaxPacketsAtOnce;
  if (work_.count() > 0) budget.max_time = kMaxTimeAtOnce;  // nor must the work
  server_.drain(budget, [this](const ReceivedPacket& packet) { serve_packet(packet); });
}

void EchoService::meet_remotes() {
  while (const PacketPeerUDP* const gone = server_.next_disconnected()) peers_.erase(gone);
  while (server_.is_connection_available()) {
    std::shared_ptr<PacketPeerUDP> peer = server_.take_connection();
    if (peer == nullptr) return;
    peers_.emplace(peer.get(), peer);
  }
}

void EchoService::close() {
  server_.stop();
  peers_.clear();
}

bool EchoService::is_own(const net::Endpoint& sender) const {
  return sender.port == port() && is_of_this_machine(sender);
}

bool EchoService::translate(std::span<const std::uint8_t> packet) {
  Variant value;
  if (decode_variant(packet, &value, nullptr) != Error::OK) return false;
  std::size_t size = 0;
  encoded_.resize(net::kLargestDatagram);
  if (encode_variant(value, encoded_, &size) != Error::OK || size > encoded_.size()) return false;
  encoded_.resize(size);
  return true;
}

void EchoService::serve_packet(const ReceivedPacket& packet) {
  ++counts_.taken;
  if (work_.count() > 0) keep_processor_busy(work_);
  std::span<const std::uint8_t> answer = packet.payload;
  if (payload_ == PayloadKind::kVar) {
    if (!translate(packet.payload)) {
      ++counts_.malformed;
      return;
    }
    answer = encoded_;
  }
  if (!replies_) return;
  if (is_own(packet.sender)) {
    ++counts_.own;
    return;
  }
  if (answer.empty()) {
    ++counts_.empty;
    return;
  }
  const bool accepted = server_.answer(packet, answer) == Error::OK;
  ++(accepted ? counts_.replies : counts_.replies_refused);
}

}  // namespace ringpeer::tools
