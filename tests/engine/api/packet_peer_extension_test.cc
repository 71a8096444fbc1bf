#include "ringpeer/packet_peer_extension.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace ringpeer {
namespace {

// A transport whose packets come back.
class LoopbackPeer final : public PacketPeerExtension {
 public:
  std::size_t largest = SIZE_MAX;
  std::deque<std::vector<std::uint8_t>> waiting;

 private:
  Error do_get_packet(std::span<const std::uint8_t>* packet) override {
    if (waiting.empty()) return Error::ERR_UNAVAILABLE;
    last_ = std::move(waiting.front());
    waiting.pop_front();
    *packet = last_;
    return Error::OK;
  }
  Error do_put_packet(std::span<const std::uint8_t> packet) override {
    if (packet.size() > largest) return Error::ERR_BUSY;
    waiting.emplace_back(packet.begin(), packet.end());
    return Error::OK;
  }
  int do_get_available_packet_count() const override { return static_cast<int>(waiting.size()); }
  int do_get_max_packet_size() const override { return 1200; }

  std::vector<std::uint8_t> last_;
};

TEST(PacketPeerExtensionTest, GivesTheRestOfPacketPeer) {
  LoopbackPeer peer;
  EXPECT_EQ(0, peer.get_available_packet_count());
  EXPECT_EQ(1200, peer.get_max_packet_size());
  EXPECT_TRUE(peer.get_packet().empty());
  EXPECT_EQ(Error::ERR_UNAVAILABLE, peer.get_packet_error());
  EXPECT_EQ(Error::OK, peer.put_packet(std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_EQ(Error::OK, peer.put_var("Godot Rules!!!"));
  EXPECT_EQ(2, peer.get_available_packet_count());
  EXPECT_EQ((std::vector<std::uint8_t>{1, 2, 3}), peer.get_packet());
  EXPECT_EQ(Error::OK, peer.get_packet_error());
  EXPECT_EQ(Variant("Godot Rules!!!"), peer.get_var());
}

TEST(PacketPeerExtensionTest, NeverSeesAnEmptyPacket) {
  LoopbackPeer peer;
  EXPECT_EQ(Error::OK, peer.put_packet({}));
  EXPECT_EQ(0, peer.get_available_packet_count());
}

TEST(PacketPeerExtensionTest, PassesItsOwnErrorsOn) {
  LoopbackPeer peer;
  peer.largest = 4;
  EXPECT_EQ(Error::ERR_BUSY, peer.put_var(1));
  Variant value;
  EXPECT_EQ(Error::ERR_UNAVAILABLE, peer.get_var(&value));
}

// What an earlier call has left must not pass for what this one found.
TEST(PacketPeerExtensionTest, AnErrorLeavesNothingOfEarlierCalls) {
  LoopbackPeer peer;
  Variant value = "old";
  EXPECT_EQ(Error::ERR_UNAVAILABLE, peer.get_var(&value));
  EXPECT_TRUE(value.is_nil());
  value = "old";
  peer.waiting.push_back({0xff, 0xff});
  EXPECT_EQ(Error::ERR_INVALID_DATA, peer.get_var(&value));
  EXPECT_TRUE(value.is_nil());
  const std::vector<std::uint8_t> old(4);
  std::span<const std::uint8_t> packet = old;
  EXPECT_EQ(Error::ERR_UNAVAILABLE, peer.get_packet(&packet));
  EXPECT_TRUE(packet.empty());
}

// A transport of one's own may carry more than a datagram, up to encode_buffer_max_size.
TEST(PacketPeerExtensionTest, CarriesValuesLargerThanADatagram) {
  LoopbackPeer peer;
  PackedByteArray bytes;
  bytes.resize(300000);
  bytes[299999] = 7;
  Array many;
  for (int i = 0; i < 30000; ++i) many.push_back(i);
  for (const Variant& value : {Variant(bytes), Variant(many)}) {
    ASSERT_EQ(Error::OK, peer.put_var(value));
    EXPECT_EQ(value, peer.get_var());
  }
  peer.set_encode_buffer_max_size(262144);
  EXPECT_EQ(Error::ERR_OUT_OF_MEMORY, peer.put_var(bytes));
}

// What Godot's own test of PacketPeer does with the size.
TEST(PacketPeerExtensionTest, RoundsTheEncodeBufferUp) {
  LoopbackPeer peer;
  EXPECT_EQ(8 * 1024 * 1024, peer.get_encode_buffer_max_size());
  peer.set_encode_buffer_max_size(42);
  EXPECT_EQ(8 * 1024 * 1024, peer.get_encode_buffer_max_size());
  peer.set_encode_buffer_max_size(256 * 1024 * 1024 + 42);
  EXPECT_EQ(8 * 1024 * 1024, peer.get_encode_buffer_max_size());
  peer.set_encode_buffer_max_size(2000);
  EXPECT_EQ(2048, peer.get_encode_buffer_max_size());
}

}  // namespace
}  // namespace ringpeer
