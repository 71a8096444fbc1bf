#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "ringpeer/bench/rivals/receivers/receivers.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

// 64 messages a call: more gain nothing (16, 64 and 256 measure the same).
constexpr std::size_t kMessages = 64;
constexpr std::size_t kPlainBuffer = 2048;
// A train of the kernel may be as long as a datagram.
constexpr std::size_t kTrainBuffer = 65536;
constexpr std::size_t kControlSpace = CMSG_SPACE(sizeof(int));

class RecvmmsgReceiver : public Receiver {
 public:
  explicit RecvmmsgReceiver(MmsgWait wait) : wait_(wait) {}
  ~RecvmmsgReceiver() override {
    if (epoll_ >= 0) close(epoll_);
  }

  std::string open(const ReceiverOptions& options) override {
    if (std::string error = socket_.open_for(options); !error.empty()) return error;
    if (std::string error = socket_.bound_waits(options.longest_wait); !error.empty()) return error;
    longest_wait_ = options.longest_wait;
    budget_ = options.latency_budget;
    gro_ = options.gro;
    prepare_messages(gro_ ? kTrainBuffer : kPlainBuffer);
    // The kernel stretches a sleep by 50 us unless told otherwise; io_uring's min_wait is
    // exact, and both must wait equally long.
    if (wait_ == MmsgWait::kCadence) prctl(PR_SET_TIMERSLACK, 1);
    return wait_ == MmsgWait::kEpoll ? open_epoll() : "";
  }
  int port() const override { return socket_.port(); }

  void wait_and_receive(Application& application) override {
    switch (wait_) {
      case MmsgWait::kBlocking:
        receive(application, kMessages, MSG_WAITFORONE);
        return;
      case MmsgWait::kCadence:
        std::this_thread::sleep_for(budget_);
        receive_available(application, SIZE_MAX);
        return;
      case MmsgWait::kEpoll: {
        epoll_event event;
        if (epoll_wait(epoll_, &event, 1, static_cast<int>(longest_wait_.count())) > 0) {
          receive_available(application, SIZE_MAX);
        }
        return;
      }
    }
  }

  void receive_available(Application& application, std::size_t most) override {
    while (most > 0) {
      const std::size_t room = most < kMessages ? most : kMessages;
      const std::size_t received = receive(application, room, MSG_DONTWAIT);
      if (received < room) return;
      most -= received;
    }
  }

 private:
  std::string open_epoll() {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    if (epoll_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_.fd(), &event) != 0) {
      return std::string("epoll: ") + std::strerror(errno);
    }
    return "";
  }

  void prepare_messages(std::size_t buffer_size) {
    buffers_.resize(kMessages * buffer_size);
    for (std::size_t i = 0; i < kMessages; ++i) {
      parts_[i] = {buffers_.data() + i * buffer_size, buffer_size};
      msghdr& header = messages_[i].msg_hdr;
      header = {};
      header.msg_name = &sources_[i];
      header.msg_iov = &parts_[i];
      header.msg_iovlen = 1;
    }
  }

  std::size_t receive(Application& application, std::size_t most, int flags) {
    for (std::size_t i = 0; i < most; ++i) {
      messages_[i].msg_hdr.msg_namelen = sizeof(sources_[i]);
      if (gro_) {
        messages_[i].msg_hdr.msg_control = controls_[i].data();
        messages_[i].msg_hdr.msg_controllen = kControlSpace;
      }
    }
    const int received =
        recvmmsg(socket_.fd(), messages_.data(), static_cast<unsigned>(most), flags, nullptr);
    if (received <= 0) return 0;
    const auto count = static_cast<std::size_t>(received);
    for (std::size_t i = 0; i < count; ++i) deliver(application, i);
    return count;
  }

  void deliver(Application& application, std::size_t index) {
    const auto* data = static_cast<const std::byte*>(parts_[index].iov_base);
    const std::size_t size = messages_[index].msg_len;
    const std::size_t segment = gro_ ? segment_size(messages_[index].msg_hdr) : 0;
    if (segment == 0) {
      application.consume(data, size);
    } else {
      application.consume_train(data, size, segment);
    }
  }

  static std::size_t segment_size(msghdr& header) {
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
         control = CMSG_NXTHDR(&header, control)) {
      if (control->cmsg_level != IPPROTO_UDP || control->cmsg_type != UDP_GRO) continue;
      int size = 0;
      std::memcpy(&size, CMSG_DATA(control), sizeof(size));
      return static_cast<std::size_t>(size);
    }
    return 0;
  }

  MmsgWait wait_;
  UdpSocket socket_;
  int epoll_ = -1;
  bool gro_ = false;
  std::chrono::microseconds budget_{};
  std::chrono::milliseconds longest_wait_{};
  std::vector<std::byte> buffers_;
  std::array<mmsghdr, kMessages> messages_{};
  std::array<iovec, kMessages> parts_{};
  std::array<sockaddr_storage, kMessages> sources_{};
  alignas(cmsghdr) std::array<std::array<std::byte, kControlSpace>, kMessages> controls_{};
};

}  // namespace

std::unique_ptr<Receiver> make_recvmmsg_receiver(MmsgWait wait) {
  return std::make_unique<RecvmmsgReceiver>(wait);
}

}  // namespace ringpeer::bench
