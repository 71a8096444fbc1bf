#include "ringpeer/bench/rivals/enet/enet_sender.h"

#include <arpa/inet.h>
#include <enet/enet.h>

#include <chrono>
#include <cstring>
#include <vector>

#include "ringpeer/bench/rivals/pacer.h"
#include "ringpeer/bench/rivals/payload.h"
#include "ringpeer/bench/rivals/scheduling.h"

namespace ringpeer::bench {
namespace {

constexpr std::chrono::seconds kMaxConnecting{5};
// Messages between two flushes; ENet puts those of one connection into one datagram.
constexpr std::uint64_t kMaxMessages = 64;

class EnetSender {
 public:
  explicit EnetSender(const SendTask& task) : task_(task), payload_(task.size) {
    enet_initialize();
  }
  ~EnetSender() {
    if (host_ != nullptr) enet_host_destroy(host_);
    enet_deinitialize();
  }

  std::string connect() {
    const auto remotes = static_cast<std::size_t>(task_.remotes);
    host_ = enet_host_create(nullptr, remotes, 1, 0, 0);
    if (host_ == nullptr) return "enet_host_create failed";
    ENetAddress address{};
    address.host = htonl(INADDR_LOOPBACK);
    address.port = static_cast<enet_uint16>(task_.port);
    for (std::size_t i = 0; i < remotes; ++i) {
      peers_.push_back(enet_host_connect(host_, &address, 1, 0));
    }
    sequences_.resize(remotes);
    const auto give_up = std::chrono::steady_clock::now() + kMaxConnecting;
    std::size_t connected = 0;
    ENetEvent event;
    while (connected < remotes && std::chrono::steady_clock::now() < give_up) {
      if (enet_host_service(host_, &event, 10) <= 0) continue;
      if (event.type != ENET_EVENT_TYPE_CONNECT) continue;
      // ENet drops unreliable packets by chance when it thinks the way is full; here
      // only the socket may.
      enet_peer_throttle_configure(event.peer, ENET_PEER_PACKET_THROTTLE_INTERVAL,
                                   ENET_PEER_PACKET_THROTTLE_SCALE, 0);
      ++connected;
    }
    return connected == remotes ? "" : "not all ENet connections were made";
  }

  SendResult run() {
    const std::uint64_t start = steady_now_ns();
    const std::uint64_t end = start + static_cast<std::uint64_t>(task_.seconds * 1e9);
    const Pacer pacer(task_.packets_per_second, start);
    std::uint64_t now = start;
    for (; now < end; now = steady_now_ns()) {
      const std::uint64_t due = pacer.due(now, result_.sent, kMaxMessages);
      for (std::uint64_t i = 0; i < due; ++i) send_one(now);
      // Sends, and reads the acknowledgements that keep the connections alive.
      ENetEvent event;
      if (enet_host_service(host_, &event, 0) > 0 && event.type == ENET_EVENT_TYPE_RECEIVE) {
        enet_packet_destroy(event.packet);
      }
    }
    result_.seconds = static_cast<double>(now - start) * 1e-9;
    return result_;
  }

 private:
  void send_one(std::uint64_t now) {
    const std::size_t remote = turn_;
    turn_ = turn_ + 1 == peers_.size() ? 0 : turn_ + 1;
    PayloadHeader header;
    header.sent_at_ns = now;
    header.remote = static_cast<std::uint32_t>(remote);
    header.sequence = sequences_[remote]++;
    header.content = header.sequence;
    std::memcpy(payload_.data(), &header, sizeof(header));
    ENetPacket* packet = enet_packet_create(payload_.data(), payload_.size(), 0);
    if (enet_peer_send(peers_[remote], 0, packet) == 0) {
      ++result_.sent;
    } else {
      enet_packet_destroy(packet);
    }
  }

  SendTask task_;
  std::vector<std::byte> payload_;
  ENetHost* host_ = nullptr;
  std::vector<ENetPeer*> peers_;
  std::vector<std::uint32_t> sequences_;
  std::size_t turn_ = 0;
  SendResult result_;
};

}  // namespace

SendResult send_enet_messages(const SendTask& task) {
  SendResult failure;
  if (failure.error = claim_cpu(task.cpu); !failure.error.empty()) return failure;
  EnetSender sender(task);
  if (failure.error = sender.connect(); !failure.error.empty()) return failure;
  return sender.run();
}

}  // namespace ringpeer::bench
