#include "ringpeer/engine/backend/control_messages.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>
#include <vector>

#ifndef UDP_GRO
#define UDP_GRO 104  // linux/udp.h, since Linux 5.0
#endif

namespace ringpeer::backend {
namespace {

// One control message, padded as the kernel does.
void append(std::vector<std::uint8_t>* bytes, int level, int type, const void* data,
            std::size_t size) {
  cmsghdr header{};
  header.cmsg_len = CMSG_LEN(size);
  header.cmsg_level = level;
  header.cmsg_type = type;
  const std::size_t start = bytes->size();
  bytes->resize(start + CMSG_SPACE(size));
  std::memcpy(bytes->data() + start, &header, sizeof(header));
  std::memcpy(bytes->data() + start + CMSG_LEN(0), data, size);
}

std::vector<std::uint8_t> train_message(int segment) {
  std::vector<std::uint8_t> bytes;
  append(&bytes, IPPROTO_UDP, UDP_GRO, &segment, sizeof(segment));
  return bytes;
}

std::uint16_t segment_size_in(const std::vector<std::uint8_t>& bytes) {
  return segment_size_of(bytes.data(), bytes.size());
}

TEST(ControlMessages, TellTheSegmentSizeOfATrain) {
  EXPECT_EQ(segment_size_in(train_message(1200)), 1200);
  EXPECT_EQ(train_message(1200).size(), kGroControlSize);
}

TEST(ControlMessages, WithoutATrainSayZero) {
  EXPECT_EQ(segment_size_of(nullptr, 0), 0);
  std::vector<std::uint8_t> other;
  const int value = 5;
  append(&other, SOL_SOCKET, SO_TIMESTAMP, &value, sizeof(value));
  EXPECT_EQ(segment_size_in(other), 0);
}

TEST(ControlMessages, FindTheTrainBehindOtherMessages) {
  std::vector<std::uint8_t> bytes;
  const char odd[3] = {1, 2, 3};
  append(&bytes, SOL_SOCKET, SO_TIMESTAMP, odd, sizeof(odd));
  append(&bytes, IPPROTO_IP, IP_TTL, odd, 1);
  const std::vector<std::uint8_t> train = train_message(77);
  bytes.insert(bytes.end(), train.begin(), train.end());
  EXPECT_EQ(segment_size_in(bytes), 77);
}

TEST(ControlMessages, AreReadAtAnyAlignment) {
  const std::vector<std::uint8_t> train = train_message(500);
  for (std::size_t offset = 0; offset < 8; ++offset) {
    std::vector<std::uint8_t> bytes(offset, 0xee);
    bytes.insert(bytes.end(), train.begin(), train.end());
    EXPECT_EQ(segment_size_of(bytes.data() + offset, train.size()), 500);
  }
}

// A message that was cut has no meaning, and nothing beyond `size` may be read.
TEST(ControlMessages, CutAnywhereGiveZero) {
  const std::vector<std::uint8_t> train = train_message(500);
  for (std::size_t size = 0; size < CMSG_LEN(sizeof(int)); ++size) {
    const std::vector<std::uint8_t> cut(train.begin(),
                                        train.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(segment_size_in(cut), 0) << size;
  }
}

TEST(ControlMessages, WithImpossibleLengthsGiveZero) {
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, sizeof(cmsghdr) - 1,
                                   std::size_t{1000}, SIZE_MAX, SIZE_MAX - 7}) {
    std::vector<std::uint8_t> bytes = train_message(500);
    std::memcpy(bytes.data(), &length, sizeof(length));
    EXPECT_EQ(segment_size_in(bytes), 0) << length;
  }
}

TEST(ControlMessages, WithImpossibleSegmentSizesGiveZero) {
  for (const int segment : {0, -1, 65536, 1 << 30}) {
    EXPECT_EQ(segment_size_in(train_message(segment)), 0) << segment;
  }
  EXPECT_EQ(segment_size_in(train_message(65535)), 65535);
}

}  // namespace
}  // namespace ringpeer::backend
