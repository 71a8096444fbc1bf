#include "ringpeer/bench/scale/peer_memory.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include "ringpeer/bench/scale/memory_use.h"
#include "ringpeer/bench/scale/spoofing_sender.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::bench {
namespace {

// Senders between two looks of the server: what the socket buffer that anybody is granted
// holds with room to spare, so that the measurement needs no privileges.
constexpr std::uint32_t kSendersAtATime = 256;
constexpr std::uint8_t kFirstBlock = 16;
constexpr std::size_t kPayloadSize = 64;
// Packets that pass through every slot of a server's ring, and some more.
constexpr std::size_t kServerWarmUp = 40000;
// A lost datagram is sent again so often before the measurement gives up.
constexpr int kMaxResends = 200;

class Population {
 public:
  Population(std::shared_ptr<Engine> engine, std::size_t count)
      : engine_(std::move(engine)), server_(engine_), count_(count) {}

  bool start() {
    server_.set_max_pending_connections(static_cast<int>(2 * kSendersAtATime));
    if (server_.listen(0, "127.0.0.1") != Error::OK) return false;
    sender_ = std::make_unique<SpoofingSender>(server_.get_local_port(), kFirstBlock);
    // The lists that this measurement keeps are not the server's memory: they are
    // touched before it begins.
    peers_.resize(count_);
    received_.resize(count_);
    return sender_->is_valid();
  }

  // Uses the server's own memory, its ring above all, once as a whole: by a peer that is
  // not among those that are measured.
  bool warm_up() {
    for (std::size_t packets = 0; packets < kServerWarmUp; packets += kSendersAtATime) {
      for (std::size_t i = 0; i < kSendersAtATime; ++i) {
        sender_->send(static_cast<std::uint32_t>(count_), 1, payload_);
      }
      if (engine_->sync() != Error::OK) return false;
      if (first_ == nullptr) first_ = server_.take_connection();
      for (const ReceivedPacket& packet : server_.drain()) static_cast<void>(packet);
    }
    return first_ != nullptr;
  }

  // One packet of every sender, all of them taken and drained.
  bool round() {
    for (std::uint32_t first = 0; first < count_; first += kSendersAtATime) {
      const auto group = std::min<std::size_t>(kSendersAtATime, count_ - first);
      if (!serve(first, group)) return false;
    }
    return true;
  }

  PeerMemory result() const {
    PeerMemory memory;
    memory.peers = count_;
    memory.packets_drained = drained_;
    memory.fewest_packets_of_a_peer = *std::min_element(received_.begin(), received_.end());
    memory.slowest_accept_us = slowest_accept_us_;
    return memory;
  }
  bool is_complete() const { return taken_ == count_; }

 private:
  bool serve(std::uint32_t first, std::size_t group) {
    const std::uint64_t target = drained_ + group;
    for (int attempt = 0; attempt < kMaxResends && drained_ < target; ++attempt) {
      if (attempt == 0) {
        sender_->send(first, group, payload_);
      } else {
        sender_->send(first, static_cast<std::size_t>(target - drained_), payload_);
      }
      if (engine_->sync() != Error::OK) return false;
      take_and_drain();
    }
    return drained_ >= target;
  }

  void take_and_drain() {
    const auto begin = std::chrono::steady_clock::now();
    while (auto peer = server_.take_connection()) {
      if (taken_ < count_) peers_[taken_++] = std::move(peer);
    }
    for (const ReceivedPacket& packet : server_.drain()) {
      ++drained_;
      const std::size_t sender = index_of(packet.sender);
      if (sender < count_) ++received_[sender];
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    slowest_accept_us_ = std::max(slowest_accept_us_, took.count());
  }

  static std::size_t index_of(const net::Endpoint& endpoint) {
    const auto& bytes = endpoint.address.bytes();
    return (static_cast<std::size_t>(bytes[13]) - kFirstBlock) << 16 |
           static_cast<std::size_t>(bytes[14]) << 8 | bytes[15];
  }

  const std::shared_ptr<Engine> engine_;
  UDPServer server_;
  const std::size_t count_;
  std::unique_ptr<SpoofingSender> sender_;
  std::vector<std::shared_ptr<PacketPeerUDP>> peers_;
  std::vector<std::uint8_t> received_;  // kPacketsPerPeer fits, and resends
  std::shared_ptr<PacketPeerUDP> first_;
  std::size_t taken_ = 0;
  std::uint64_t drained_ = 0;
  double slowest_accept_us_ = 0;
  const std::array<std::uint8_t, kPayloadSize> payload_{};
};

PeerMemory failed(std::string error) {
  PeerMemory memory;
  memory.error = std::move(error);
  return memory;
}

}  // namespace

PeerMemory measure_peer_memory(BackendKind backend, std::size_t peers) {
  EngineOptions options;
  options.backend = backend;
  std::string message;
  auto engine = Engine::create(options, nullptr, &message);
  if (engine == nullptr) return failed(message);
  Population population(engine, peers);
  if (!population.start()) return failed("no socket on 127.0.0.1");
  const MemoryUse empty = memory_use();
  if (!population.warm_up()) return failed("the kernel lost too many packets");
  const MemoryUse before = memory_use();
  for (std::size_t i = 0; i < kPacketsPerPeer; ++i) {
    if (!population.round()) return failed("the kernel lost too many packets");
  }
  const MemoryUse used = memory_use() - before;
  if (!population.is_complete()) return failed("not every sender became a peer");
  PeerMemory memory = population.result();
  memory.server_bytes = (before - empty).resident;
  memory.resident_bytes_per_peer = static_cast<double>(used.resident) / static_cast<double>(peers);
  memory.allocated_bytes_per_peer =
      static_cast<double>(used.allocated) / static_cast<double>(peers);
  return memory;
}

}  // namespace ringpeer::bench
