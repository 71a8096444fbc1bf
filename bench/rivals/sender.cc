#include "ringpeer/bench/rivals/sender.h"

#include <fmt/format.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "ringpeer/bench/rivals/pacer.h"
#include "ringpeer/bench/rivals/payload.h"
#include "ringpeer/bench/rivals/scheduling.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

// Packets of one sendmmsg call at most.
constexpr std::size_t kMaxMessages = 64;
// A flood sends short runs a remote: long ones would flatter whoever remembers the
// last sender, single ones would measure the sender's system calls.
constexpr std::size_t kFloodRun = 8;

class Sender {
 public:
  explicit Sender(const SendTask& task) : task_(task) {}

  std::string open() {
    for (int i = 0; i < task_.remotes; ++i) {
      UdpSocket socket;
      if (std::string error = socket.open(); !error.empty()) return error;
      if (std::string error = socket.connect_to(task_.port); !error.empty()) return error;
      if (task_.train > 0) {
        const int segment = static_cast<int>(task_.size);
        if (setsockopt(socket.fd(), IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)) != 0) {
          return fmt::format("UDP_SEGMENT: {}", std::strerror(errno));
        }
      }
      sockets_.push_back(std::move(socket));
    }
    sequences_.resize(sockets_.size());
    const std::size_t packets = std::max(kMaxMessages, static_cast<std::size_t>(task_.train));
    payloads_.resize(packets * task_.size);
    return "";
  }

  SendResult run() {
    const std::uint64_t start = steady_now_ns();
    const std::uint64_t end = start + static_cast<std::uint64_t>(task_.seconds * 1e9);
    const Pacer pacer(task_.packets_per_second, start);
    std::uint64_t now = start;
    for (; now < end && result_.error.empty(); now = steady_now_ns()) {
      const std::uint64_t due = pacer.due(now, result_.sent, kMaxMessages);
      if (due == 0) continue;
      if (task_.train > 0) {
        send_train();
      } else if (task_.ordinary_one_in > 0) {
        send_zero_length_and_one();
      } else if (task_.packets_per_second > 0) {
        // One call a packet: that is how packets of many remotes arrive.
        for (std::uint64_t n = 0; n < due && result_.error.empty(); ++n) send_run(1);
      } else {
        send_run(sockets_.size() == 1 ? kMaxMessages : kFloodRun);
      }
    }
    result_.seconds = static_cast<double>(now - start) * 1e-9;
    return result_;
  }

 private:
  std::byte* payload(std::size_t index) { return payloads_.data() + index * task_.size; }

  void stamp(std::size_t index, std::size_t remote, std::uint64_t now) {
    PayloadHeader header;
    header.sent_at_ns = now;
    header.remote = static_cast<std::uint32_t>(remote);
    header.sequence = sequences_[remote]++;
    header.content = header.sequence;
    std::memcpy(payload(index), &header, sizeof(header));
  }

  std::size_t take_turn() {
    const std::size_t remote = turn_;
    turn_ = turn_ + 1 == sockets_.size() ? 0 : turn_ + 1;
    return remote;
  }

  // `count` packets of the next remote.
  void send_run(std::size_t count) {
    const std::size_t remote = take_turn();
    const std::uint64_t now = steady_now_ns();
    for (std::size_t i = 0; i < count; ++i) {
      stamp(i, remote, now);
      parts_[i] = {payload(i), task_.size};
    }
    send_messages(sockets_[remote].fd(), count);
  }

  // Zero-length packets of the hostile remote 0, then an ordinary packet of another.
  void send_zero_length_and_one() {
    const auto zero = static_cast<std::size_t>(task_.ordinary_one_in - 1);
    for (std::size_t i = 0; i < zero; ++i) parts_[i] = {payload(i), 0};
    const std::uint64_t before = result_.sent;
    send_messages(sockets_[0].fd(), zero);
    result_.sent_zero_length += result_.sent - before;
    if (turn_ == 0) take_turn();
    send_run(1);
  }

  void send_train() {
    const std::size_t remote = take_turn();
    const std::uint64_t now = steady_now_ns();
    const auto count = static_cast<std::size_t>(task_.train);
    for (std::size_t i = 0; i < count; ++i) stamp(i, remote, now);
    if (send(sockets_[remote].fd(), payloads_.data(), count * task_.size, 0) < 0) {
      fail("send");
    } else {
      result_.sent += count;
    }
  }

  void send_messages(int socket, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::size_t done = 0; done < count;) {
      const int sent =
          sendmmsg(socket, messages_.data() + done, static_cast<unsigned>(count - done), 0);
      if (sent <= 0) return fail("sendmmsg");
      done += static_cast<std::size_t>(sent);
      result_.sent += static_cast<std::uint64_t>(sent);
    }
  }

  void fail(const char* call) { result_.error = fmt::format("{}: {}", call, std::strerror(errno)); }

  SendTask task_;
  std::vector<UdpSocket> sockets_;
  std::vector<std::uint32_t> sequences_;
  std::vector<std::byte> payloads_;
  std::size_t turn_ = 0;
  std::array<mmsghdr, kMaxMessages> messages_{};
  std::array<iovec, kMaxMessages> parts_{};
  SendResult result_;
};

}  // namespace

SendResult send_packets(const SendTask& task) {
  SendResult failure;
  if (failure.error = claim_cpu(task.cpu); !failure.error.empty()) return failure;
  Sender sender(task);
  if (failure.error = sender.open(); !failure.error.empty()) return failure;
  return sender.run();
}

}  // namespace ringpeer::bench
