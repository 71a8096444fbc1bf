#include "ringpeer/tools/socket_drops.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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
