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

std::int64_t timestamp_in(std::int64_t seconds, std::int64_t nanoseconds) {
  std::vector<std::uint8_t> bytes = train_message(500);
  const timespec time{seconds, nanoseconds};
  append(&bytes, SOL_SOCKET, SCM_TIMESTAMPNS, &time, sizeof(time));
  return timestamp_of(bytes.data(), bytes.size());
}

TEST(ControlMessages, TellWhenTheKernelGotADatagram) {
  EXPECT_EQ(timestamp_in(1'700'000'000, 999'999'999), 1'700'000'000'999'999'999);
  EXPECT_EQ(timestamp_in(0, 5), 5);
  const std::vector<std::uint8_t> none = train_message(500);
  EXPECT_EQ(timestamp_of(none.data(), none.size()), 0);
}

// Neither wraps around nor overflows.
TEST(ControlMessages, WithATimeThatCannotBeCountedSayNone) {
  EXPECT_EQ(timestamp_in(INT64_MAX, 0), 0);
  EXPECT_EQ(timestamp_in(INT64_MAX / 1'000'000'000, 999'999'999), 0);
  EXPECT_EQ(timestamp_in(-1, 0), 0);
  EXPECT_EQ(timestamp_in(1, -1), 0);
  EXPECT_EQ(timestamp_in(1, 1'000'000'000), 0);
}

net::LocalAddress local_ipv4(std::uint32_t spec, std::uint32_t destination) {
  in_pktinfo info{};
  info.ipi_ifindex = 4;
  info.ipi_spec_dst.s_addr = htonl(spec);
  info.ipi_addr.s_addr = htonl(destination);
  std::vector<std::uint8_t> bytes = train_message(500);
  append(&bytes, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
  return local_address_of(bytes.data(), bytes.size());
}

TEST(ControlMessages, TellTheAddressToAnswerFrom) {
  // Sent to a broadcast address: not that one.
  const net::LocalAddress ipv4 = local_ipv4(0x7f000001, 0x7fffffff);
  EXPECT_EQ(ipv4.address, net::IpAddress::from_ipv4(htonl(0x7f000001)));
  EXPECT_EQ(ipv4.interface_index, 4u);
  EXPECT_EQ(local_ipv4(0, 0xe0000001).address, net::IpAddress());
  for (const char* const text : {"fe80::1", "ff02::1"}) {
    const net::IpAddress address = *net::IpAddress::parse(text);
    in6_pktinfo info{};
    info.ipi6_ifindex = 5;
    std::memcpy(&info.ipi6_addr, address.bytes().data(), sizeof(info.ipi6_addr));
    std::vector<std::uint8_t> bytes;
    append(&bytes, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    const net::LocalAddress ipv6 = local_address_of(bytes.data(), bytes.size());
    EXPECT_EQ(ipv6.address, address.is_multicast() ? net::IpAddress() : address);
    EXPECT_EQ(ipv6.interface_index, 5u);
  }
  EXPECT_FALSE(local_address_of(nullptr, 0).is_known());
}

}  // namespace
}  // namespace ringpeer::backend
