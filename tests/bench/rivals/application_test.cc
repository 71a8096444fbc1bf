#include "ringpeer/bench/rivals/application.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::bench {
namespace {

using Packet = std::array<std::byte, 64>;

Packet packet_of(std::uint32_t remote, std::uint32_t sequence) {
  PayloadHeader header;
  header.sent_at_ns = steady_now_ns();
  header.remote = remote;
  header.sequence = sequence;
  Packet packet{};
  std::memcpy(packet.data(), &header, sizeof(header));
  return packet;
}

void consume(Application& application, std::uint32_t remote, std::uint32_t sequence) {
  const Packet packet = packet_of(remote, sequence);
  application.consume(packet.data(), packet.size());
}

TEST(Application, CountsPacketsAndEmptyOnes) {
  Application application(1);
  consume(application, 0, 0);
  application.consume(nullptr, 0);
  EXPECT_EQ(application.packets(), 2U);
  EXPECT_EQ(application.without_header(), 1U);
}

TEST(Application, NoticesAPacketThatWasOvertaken) {
  Application application(1);
  consume(application, 1, 0);
  consume(application, 2, 5);  // another remote's order is its own
  consume(application, 1, 2);
  EXPECT_EQ(application.reordered(), 0U);
  consume(application, 1, 1);
  EXPECT_EQ(application.reordered(), 1U);
  consume(application, 1, 1);  // twice the same
  EXPECT_EQ(application.reordered(), 2U);
}

TEST(Application, TakesALatencyOfEachSamplePeriod) {
  Application application(16);
  for (std::uint32_t i = 0; i < 160; ++i) consume(application, 0, i);
  EXPECT_EQ(application.latencies().count(), 10U);
  application.forget_latencies();
  EXPECT_EQ(application.latencies().count(), 0U);
}

TEST(Application, TakesTrainsApartWithAShorterLastPacket) {
  Application application(1);
  std::array<std::byte, 64 * 3 + 30> train{};
  for (std::uint32_t i = 0; i < 4; ++i) {
    const Packet packet = packet_of(7, i);
    std::memcpy(train.data() + i * 64, packet.data(), i < 3 ? 64 : 30);
  }
  application.consume_train(train.data(), train.size(), 64);
  EXPECT_EQ(application.packets(), 4U);
  EXPECT_EQ(application.reordered(), 0U);
}

TEST(Application, SlowWorkCostsAboutWhatItShould) {
  Application application(16);
  application.set_work(std::chrono::microseconds(50));
  const auto start = tools::thread_cpu_time();
  for (std::uint32_t i = 0; i < 200; ++i) consume(application, 0, i);
  const auto spent = tools::thread_cpu_time() - start;
  // A busy machine makes it dearer; the calibration takes the fastest of several.
  EXPECT_GT(spent, std::chrono::milliseconds(7));
  application.set_work({});
  const auto idle_start = tools::thread_cpu_time();
  for (std::uint32_t i = 0; i < 200; ++i) consume(application, 0, i);
  EXPECT_LT(tools::thread_cpu_time() - idle_start, std::chrono::milliseconds(7));
}

}  // namespace
}  // namespace ringpeer::bench
