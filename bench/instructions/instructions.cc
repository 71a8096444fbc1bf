// Receives a known number of packets in batches of a known size, so that callgrind can
// count the user-space instructions from completion to view; run by check.sh.
//
// The engine runs inline: the application's thread does the worker's part and its own,
// in the function that callgrind watches. What the kernel does is not counted.

#include <fmt/core.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ringpeer/bench/rivals/payload.h"
#include "ringpeer/bench/rivals/udp_socket.h"
#include "ringpeer/packet_peer_udp.h"

namespace ringpeer::bench {
namespace {

constexpr std::size_t kRemotes = 64;
constexpr std::size_t kPacketSize = 64;
// Enough that first touches of memory disappear in the mean.
constexpr std::size_t kBatches = 400;

struct Traffic {
  std::vector<UdpSocket> remotes{kRemotes};
  std::size_t next = 0;
};

[[noreturn]] void give_up(std::string_view reason) {
  fmt::print(stderr, "instructions: {}\n", reason);
  std::exit(1);
}

// One packet of each of the next remotes; on loopback they are in the receiver's socket
// when the call returns.
void send_batch(Traffic& traffic, std::size_t batch) {
  const std::array<std::byte, kPacketSize> packet{};
  for (std::size_t i = 0; i < batch; ++i) {
    const UdpSocket& remote = traffic.remotes[traffic.next];
    traffic.next = (traffic.next + 1) % kRemotes;
    if (send(remote.fd(), packet.data(), packet.size(), 0) < 0) give_up("a send failed");
  }
}

}  // namespace
}  // namespace ringpeer::bench

// The functions that are counted; C linkage gives them names that callgrind can be told.

// Views, as a server takes them that wants no copy.
extern "C" __attribute__((noinline)) std::size_t ringpeer_take_views(ringpeer::PacketPeerUDP* peer,
                                                                     std::size_t* bytes) {
  std::size_t taken = 0;
  for (const ringpeer::ReceivedPacket& packet : peer->drain()) {
    *bytes += packet.payload.size();
    ++taken;
  }
  return taken;
}

// One by one, as with Godot.
extern "C" __attribute__((noinline)) std::size_t ringpeer_take_packets(
    ringpeer::PacketPeerUDP* peer, std::size_t* bytes) {
  const int available = peer->get_available_packet_count();
  std::span<const std::uint8_t> packet;
  std::size_t taken = 0;
  for (int i = 0; i < available; ++i) {
    if (peer->get_packet(&packet) != ringpeer::Error::OK) break;
    *bytes += packet.size();
    ++taken;
  }
  return taken;
}

int main(int argc, char** argv) {
  using namespace ringpeer;
  using namespace ringpeer::bench;
  if (argc != 4) give_up("usage: instructions io_uring|recvmmsg views|packets BATCH");
  const std::string_view backend = argv[1];
  const bool views = std::string_view(argv[2]) == "views";
  const auto batch = static_cast<std::size_t>(std::atoi(argv[3]));
  if (batch < 1 || batch > 128) give_up("BATCH is 1 to 128");
  EngineOptions options;
  options.workers = 0;
  // Each batch is there when it is asked for: one look for it, however slow the counting is.
  options.latency_budget = std::chrono::milliseconds(100);
  options.backend = backend == "recvmmsg" ? BackendKind::kRecvmmsg : BackendKind::kIoUring;
  std::string message;
  const std::shared_ptr<Engine> engine = Engine::create(options, nullptr, &message);
  if (engine == nullptr) give_up(message);
  PacketPeerUDP peer(engine);
  if (peer.bind(0, "127.0.0.1") != Error::OK) give_up("bind failed");
  Traffic traffic;
  for (UdpSocket& remote : traffic.remotes) {
    if (!remote.open().empty() || !remote.connect_to(peer.get_local_port()).empty()) {
      give_up("a remote's socket failed");
    }
  }
  std::size_t packets = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < kBatches; ++i) {
    send_batch(traffic, batch);
    // A pass or two: the first may find only a part.
    constexpr int kMaxPasses = 100;
    std::size_t taken = 0;
    for (int pass = 0; taken < batch && pass < kMaxPasses; ++pass) {
      taken += views ? ringpeer_take_views(&peer, &bytes) : ringpeer_take_packets(&peer, &bytes);
    }
    if (taken != batch) give_up("packets were lost on the way");
    packets += taken;
  }
  if (bytes != packets * kPacketSize) give_up("packets have the wrong size");
  fmt::print("{}\n", packets);
  return 0;
}
