#include "ringpeer/bench/admission/network_counters.h"

#include <gtest/gtest.h>

namespace ringpeer::bench {
namespace {

constexpr const char* kSnmp =
    "Ip: Forwarding DefaultTTL\nIp: 2 64\n"
    "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\n"
    "Udp: 11 2 3 44 5\n"
    "UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\n"
    "UdpLite: 91 92 93 94 95\n";
constexpr const char* kDev =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n"
    "  eth0: 71 1 0 0 0 0 0 0 72 1 0 0 0 0 0 0\n"
    "    lo: 1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n";

TEST(NetworkCountersTest, ReadsWhatTheKernelPrints) {
  const auto counters = parse_network_counters(kSnmp, kDev);
  ASSERT_TRUE(counters.has_value());
  EXPECT_EQ(11u, counters->datagrams_in);
  EXPECT_EQ(44u, counters->datagrams_out);
  EXPECT_EQ(2000u, counters->loopback_bytes);
}

TEST(NetworkCountersTest, SaysNothingOfWhatIsNotThere) {
  EXPECT_FALSE(parse_network_counters("", kDev).has_value());
  EXPECT_FALSE(parse_network_counters(kSnmp, "").has_value());
  EXPECT_FALSE(parse_network_counters("Udp: InDatagrams OutDatagrams\n", kDev).has_value());
  EXPECT_FALSE(parse_network_counters("Udp: InDatagrams\nUdp: 1\n", kDev).has_value());
  EXPECT_FALSE(parse_network_counters(kSnmp, "  lo: 1 2 3 4 5 6 7 8\n").has_value());
}

TEST(NetworkCountersTest, ReadsThoseOfThisMachine) {
  const auto counters = network_counters();
  ASSERT_TRUE(counters.has_value());
  const NetworkCounters more = *network_counters() - *counters;
  EXPECT_LT(more.loopback_bytes, UINT64_MAX / 2);  // they never go back
}

}  // namespace
}  // namespace ringpeer::bench
