// What put accepts arrives, up to the largest datagram of either family.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using Bytes = std::vector<std::uint8_t>;

class LargeDatagramTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    EngineOptions options;
    options.backend = GetParam();
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  // Whether `put` is OK for a packet of this size, which must then arrive, and else must not.
  template <typename Put>
  bool arrives_if_accepted(PacketPeerUDP& receiver, std::size_t size, Put put) {
    const Bytes packet = test::numbered_payload(static_cast<std::uint32_t>(size), size);
    const bool accepted = put(packet) == Error::OK;
    EXPECT_EQ(engine_->sync(), Error::OK);
    if (!accepted) {
      EXPECT_EQ(receiver.get_available_packet_count(), 0) << size;
      return false;
    }
    EXPECT_EQ(receiver.wait(test::kPatience), Error::OK) << size;
    EXPECT_EQ(receiver.get_packet(), packet) << size;
    EXPECT_EQ(engine_->counters()[Counter::kDropTruncated], 0u) << size;
    return true;
  }

  // Through every call that puts bytes.
  void put_all_sizes(const std::string& address, std::size_t largest) {
    UDPServer server(engine_);
    ASSERT_EQ(server.listen(0, address), Error::OK);
    PacketPeerUDP client(engine_);
    ASSERT_EQ(client.connect_to_host(address, server.get_local_port()), Error::OK);
    ASSERT_EQ(client.put_packet(Bytes{1}), Error::OK);
    ASSERT_EQ(server.wait(test::kPatience), Error::OK);
    const auto player = server.take_connection();
    ASSERT_NE(player, nullptr);
    ASSERT_EQ(player->get_packet().size(), 1u);
    const net::Endpoint to_client = player->get_packet_endpoint();
    for (const std::size_t size :
         {kLargestIpv4Datagram - 1, kLargestIpv4Datagram, kLargestIpv4Datagram + 1,
          kLargestIpv4Datagram + 2, kLargestDatagram - 1, kLargestDatagram, kLargestDatagram + 1}) {
      const bool fits = size <= largest;
      EXPECT_EQ(fits,
                arrives_if_accepted(*player, size,
                                    [&](const Bytes& packet) { return client.put_packet(packet); }))
          << size;
      EXPECT_EQ(fits,
                arrives_if_accepted(
                    client, size, [&](const Bytes& packet) { return player->put_packet(packet); }))
          << size;
      EXPECT_EQ(fits, arrives_if_accepted(client, size,
                                          [&](const Bytes& packet) {
                                            return server.put_packet_to(to_client, packet);
                                          }))
          << size;
      arrives_if_accepted(client, size,
                          [&](const Bytes& packet) { return server.put_packet_to_all(packet); });
    }
  }

  std::shared_ptr<Engine> engine_;
};
INSTANTIATE_TEST_SUITE_P(Backends, LargeDatagramTest, test::every_backend(), test::backend_name);

TEST_P(LargeDatagramTest, OfIpv4ArrivesIfItIsAccepted) {
  put_all_sizes("127.0.0.1", kLargestIpv4Datagram);
}

TEST_P(LargeDatagramTest, OfIpv6ArrivesIfItIsAccepted) {
  if (!test::has_ipv6_loopback()) GTEST_SKIP() << "this machine has no ::1";
  put_all_sizes("::1", kLargestDatagram);
}

// put_var has no smaller limit of its own.
TEST_P(LargeDatagramTest, AVariantMayBeAsLarge) {
  if (!test::has_ipv6_loopback()) GTEST_SKIP() << "this machine has no ::1";
  PacketPeerUDP receiver(engine_);
  ASSERT_EQ(receiver.bind(0, "::1"), Error::OK);
  PacketPeerUDP sender(engine_);
  ASSERT_EQ(sender.connect_to_host("::1", receiver.get_local_port()), Error::OK);
  const Bytes bytes(kLargestDatagram / 4 * 4 - 8, 5);  // behind a header and a count
  const Variant value = PackedByteArray(std::span<const std::uint8_t>(bytes));
  ASSERT_EQ(sender.put_var(value), Error::OK);
  ASSERT_EQ(receiver.wait(test::kPatience), Error::OK);
  EXPECT_EQ(receiver.get_var(), value);
}

}  // namespace
}  // namespace ringpeer
