#include <algorithm>
#include <span>

#include "ringpeer/bench/rivals/receivers/receivers.h"
#include "ringpeer/bench/rivals/ringpeer_engine.h"
#include "ringpeer/packet_peer_udp.h"

namespace ringpeer::bench {
namespace {

// One PacketPeerUDP, read as a server would: wait, then views of everything that is there.
class RingpeerReceiver : public Receiver {
 public:
  explicit RingpeerReceiver(std::string_view peer) : name_(peer) {}

  std::string open(const ReceiverOptions& options) override {
    longest_wait_ = options.longest_wait;
    std::string message;
    engine_ = make_engine(name_, options, &message);
    if (engine_ == nullptr) return message;
    peer_ = std::make_unique<PacketPeerUDP>(engine_);
    const int queue =
        options.queue_bytes > 0 ? options.queue_bytes : PacketPeerUDP::kDefaultReceiveBufferSize;
    return peer_->bind(0, "127.0.0.1", queue) == Error::OK ? "" : "bind failed";
  }
  int port() const override { return peer_->get_local_port(); }

  void wait_and_receive(Application& application) override {
    if (peer_->wait(longest_wait_) == Error::OK) receive_available(application, SIZE_MAX);
  }

  void receive_available(Application& application, std::size_t most) override {
    // Only what was there at the start: a loop until there is none would not end under a
    // flood, and inline it would ask the kernel for each packet.
    const int available = peer_->get_available_packet_count();
    const std::size_t count = available > 0 ? static_cast<std::size_t>(available) : 0;
    for (const ReceivedPacket& packet : peer_->drain({.max_packets = std::min(count, most)})) {
      application.consume(reinterpret_cast<const std::byte*>(packet.payload.data()),
                          packet.payload.size());
    }
  }

  std::uint64_t own_drops() const override { return engine_->counters().dropped_packets(); }
  std::string description() const override { return describe(*engine_); }

 private:
  std::string name_;
  std::chrono::milliseconds longest_wait_{};
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<PacketPeerUDP> peer_;
};

}  // namespace

std::unique_ptr<Receiver> make_ringpeer_receiver(std::string_view peer) {
  return std::make_unique<RingpeerReceiver>(peer);
}

}  // namespace ringpeer::bench
