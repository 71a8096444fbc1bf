#include "ringpeer/engine/packet/packet_descriptor.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace ringpeer::packet {
namespace {

PacketDescriptor descriptor_of(std::uint16_t size, std::uint16_t segment_size) {
  PacketDescriptor descriptor{};
  descriptor.size = size;
  descriptor.segment_size = segment_size;
  return descriptor;
}

TEST(PacketDescriptor, ASingleDatagramIsOnePacketEvenWhenEmpty) {
  EXPECT_EQ(descriptor_of(0, 0).packet_count(), 1u);
  EXPECT_EQ(descriptor_of(1, 0).packet_count(), 1u);
  EXPECT_EQ(descriptor_of(65527, 0).packet_count(), 1u);
}

TEST(PacketDescriptor, ATrainCountsItsSegmentsAndAShorterLastOne) {
  EXPECT_EQ(descriptor_of(300, 100).packet_count(), 3u);
  EXPECT_EQ(descriptor_of(301, 100).packet_count(), 4u);
  EXPECT_EQ(descriptor_of(101, 100).packet_count(), 2u);
  EXPECT_EQ(descriptor_of(65507, 1).packet_count(), 65507u);
  EXPECT_EQ(descriptor_of(65527, 65526).packet_count(), 2u);
}

// Godot's receive ring: 16 bytes of address, 4 of port, 4 of size a packet.
TEST(PacketDescriptor, ChargesEachPacketOfATrainAsGodotWould) {
  EXPECT_EQ(descriptor_of(0, 0).charge(), 24u);
  EXPECT_EQ(descriptor_of(100, 0).charge(), 124u);
  EXPECT_EQ(descriptor_of(250, 100).charge(), 250u + 3 * 24);
  EXPECT_EQ(descriptor_of(65507, 1).charge(), 65507u * 25);
}

TEST(PacketDescriptor, ATrainComesApartIntoItsPackets) {
  std::vector<std::uint8_t> train(250);
  PacketDescriptor descriptor = descriptor_of(250, 100);
  descriptor.payload = train.data();
  std::vector<std::size_t> sizes;
  std::vector<std::ptrdiff_t> offsets;
  do {
    EXPECT_EQ(descriptor.packet_count(), 3 - sizes.size());
    const auto packet = descriptor.take_packet();
    sizes.push_back(packet.size());
    offsets.push_back(packet.data() - train.data());
  } while (descriptor.size > 0);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{100, 100, 50}));
  EXPECT_EQ(offsets, (std::vector<std::ptrdiff_t>{0, 100, 200}));
}

TEST(PacketDescriptor, WhatIsTakenApartIsChargedAsTheWhole) {
  std::array<std::uint8_t, 1000> bytes{};
  for (const std::uint16_t segment : {1, 7, 100, 999}) {
    PacketDescriptor descriptor = descriptor_of(1000, segment);
    descriptor.payload = bytes.data();
    const std::uint32_t whole = descriptor.charge();
    std::uint32_t parts = 0;
    do {
      parts += static_cast<std::uint32_t>(descriptor.take_packet().size()) + kRecordOverhead;
    } while (descriptor.size > 0);
    EXPECT_EQ(parts, whole) << segment;
  }
}

TEST(PacketDescriptor, TakesASingleDatagramWhole) {
  std::array<std::uint8_t, 10> bytes{};
  PacketDescriptor descriptor = descriptor_of(10, 0);
  descriptor.payload = bytes.data();
  EXPECT_EQ(descriptor.take_packet().size(), 10u);
  EXPECT_EQ(descriptor.size, 0);
  PacketDescriptor empty = descriptor_of(0, 0);
  empty.payload = bytes.data();
  EXPECT_EQ(empty.take_packet().size(), 0u);
}

}  // namespace
}  // namespace ringpeer::packet
