#include <algorithm>
#include <span>

#include "ringpeer/bench/rivals/receivers/receivers.h"
#include "ringpeer/bench/rivals/ringpeer_engine.h"
#include "ringpeer/packet_peer_udp.h"

namespace ringpeer::bench {
namespace {

// A look that brings fewer packets is the last of its kind: the batch of the rivals' recvmmsg.
constexpr std::size_t kWorthAnother = 64;

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
    // Looks again while a look is worth it, by the rule of the rivals. One without a thread takes
    // some 1,000 packets a look, less than a frame of frame_100k; a loop until there is none
    // would not end under a flood, and would ask the kernel for each packet.
    while (most > 0) {
      const int available = peer_->get_available_packet_count();
      if (available <= 0) return;
      const std::size_t count = std::min(static_cast<std::size_t>(available), most);
      for (const ReceivedPacket& packet : peer_->drain({.max_packets = count})) {
        application.consume(reinterpret_cast<const std::byte*>(packet.payload.data()),
                            packet.payload.size());
      }
      if (count < kWorthAnother) return;
      most -= count;
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
