#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "ringpeer/engine.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer {
namespace {

using std::chrono::steady_clock;

// A worker does not wake its consumer for each few packets that come right after others. They
// must not be forgotten either.
class WakeUpTest : public testing::TestWithParam<BackendKind> {};

TEST_P(WakeUpTest, FewPacketsAfterManyAreAnnouncedWithinTheLatencyBudget) {
  constexpr int kRounds = 50;
  constexpr std::uint32_t kPackets = 5000;
  // The smallest default socket buffer holds a few more.
  constexpr std::uint32_t kMaxOnTheirWay = 200;
  // A worker that has nothing to do looks again after half a second.
  constexpr std::chrono::milliseconds kLongest{400};
  EngineOptions options;
  options.backend = GetParam();
  options.latency_budget = std::chrono::milliseconds(1);
  // On one CPU the consumer takes what there is and sleeps again before the worker looks
  // once more: then there are few.
  cpu_set_t cpus;
  ASSERT_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  const cpu_set_t all = cpus;
  int cpu = 0;
  while (!CPU_ISSET(cpu, &cpus)) ++cpu;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  ASSERT_EQ(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
  options.worker_cpus = {cpu};
  std::string message;
  const auto engine = Engine::create(options, nullptr, &message);
  if (engine == nullptr) GTEST_SKIP() << message;
  PacketPeerUDP peer(engine);
  ASSERT_EQ(peer.bind(0, "127.0.0.1"), Error::OK);
  const test::Sender sender(static_cast<std::uint16_t>(peer.get_local_port()));

  for (int round = 0; round < kRounds; ++round) {
    std::atomic<std::uint32_t> taken{0};
    const std::jthread sending([&sender, &all, &taken](const std::stop_token& stop) {
      sched_setaffinity(0, sizeof(all), &all);
      for (std::uint32_t i = 0; i < kPackets; ++i) {
        while (i - taken.load() >= kMaxOnTheirWay && !stop.stop_requested()) {
        }
        sender.send_numbered(i, 32);
      }
    });
    while (taken < kPackets) {
      const auto start = steady_clock::now();
      ASSERT_EQ(peer.wait(test::kPatience), Error::OK);
      ASSERT_LT(steady_clock::now() - start, kLongest);
      while (peer.get_available_packet_count() > 0) {
        ASSERT_TRUE(test::is_numbered_payload(peer.get_packet(), taken));
        ++taken;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, WakeUpTest, test::every_backend(), test::backend_name);

}  // namespace
}  // namespace ringpeer
