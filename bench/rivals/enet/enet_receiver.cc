#include "ringpeer/bench/rivals/enet/enet_receiver.h"

#include <arpa/inet.h>
#include <enet/enet.h>

#include "ringpeer/bench/rivals/payload.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

// Of ENet's wire format.
constexpr std::size_t kMaxPeers = 4095;
constexpr std::size_t kChannels = 1;

class EnetReceiver : public Receiver {
 public:
  EnetReceiver() { enet_initialize(); }
  ~EnetReceiver() override {
    if (host_ != nullptr) enet_host_destroy(host_);
    enet_deinitialize();
  }

  std::string open(const ReceiverOptions& options) override {
    longest_wait_ = options.longest_wait;
    ENetAddress address{};
    address.host = htonl(INADDR_LOOPBACK);
    host_ = enet_host_create(&address, kMaxPeers, kChannels, 0, 0);
    if (host_ == nullptr) return "enet_host_create failed";
    return apply_options(host_->socket, options);
  }

  int port() const override {
    ENetAddress address{};
    enet_socket_get_address(host_->socket, &address);
    return address.port;
  }

  void wait_and_receive(Application& application) override {
    ENetEvent event;
    if (enet_host_service(host_, &event, static_cast<enet_uint32>(longest_wait_.count())) <= 0) {
      return;
    }
    handle(event, application);
    while (enet_host_check_events(host_, &event) > 0) handle(event, application);
  }

  void receive_available(Application& application, std::size_t most) override {
    ENetEvent event;
    for (std::size_t n = 0; n < most && enet_host_service(host_, &event, 0) > 0; ++n) {
      handle(event, application);
    }
  }

 private:
  static void handle(const ENetEvent& event, Application& application) {
    if (event.type != ENET_EVENT_TYPE_RECEIVE) return;
    application.consume(reinterpret_cast<const std::byte*>(event.packet->data),
                        event.packet->dataLength);
    enet_packet_destroy(event.packet);
  }

  std::chrono::milliseconds longest_wait_{};
  ENetHost* host_ = nullptr;
};

}  // namespace

std::unique_ptr<Receiver> make_enet_receiver() { return std::make_unique<EnetReceiver>(); }

}  // namespace ringpeer::bench
