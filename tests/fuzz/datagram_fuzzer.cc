// Whatever the kernel says in the completions of multishot receives, a datagram lies within what
// the completion has of its buffer, or is a fault; and each completion holds its buffer once.

#include <liburing.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "ringpeer/engine/backend/uring_datagrams.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"

namespace {

using namespace ringpeer;
using namespace ringpeer::backend;

// Without an io_uring there is nothing to fuzz; null then.
class Ring {
 public:
  Ring() : is_open_(io_uring_queue_init(4, &ring_, 0) == 0) {}
  ~Ring() {
    if (is_open_) io_uring_queue_exit(&ring_);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  bool is_open() const { return is_open_; }
  int descriptor() const { return ring_.ring_fd; }

 private:
  io_uring ring_{};
  const bool is_open_;
};

// What the input says, until it is at its end; then zeros.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool is_empty() const { return bytes_.empty(); }
  std::uint32_t word() {
    std::uint32_t word = 0;
    const auto taken = take(sizeof(word));
    std::memcpy(&word, taken.data(), taken.size());
    return word;
  }
  std::span<const std::uint8_t> take(std::size_t most) {
    const auto taken = bytes_.first(std::min(most, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

class Receiver {
 public:
  Receiver(int ring, bool gro) : datagrams_(options(gro), &home_), gro_(gro) {
    const char* step = nullptr;
    is_registered_ = datagrams_.buffers().register_with(ring, false, &step) == 0;
  }
  bool is_registered() const { return is_registered_; }

  // The kernel fills a buffer with what the input says, and completes.
  void complete(Input* input) {
    const std::uint32_t flags = input->word();
    const auto size = static_cast<std::int32_t>(input->word() % 5000);
    const std::uint16_t control_size = control_sizes()[input->word() % 3];
    UringBuffers::Filled filled;
    static_cast<void>(datagrams_.buffers().find(flags, 0, &filled));
    if (filled.buffer != nullptr &&
        std::find(lent_, lent_ + lent_count_, filled.buffer) != lent_ + lent_count_)
      return;
    if (filled.memory != nullptr) {
      const auto bytes = input->take(
          std::min<std::size_t>(static_cast<std::size_t>(size), filled.buffer->capacity));
      std::memcpy(const_cast<std::uint8_t*>(filled.memory), bytes.data(), bytes.size());
    }
    const io_uring_cqe completion{
        .user_data = request_id(
            control_size == 0 ? RequestKind::kReceive : RequestKind::kReceiveWithControl, 3, 1),
        .res = size,
        .flags = flags};
    Datagram datagram{};
    std::uint32_t payload_size = 0;
    if (control_size == 0 && datagrams_.take_ordinary(completion, &datagram, &payload_size)) {
      FUZZ_CHECK(datagram.packet.size == payload_size);
    } else if (!datagrams_.take_any(completion, control_size, &datagram)) {
      FUZZ_CHECK(filled.buffer == nullptr);
      return;
    }
    FUZZ_CHECK(datagram.packet.buffer == filled.buffer);
    lent_[lent_count_++] = filled.buffer;
    if (datagram.fault != DatagramFault::kMalformed)
      check(datagram, filled, static_cast<std::size_t>(size));
  }
  bool is_full() const { return lent_count_ == std::size(lent_); }

  // Each holds its buffer once.
  void end() {
    for (std::size_t i = 0; i < lent_count_; ++i) {
      lent_[i]->release();
      FUZZ_CHECK(home_.take_all() == lent_[i]);
    }
  }

 private:
  static BackendOptions options(bool gro) {
    BackendOptions options;
    options.max_datagram = 2048;
    options.gro = gro;
    return options;
  }
  static const std::uint16_t* control_sizes() {
    static constexpr std::uint16_t kSizes[] = {0, kGroControlSize, kFullControlSize};
    return kSizes;
  }
  void check(const Datagram& datagram, const UringBuffers::Filled& filled, std::size_t size) {
    const packet::PacketDescriptor& packet = datagram.packet;
    const std::uint8_t* const end = filled.memory + size;
    FUZZ_CHECK(packet.payload >= filled.memory && packet.payload + packet.size <= end);
    const auto* const source = static_cast<const std::uint8_t*>(packet.source);
    FUZZ_CHECK(source >= filled.memory && source + net::kSocketAddressSize <= packet.payload);
    FUZZ_CHECK(packet.segment_size == 0 || (gro_ && packet.segment_size < packet.size));
    FUZZ_CHECK(packet.packet_count() >= 1);
    if (datagram.control_size > 0) {
      FUZZ_CHECK(datagram.control >= filled.memory &&
                 datagram.control + datagram.control_size <= packet.payload);
      static_cast<void>(local_address_of(datagram.control, datagram.control_size));
    }
    net::Endpoint endpoint;
    net::read_socket_address(packet.source, &endpoint);
  }

  packet::BufferReturn home_;
  UringDatagrams datagrams_;
  const bool gro_;
  bool is_registered_ = false;
  packet::PacketBuffer* lent_[16];
  std::size_t lent_count_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Ring ring;
  if (!ring.is_open() || size == 0) return 0;
  Receiver receiver(ring.descriptor(), data[0] % 2 == 1);
  if (!receiver.is_registered()) return 0;
  Input input({data + 1, size - 1});
  while (!input.is_empty() && !receiver.is_full()) receiver.complete(&input);
  receiver.end();
  return 0;
}
