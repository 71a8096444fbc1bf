#include <chrono>
#include <span>
#include <thread>
#include <unordered_map>

#include "ringpeer/bench/rivals/ringpeer_engine.h"
#include "ringpeer/bench/rivals/transmitters/transmitters.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::bench {
namespace {

// A server that answers its clients, one peer each.
class RingpeerTransmitter : public Transmitter {
 public:
  explicit RingpeerTransmitter(std::string_view peer) : name_(peer) {}

  std::string open(const std::vector<int>& ports) override {
    std::string message;
    ReceiverOptions options;
    options.receive_buffer = kGreetingBuffer;
    engine_ = make_engine(name_, options, &message);
    if (engine_ == nullptr) return message;
    for (std::size_t i = 0; i < ports.size(); ++i) index_of_port_[ports[i]] = i;
    peers_.resize(ports.size());
    server_ = std::make_unique<UDPServer>(engine_);
    server_->set_max_pending_connections(static_cast<int>(ports.size()));
    return server_->listen(0, "127.0.0.1") == Error::OK ? "" : "listen failed";
  }

  int port() const override { return server_->get_local_port(); }

  bool accept_one() override {
    std::shared_ptr<PacketPeerUDP> peer = server_->take_connection();
    if (peer == nullptr) return false;
    const auto found = index_of_port_.find(peer->get_packet_port());
    if (found == index_of_port_.end()) return false;
    peers_[found->second] = std::move(peer);
    return true;
  }

  bool put(std::size_t destination, const std::byte* data, std::size_t size) override {
    PacketPeerUDP* peer = peers_[destination].get();
    if (peer == nullptr) return false;
    const std::span packet(reinterpret_cast<const std::uint8_t*>(data), size);
    return peer->put_packet(packet) == Error::OK;
  }

  std::uint64_t settle() override {
    std::this_thread::sleep_for(kSettleTime);
    const CounterSnapshot counters = engine_->counters();
    return counters[Counter::kSendFailedRefused] + counters[Counter::kSendFailedOther];
  }

  int open_incoming() override {
    incoming_ = std::make_unique<PacketPeerUDP>(engine_);
    const bool open = incoming_->bind(0, "127.0.0.1", kIncomingQueue) == Error::OK;
    return open ? incoming_->get_local_port() : 0;
  }

  std::size_t take_incoming() override {
    // Only what was there at the start.
    const int available = incoming_->get_available_packet_count();
    std::size_t taken = 0;
    const std::size_t most = available > 0 ? static_cast<std::size_t>(available) : 0;
    for (const ReceivedPacket& packet : incoming_->drain({.max_packets = most})) {
      content_ += packet.payload.empty() ? 0 : packet.payload.front();
      ++taken;
    }
    return taken;
  }

  std::uint64_t incoming_drops() const override { return engine_->counters().dropped_packets(); }

  std::string description() const override { return describe(*engine_); }

 private:
  // All clients send their first packet at once.
  static constexpr int kGreetingBuffer = 8 << 20;
  static constexpr int kIncomingQueue = 8 << 20;
  // Longer than any latency budget: the worker has sent what was queued.
  static constexpr std::chrono::milliseconds kSettleTime{100};

  std::string name_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::unordered_map<int, std::size_t> index_of_port_;
  std::vector<std::shared_ptr<PacketPeerUDP>> peers_;
  std::unique_ptr<PacketPeerUDP> incoming_;
  std::uint64_t content_ = 0;
};

}  // namespace

std::unique_ptr<Transmitter> make_ringpeer_transmitter(std::string_view peer) {
  return std::make_unique<RingpeerTransmitter>(peer);
}

}  // namespace ringpeer::bench
