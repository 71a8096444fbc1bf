#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "ringpeer/bench/rivals/receivers/receivers.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

// Godot's default recv_buf_size, and what it keeps before each packet: a 16-byte
// address, a port and a size.
constexpr std::size_t kRingBytes = 65536;
struct StoredHeader {
  std::array<std::uint8_t, 16> address{};
  std::uint32_t port = 0;
  std::uint32_t size = 0;
};
static_assert(sizeof(StoredHeader) == 24);

// A byte ring for one thread.
class ByteRing {
 public:
  std::size_t used() const { return tail_ - head_; }
  std::size_t space() const { return kRingBytes - used(); }

  void write(const void* data, std::size_t size) {
    const std::size_t start = tail_ % kRingBytes;
    const std::size_t first = std::min(size, kRingBytes - start);
    std::memcpy(bytes_.data() + start, data, first);
    std::memcpy(bytes_.data(), static_cast<const std::byte*>(data) + first, size - first);
    tail_ += size;
  }

  void read(void* data, std::size_t size) {
    const std::size_t start = head_ % kRingBytes;
    const std::size_t first = std::min(size, kRingBytes - start);
    std::memcpy(data, bytes_.data() + start, first);
    std::memcpy(static_cast<std::byte*>(data) + first, bytes_.data(), size - first);
    head_ += size;
  }

 private:
  std::vector<std::byte> bytes_ = std::vector<std::byte>(kRingBytes);
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
};

class GodotWayReceiver : public Receiver {
 public:
  std::string open(const ReceiverOptions& options) override {
    longest_wait_ = options.longest_wait;
    return socket_.open_for(options);
  }
  int port() const override { return socket_.port(); }

  void wait_and_receive(Application& application) override {
    pollfd readable{socket_.fd(), POLLIN, 0};
    if (poll(&readable, 1, static_cast<int>(longest_wait_.count())) <= 0) return;
    receive_available(application, SIZE_MAX);
  }

  void receive_available(Application& application, std::size_t most) override {
    fill_ring();
    for (std::size_t n = 0; n < most && ring_.used() > 0; ++n) {
      StoredHeader header;
      ring_.read(&header, sizeof(header));
      ring_.read(packet_.data(), header.size);
      application.consume(packet_.data(), header.size);
    }
  }

  std::uint64_t own_drops() const override { return drops_; }

 private:
  // Until the socket is empty, however fast it fills: packets without room are read
  // and thrown away.
  void fill_ring() {
    for (;;) {
      sockaddr_in source{};
      socklen_t source_length = sizeof(source);
      const ssize_t size = recvfrom(socket_.fd(), datagram_.data(), datagram_.size(), MSG_DONTWAIT,
                                    reinterpret_cast<sockaddr*>(&source), &source_length);
      if (size < 0) return;
      StoredHeader header;
      header.size = static_cast<std::uint32_t>(size);
      if (ring_.space() < sizeof(header) + header.size) {
        ++drops_;
        continue;
      }
      std::memcpy(header.address.data() + 12, &source.sin_addr, sizeof(source.sin_addr));
      header.port = ntohs(source.sin_port);
      ring_.write(&header, sizeof(header));
      ring_.write(datagram_.data(), header.size);
    }
  }

  UdpSocket socket_;
  std::chrono::milliseconds longest_wait_{};
  ByteRing ring_;
  std::uint64_t drops_ = 0;
  std::array<std::byte, 65536> datagram_;
  std::array<std::byte, 65536> packet_;
};

}  // namespace

std::unique_ptr<Receiver> make_godot_way_receiver() { return std::make_unique<GodotWayReceiver>(); }

}  // namespace ringpeer::bench
