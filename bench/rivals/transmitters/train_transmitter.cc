#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "ringpeer/bench/rivals/transmitters/transmitters.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

// The kernel's UDP_MAX_SEGMENTS of old; newer kernels take 128.
constexpr std::size_t kSegments = 64;
constexpr std::size_t kMessages = 64;

// Packets of one tick to one destination. All have one size in this benchmark.
struct Train {
  std::array<iovec, kSegments> parts{};
  std::size_t count = 0;
};

class TrainTransmitter : public Transmitter {
 public:
  std::string open(const std::vector<int>& ports) override {
    for (const int port : ports) destinations_.push_back(loopback_address(port));
    trains_.resize(ports.size());
    touched_.reserve(ports.size());
    return socket_.open();
  }

  bool put(std::size_t destination, const std::byte* data, std::size_t size) override {
    Train& train = trains_[destination];
    if (train.count == kSegments) return false;
    if (train.count == 0) touched_.push_back(destination);
    // sendmmsg only reads what the pointers name; the interface has no const.
    train.parts[train.count++] = {const_cast<std::byte*>(data), size};
    return true;
  }

  void end_tick() override {
    for (std::size_t first = 0; first < touched_.size(); first += kMessages) {
      const std::size_t count = std::min(kMessages, touched_.size() - first);
      for (std::size_t i = 0; i < count; ++i) prepare(i, touched_[first + i]);
      send_messages(count);
    }
    for (const std::size_t destination : touched_) trains_[destination].count = 0;
    touched_.clear();
  }

  std::uint64_t settle() override { return failed_; }

 private:
  struct alignas(cmsghdr) SegmentControl {
    std::array<std::byte, CMSG_SPACE(sizeof(std::uint16_t))> bytes{};
  };

  void prepare(std::size_t index, std::size_t destination) {
    Train& train = trains_[destination];
    msghdr& header = messages_[index].msg_hdr;
    header = {};
    header.msg_name = &destinations_[destination];
    header.msg_namelen = sizeof(sockaddr_in);
    header.msg_iov = train.parts.data();
    header.msg_iovlen = train.count;
    if (train.count < 2) return;
    header.msg_control = controls_[index].bytes.data();
    header.msg_controllen = controls_[index].bytes.size();
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto segment = static_cast<std::uint16_t>(train.parts[0].iov_len);
    std::memcpy(CMSG_DATA(control), &segment, sizeof(segment));
  }

  void send_messages(std::size_t count) {
    for (std::size_t done = 0; done < count;) {
      const int sent =
          sendmmsg(socket_.fd(), messages_.data() + done, static_cast<unsigned>(count - done), 0);
      // The first message of the call failed: it is lost, the others are tried again.
      if (sent <= 0) failed_ += messages_[done].msg_hdr.msg_iovlen;
      done += sent <= 0 ? 1 : static_cast<std::size_t>(sent);
    }
  }

  UdpSocket socket_;
  std::vector<sockaddr_in> destinations_;
  std::vector<Train> trains_;
  std::vector<std::size_t> touched_;
  std::array<mmsghdr, kMessages> messages_{};
  std::array<SegmentControl, kMessages> controls_{};
  std::uint64_t failed_ = 0;
};

}  // namespace

std::unique_ptr<Transmitter> make_train_transmitter() {
  return std::make_unique<TrainTransmitter>();
}

}  // namespace ringpeer::bench
