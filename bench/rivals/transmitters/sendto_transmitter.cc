#include <sys/socket.h>

#include "ringpeer/bench/rivals/transmitters/transmitters.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

class SendtoTransmitter : public Transmitter {
 public:
  std::string open(const std::vector<int>& ports) override {
    for (const int port : ports) destinations_.push_back(loopback_address(port));
    return socket_.open();
  }

  bool put(std::size_t destination, const std::byte* data, std::size_t size) override {
    const auto* address = reinterpret_cast<const sockaddr*>(&destinations_[destination]);
    return sendto(socket_.fd(), data, size, 0, address, sizeof(sockaddr_in)) >= 0;
  }

 private:
  UdpSocket socket_;
  std::vector<sockaddr_in> destinations_;
};

}  // namespace

std::unique_ptr<Transmitter> make_sendto_transmitter() {
  return std::make_unique<SendtoTransmitter>();
}

}  // namespace ringpeer::bench
