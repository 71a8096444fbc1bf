#include "ringpeer/tools/measure/socket_drops.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace ringpeer::tools {
namespace {

constexpr std::string_view kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode ref pointer drops\n"
    "  10: 0100007F:0FA0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 "
    "1234 2 0000000000000000 17\n"
    "  11: 0100007F:0FA0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 "
    "1235 2 0000000000000000 5\n"
    "  12: 0100007F:0FA0 0100007F:0035 01 00000000:00000000 00:00000000 00000000     0        0 "
    "1236 2 0000000000000000 1000\n"
    "  13: 0100007F:0FA1 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 "
    "1237 2 0000000000000000 3\n";

TEST(SocketDropsTest, SumsTheUnconnectedSocketsOfThePort) {
  EXPECT_EQ(parse_listener_drops(kTable, 4000), 22U);
  EXPECT_EQ(parse_listener_drops(kTable, 4001), 3U);
}

TEST(SocketDropsTest, AnUnknownPortIsNotZeroDrops) {
  EXPECT_FALSE(parse_listener_drops(kTable, 4002).has_value());
  EXPECT_FALSE(parse_listener_drops("", 4000).has_value());
}

constexpr std::string_view kHead = "  sl  local_address remote_address   st\n";

std::string row(const std::string& local, int drops) {
  const std::string remote = std::string(local.rfind(':'), '0') + ":0000";
  return "  10: " + local + " " + remote + " 07 " + std::to_string(drops) + "\n";
}

net::Endpoint endpoint(const char* address, std::uint16_t port = 4000) {
  return {.address = *net::IpAddress::parse(address), .port = port};
}

// What another program drops on the same port number, at another address, is not the target's.
TEST(SocketDropsTest, OnlyTheSocketThatGetsThePacketsCounts) {
  const std::string loopback = row("0100007F:0FA0", 17);
  const std::string other = row("0200007F:0FA0", 100);
  const std::string any = row("00000000:0FA0", 1000);
  const std::string ipv6_loopback = row("00000000000000000000000001000000:0FA0", 31);
  const std::string ipv6_any = row("00000000000000000000000000000000:0FA0", 3000);
  const std::string head(kHead);
  const auto at = [&head](const char* address, const std::string& ipv4, const std::string& ipv6) {
    return parse_drops_at(head + ipv4, head + ipv6, endpoint(address));
  };
  EXPECT_EQ(at("127.0.0.1", other, ""), std::nullopt);
  EXPECT_EQ(at("127.0.0.1", loopback + other, ""), 17U);
  EXPECT_EQ(at("127.0.0.1", any + loopback + loopback + other, ipv6_any), 34U);
  EXPECT_EQ(at("127.0.0.1", any + other, ipv6_any), 1000U);
  EXPECT_EQ(at("127.0.0.1", other, ipv6_any + ipv6_loopback), 3000U);
  EXPECT_EQ(at("::1", loopback + any, ""), std::nullopt);
  EXPECT_EQ(at("::1", loopback + any, ipv6_any + ipv6_loopback), 31U);
  EXPECT_EQ(at("::1", any, ipv6_any), 3000U);
  EXPECT_EQ(at("127.0.0.1", row("0100007F:0FA0", 0), ""), 0U);
}

// Where the kernel sends what is for 0.0.0.0 or ::.
TEST(SocketDropsTest, ATargetOfNoAddressIsTheLoopback) {
  const std::string head(kHead);
  const std::string ipv4 = head + row("0100007F:0FA0", 17) + row("0200007F:0FA0", 100);
  const std::string ipv6 = head + row("00000000000000000000000001000000:0FA0", 31);
  const std::string any = head + row("00000000:0FA0", 7);
  const std::string ipv6_any = head + row("00000000000000000000000000000000:0FA0", 9);
  EXPECT_EQ(parse_drops_at(ipv4, ipv6, endpoint("0.0.0.0")), 17U);
  EXPECT_EQ(parse_drops_at(ipv4, ipv6, endpoint("::")), 31U);
  EXPECT_EQ(parse_drops_at(any, ipv6_any, endpoint("0.0.0.0")), 7U);
  EXPECT_EQ(parse_drops_at(any, ipv6_any, endpoint("::")), 9U);
  EXPECT_EQ(parse_drops_at(head, ipv6_any, endpoint("0.0.0.0")), 9U);
  EXPECT_EQ(parse_drops_at(ipv4, head, endpoint("::")), std::nullopt);
}

// An address that no machine has (RFC 5737).
TEST(SocketDropsTest, ATargetElsewhereHasNoSocketHere) {
  const int receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(receiver, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(receiver, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  EXPECT_EQ(kernel_drops_at(endpoint("192.0.2.1", port)), std::nullopt);
  EXPECT_EQ(kernel_drops_at(endpoint("127.0.0.1", port)), 0U);
  EXPECT_EQ(kernel_drops_at(endpoint("0.0.0.0", port)), 0U);
  close(receiver);
}

// The kernel's own table: overflow a socket of which the size is known.
TEST(SocketDropsTest, SeesWhatTheKernelDrops) {
  const int receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(receiver, 0);
  ASSERT_GE(sender, 0);
  const int smallest = 1;
  setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof(smallest));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(receiver, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(receiver, reinterpret_cast<sockaddr*>(&address), &size), 0);
  constexpr int kPackets = 100;
  const char payload[64] = {};
  for (int i = 0; i < kPackets; ++i) {
    ASSERT_EQ(
        sendto(sender, payload, sizeof(payload), 0, reinterpret_cast<sockaddr*>(&address), size),
        static_cast<ssize_t>(sizeof(payload)));
  }
  std::uint64_t waiting = 0;
  char buffer[64];
  while (recv(receiver, buffer, sizeof(buffer), MSG_DONTWAIT) >= 0) ++waiting;
  const auto drops = kernel_drops_of_listeners(ntohs(address.sin_port));
  ASSERT_TRUE(drops.has_value());
  EXPECT_GT(*drops, 0U);
  EXPECT_EQ(*drops + waiting, static_cast<std::uint64_t>(kPackets));
  close(receiver);
  close(sender);
}

}  // namespace
}  // namespace ringpeer::tools
