#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>

#include "ringpeer/bench/rivals/raw_ring.h"
#include "ringpeer/bench/rivals/receivers/receivers.h"
#include "ringpeer/bench/rivals/udp_socket.h"
#include "ringpeer/engine/net/datagram_size.h"

namespace ringpeer::bench {
namespace {

// As the engine does it, so that the difference is the engine's own cost: completions
// that end a wait before its budget is over, buffers with the kernel, and their size.
constexpr unsigned kMinComplete = 8;
constexpr unsigned kBuffers = 8;
constexpr std::size_t kBufferBytes = std::size_t{128} << 10;
// Any datagram of IPv4 is accepted.
constexpr std::size_t kLargestDatagram = net::kLargestIpv4Datagram;
constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(int));

class FloorReceiver : public Receiver {
 public:
  std::string open(const ReceiverOptions& options) override {
    if (std::string error = socket_.open_for(options); !error.empty()) return error;
    longest_wait_ = options.longest_wait;
    gro_ = options.gro;
    RawRingOptions ring;
    ring.buffers = kBuffers;
    ring.buffer_bytes = kBufferBytes;
    ring.largest_datagram = kLargestDatagram;
    ring.control_bytes = gro_ ? kControlBytes : 0;
    ring.min_complete = kMinComplete;
    ring.min_wait_usec = static_cast<unsigned>(options.latency_budget.count());
    return ring_.open(socket_.fd(), ring);
  }
  int port() const override { return socket_.port(); }

  void wait_and_receive(Application& application) override {
    ring_.wait(static_cast<std::uint64_t>(std::chrono::nanoseconds(longest_wait_).count()));
    deliver(application, SIZE_MAX);
  }

  void receive_available(Application& application, std::size_t most) override {
    ring_.poll();
    deliver(application, most);
  }

  std::string description() const override {
    return ring_.incremental() ? "incremental buffers" : "one buffer a packet";
  }

 private:
  void deliver(Application& application, std::size_t most) {
    ring_.take(most, [&](const std::byte* data, std::size_t size, const std::byte* control,
                         std::size_t control_size) {
      const std::size_t segment = control_size == 0 ? 0 : segment_size(control);
      if (segment == 0) {
        application.consume(data, size);
      } else {
        application.consume_train(data, size, segment);
      }
    });
  }

  // Only UDP_GRO was asked for: the first control message is it, or there is none.
  static std::size_t segment_size(const std::byte* control) {
    cmsghdr header{};
    std::memcpy(&header, control, sizeof(header));
    if (header.cmsg_level != IPPROTO_UDP || header.cmsg_type != UDP_GRO) return 0;
    int size = 0;
    std::memcpy(&size, control + CMSG_LEN(0), sizeof(size));
    return static_cast<std::size_t>(size);
  }

  UdpSocket socket_;
  RawReceiveRing ring_;
  std::chrono::milliseconds longest_wait_{};
  bool gro_ = false;
};

}  // namespace

std::unique_ptr<Receiver> make_floor_receiver() { return std::make_unique<FloorReceiver>(); }

}  // namespace ringpeer::bench
