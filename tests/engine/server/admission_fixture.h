#ifndef RINGPEER_TESTS_ENGINE_SERVER_ADMISSION_FIXTURE_H_
#define RINGPEER_TESTS_ENGINE_SERVER_ADMISSION_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {

// A server on an engine of each kind, and those who send to it, on loopback.
class AdmissionTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override {
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
    server_ = std::make_unique<UDPServer>(engine_);
  }
  void listen(const AdmissionOptions& admission = {}) {
    ServerOptions options;
    options.admission = admission;
    ASSERT_EQ(server_->listen(0, "127.0.0.1", options), Error::OK);
  }
  std::uint16_t port() const { return static_cast<std::uint16_t>(server_->get_local_port()); }
  std::unique_ptr<test::Sender> sender(const std::string& address = "127.0.0.1") const {
    return std::make_unique<test::Sender>(port(), net::Endpoint{*net::IpAddress::parse(address)});
  }
  // All that was sent is sorted, and what the consumer asked for is done.
  void settle() const {
    for (int i = 0; i < 2; ++i) {
      ASSERT_EQ(engine_->sync(), Error::OK);
      ASSERT_EQ(server_->poll(), Error::OK);
    }
  }
  void send(const test::Sender& sender, int count = 1, std::size_t size = 40) const {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(sender.send_numbered(static_cast<std::uint32_t>(i), size));
      if (i % 64 == 63 || i + 1 == count) settle();
    }
  }
  std::shared_ptr<PacketPeerUDP> take() const {
    return server_->is_connection_available() ? server_->take_connection() : nullptr;
  }
  static int drain(PacketPeerUDP& peer) {
    int count = 0;
    for (; peer.get_available_packet_count() > 0; ++count) peer.get_packet();
    return count;
  }
  std::uint64_t counted(Counter counter) const { return engine_->counters()[counter]; }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
};

}  // namespace ringpeer

#endif  // RINGPEER_TESTS_ENGINE_SERVER_ADMISSION_FIXTURE_H_
