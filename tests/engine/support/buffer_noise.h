#ifndef RINGPEER_TESTS_ENGINE_SUPPORT_BUFFER_NOISE_H_
#define RINGPEER_TESTS_ENGINE_SUPPORT_BUFFER_NOISE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer::test {

// Fills buffers with something else, through a socket of its own.
class BufferNoise {
 public:
  explicit BufferNoise(const std::shared_ptr<Engine>& engine) : engine_(engine), peer_(engine) {
    EXPECT_EQ(peer_.bind(0, "127.0.0.1", 4 << 20), Error::OK);
    sender_.emplace(static_cast<std::uint16_t>(peer_.get_local_port()));
  }
  // Holds more than half of the kernel's buffers, so that packets are copied.
  void make_worker_copy() {
    hog_.reset(new DrainBatch(peer_.drain()));
    ReceivedPacket packet;
    for (int i = 0; i < 80; ++i) {
      send(1, 60000);  // in the io_uring backend's
      send(30, 100);   // in the recvmmsg backend's, where large ones are copied anyway
      while (hog_->next(&packet)) {
      }
    }
  }
  void overwrite() {
    send(16, 60000);
    std::span<const std::uint8_t> packet;
    while (peer_.get_packet(&packet) == Error::OK) {
    }
  }

 private:
  void send(int count, std::size_t size) {
    const std::vector<std::uint8_t> bytes(size, 0xee);
    for (int i = 0; i < count; ++i) ASSERT_TRUE(sender_->send(bytes));
    ASSERT_EQ(engine_->sync(), Error::OK);
  }

  const std::shared_ptr<Engine> engine_;
  PacketPeerUDP peer_;
  std::optional<test::Sender> sender_;
  std::unique_ptr<DrainBatch> hog_;
};

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_ENGINE_SUPPORT_BUFFER_NOISE_H_
