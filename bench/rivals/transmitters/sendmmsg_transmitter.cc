#include <sys/socket.h>

#include <array>

#include "ringpeer/bench/rivals/transmitters/transmitters.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

constexpr std::size_t kMessages = 64;

class SendmmsgTransmitter : public Transmitter {
 public:
  std::string open(const std::vector<int>& ports) override {
    for (const int port : ports) destinations_.push_back(loopback_address(port));
    return socket_.open();
  }

  bool put(std::size_t destination, const std::byte* data, std::size_t size) override {
    // sendmmsg only reads what the pointers name; the interface has no const.
    parts_[waiting_] = {const_cast<std::byte*>(data), size};
    msghdr& header = messages_[waiting_].msg_hdr;
    header.msg_name = &destinations_[destination];
    header.msg_namelen = sizeof(sockaddr_in);
    header.msg_iov = &parts_[waiting_];
    header.msg_iovlen = 1;
    if (++waiting_ == kMessages) send_waiting();
    return true;
  }

  void end_tick() override { send_waiting(); }
  std::uint64_t settle() override { return failed_; }

 private:
  void send_waiting() {
    std::size_t done = 0;
    while (done < waiting_) {
      const int sent = sendmmsg(socket_.fd(), messages_.data() + done,
                                static_cast<unsigned>(waiting_ - done), 0);
      // The first message of the call failed: it is lost, the others are tried again.
      if (sent <= 0) ++failed_;
      done += sent <= 0 ? 1 : static_cast<std::size_t>(sent);
    }
    waiting_ = 0;
  }

  UdpSocket socket_;
  std::vector<sockaddr_in> destinations_;
  std::array<mmsghdr, kMessages> messages_{};
  std::array<iovec, kMessages> parts_{};
  std::size_t waiting_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace

std::unique_ptr<Transmitter> make_sendmmsg_transmitter() {
  return std::make_unique<SendmmsgTransmitter>();
}

}  // namespace ringpeer::bench
