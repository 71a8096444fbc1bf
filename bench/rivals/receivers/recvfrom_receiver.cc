#include <sys/socket.h>

#include <array>

#include "ringpeer/bench/rivals/receivers/receivers.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

class RecvfromReceiver : public Receiver {
 public:
  std::string open(const ReceiverOptions& options) override {
    if (std::string error = socket_.open_for(options); !error.empty()) return error;
    return socket_.bound_waits(options.longest_wait);
  }
  int port() const override { return socket_.port(); }

  void wait_and_receive(Application& application) override { receive_one(application, 0); }

  void receive_available(Application& application, std::size_t most) override {
    for (std::size_t n = 0; n < most && receive_one(application, MSG_DONTWAIT); ++n) {
    }
  }

 private:
  bool receive_one(Application& application, int flags) {
    sockaddr_storage source;
    socklen_t source_length = sizeof(source);
    const ssize_t size = recvfrom(socket_.fd(), buffer_.data(), buffer_.size(), flags,
                                  reinterpret_cast<sockaddr*>(&source), &source_length);
    if (size < 0) return false;
    application.consume(buffer_.data(), static_cast<std::size_t>(size));
    return true;
  }

  UdpSocket socket_;
  std::array<std::byte, 65536> buffer_;
};

}  // namespace

std::unique_ptr<Receiver> make_recvfrom_receiver() { return std::make_unique<RecvfromReceiver>(); }

}  // namespace ringpeer::bench
