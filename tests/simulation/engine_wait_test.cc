// How an engine waits, on a machine in memory whose time and prices are the test's: games that
// look once a frame, consumers that wait, steps of the load, of the rhythm and of the machine.
// Whatever the engine decides, it follows within the bounds that it promises, and nothing is lost
// that a socket's buffer could hold.

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/simulation/machine.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::simulation {
namespace {

constexpr std::uint16_t kPort = 4000;
constexpr std::uint16_t kOtherPort = 5000;
constexpr std::uint16_t kFirstSource = 9;
constexpr std::size_t kSize = 64;
// What Linux takes of a buffer for such a packet; the simulated kernel takes a little more.
constexpr double kCharge = 832;
constexpr Time kFrame = 16'667 * kMicrosecond;
// What the calls of workers and application take on the way.
constexpr Time kCalls = 300 * kMicrosecond;
constexpr Time kBound = 200 * kMicrosecond;

// Waking is cheap, and on a machine with other work costly.
constexpr CpuBill::Prices kQuiet{4 * kMicrosecond, 12 * kMicrosecond, 600};
constexpr CpuBill::Prices kBusy{12 * kMicrosecond, 9 * kMicrosecond, 600};

struct Setting {
  bool use_uring;
  bool has_min_wait;
};

class EngineWaitTest : public testing::TestWithParam<Setting> {
 protected:
  EngineWaitTest() : machine_({.has_min_wait = GetParam().has_min_wait}) {}
  ~EngineWaitTest() override {
    machine_.scheduler.run([this] {
      packets_per_second_ = 0;
      peer_.reset();
      if (engine_ != nullptr) engine_->stop();
      engine_.reset();
    });
  }

  // As the application's thread.
  template <typename Play>
  void play(Play play) {
    machine_.scheduler.run([&] { play(); });
  }

  void open(const LatencyBudget& budget = {}, int socket_buffer = 8 << 20) {
    EngineOptions options;
    options.backend = GetParam().use_uring ? BackendKind::kIoUring : BackendKind::kRecvmmsg;
    options.latency_budget = budget;
    options.socket_receive_buffer = socket_buffer;
    options.encode_buffers = 1;
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    ASSERT_NE(engine_, nullptr) << message;
    peer_ = std::make_unique<PacketPeerUDP>(engine_);
    ASSERT_EQ(peer_->bind(kPort, "10.0.0.1", 16 << 20), Error::OK);
    socket_ = &machine_.socket_on(kPort);
  }

  // From now on; datagrams carry the time when they come.
  void set_rate(double packets_per_second) {
    const bool is_running = packets_per_second_ > 0;
    packets_per_second_ = packets_per_second;
    if (!is_running) arrive_later();
  }
  void arrive_later() {
    if (packets_per_second_ <= 0) return;
    const auto gap = static_cast<Time>(1e9 / packets_per_second_);
    machine_.scheduler.at(machine_.scheduler.now() + gap, [this] {
      if (packets_per_second_ <= 0) return;
      arrive();
      arrive_later();
    });
  }
  void arrive() {
    ++sent_;
    SimulatedDatagram like;
    like.payload.resize(kSize);
    if (socket_->receive_memory + like.charge() > socket_->receive_buffer) {
      ++lost_;
      return;
    }
    put_stamped(*socket_, kFirstSource);
  }
  // One that says when it came.
  void put_stamped(UdpSocket& socket, std::uint16_t source_port) {
    const Time now = machine_.scheduler.now();
    std::vector<std::uint8_t> payload(kSize);
    std::memcpy(payload.data(), &now, sizeof(now));
    Machine::put(socket, {*net::IpAddress::parse("10.0.0.2"), 0, source_port}, std::move(payload));
  }
  Time age_of(std::span<const std::uint8_t> payload) const {
    Time came = 0;
    std::memcpy(&came, payload.data(), sizeof(came));
    return machine_.scheduler.now() - came;
  }

  // Packets come in, and what is put is seen to leave.
  void open_for_puts() {
    machine_.network.add_host(
        {*net::IpAddress::parse("10.0.0.2"), 0, 9},
        [this](const SimulatedDatagram&) { left_ = machine_.scheduler.now(); });
    open();
    socket_->receive_buffer = 8 << 20;
    ASSERT_EQ(peer_->set_dest_address("10.0.0.2", 9), Error::OK);
    put();  // a system call
    set_rate(1e4);
  }
  void put() {
    left_ = 0;
    ASSERT_EQ(peer_->put_packet(std::vector<std::uint8_t>(kSize)), Error::OK);
  }

  // Takes what there is; how old each packet is.
  void take() {
    std::span<const std::uint8_t> payload;
    while (peer_->get_packet(&payload) == Error::OK) {
      ages_.push_back(age_of(payload));
      ++taken_;
    }
  }
  // Nothing comes any more, and after so long all that did is there.
  void end_without_loss(Time rest) {
    set_rate(0);
    machine_.scheduler.sleep(rest);
    take();
    EXPECT_EQ(lost_, 0U);
    EXPECT_EQ(taken_, sent_);
  }
  void frames(int count, Time period = kFrame) {
    for (int i = 0; i < count; ++i) {
      take();
      next_frame_ = std::max(next_frame_ + period, machine_.scheduler.now());
      machine_.scheduler.sleep(next_frame_ - machine_.scheduler.now());
    }
  }
  // As a consumer that waits, for so long.
  void waits(Time time) {
    const Time end = machine_.scheduler.now() + time;
    while (machine_.scheduler.now() < end) {
      if (peer_->wait(std::chrono::milliseconds(100)) == Error::OK) take();
    }
  }
  Time median_age() {
    EXPECT_FALSE(ages_.empty());
    if (ages_.empty()) return 0;
    const auto middle = ages_.begin() + static_cast<std::ptrdiff_t>(ages_.size() / 2);
    std::nth_element(ages_.begin(), middle, ages_.end());
    const Time age = *middle;
    ages_.clear();
    return age;
  }
  std::uint64_t wakeups() const { return engine_->counters()[Counter::kWakeups]; }
  template <typename Play>
  double wakeups_per_second(Play play) {
    const std::uint64_t before = wakeups();
    const Time begun = machine_.scheduler.now();
    play();
    return static_cast<double>(wakeups() - before) * 1e9 /
           static_cast<double>(machine_.scheduler.now() - begun);
  }
  WaitReason reason() const { return engine_->stats().waits.at(0).reason; }
  std::chrono::microseconds budget() const { return engine_->stats().waits.at(0).budget; }

  Machine machine_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<PacketPeerUDP> peer_;
  UdpSocket* socket_ = nullptr;
  double packets_per_second_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t taken_ = 0;
  std::vector<Time> ages_;
  Time next_frame_ = 0;
  Time left_ = 0;  // when the last put did
};

std::string name_of_setting(const testing::TestParamInfo<Setting>& info) {
  if (!info.param.use_uring) return "recvmmsg";
  return info.param.has_min_wait ? "io_uring" : "io_uring_without_min_wait";
}

INSTANTIATE_TEST_SUITE_P(Backends, EngineWaitTest,
                         testing::Values(Setting{true, true}, Setting{true, false},
                                         Setting{false, true}),
                         name_of_setting);

TEST_P(EngineWaitTest, AFrameFindsWhatCameJustBeforeAndWakesTheWorkerFourTimes) {
  for (const double rate : {1e4, 2e4, 1e5}) {
    Time fixed_age = 0;
    for (const bool automatic : {false, true}) {
      play([&] {
        open(automatic ? LatencyBudget() : LatencyBudget(std::chrono::microseconds(200)));
        socket_->receive_buffer = 8 << 20;
        set_rate(rate);
        frames(20);
        ages_.clear();
        const double wakes = wakeups_per_second([&] { frames(120); });
        const Time age = median_age();
        if (automatic) {
          EXPECT_LE(wakes, 60 * 5 + 30) << rate;
          EXPECT_LE(age, fixed_age + 500 * kMicrosecond) << rate;
          EXPECT_EQ(reason(), WaitReason::kRhythm) << rate;
        } else {
          fixed_age = age;
        }
        EXPECT_EQ(lost_, 0U) << rate;
        set_rate(0);
        machine_.scheduler.sleep(50 * kMillisecond);
        peer_.reset();
        engine_->stop();
      });
    }
  }
}

// In packets as the kernel charges them, and in the time that the rate needs for them.
TEST_P(EngineWaitTest, TheReportSaysWhatTheBufferHolds) {
  play([&] {
    open();
    EXPECT_EQ(engine_->stats().waits.at(0).buffer_packets, 0U) << "nothing has come";
    const double held = static_cast<double>(socket_->receive_buffer) / kCharge;
    for (const double rate : {1e4, 5e4}) {
      set_rate(rate);
      frames(180);
      const WaitReport report = engine_->stats().waits.at(0);
      EXPECT_NEAR(static_cast<double>(report.buffer_packets), held, held / 100) << rate;
      const auto seconds = std::chrono::duration<double>(report.buffer_time).count();
      EXPECT_NEAR(seconds, held / rate, held / rate / 3) << rate;
    }
    set_rate(0);
    machine_.scheduler.sleep(3 * kSecond);
    EXPECT_GT(engine_->stats().waits.at(0).buffer_packets, 0U) << "it stays";
  });
}

TEST_P(EngineWaitTest, AWorkerThatMayNotSleepPreciselySleepsToTheMillisecond) {
  for (const int error : {EPERM, ENOSYS}) {
    play([&] {
      machine_.kernel.precise_waits_refused = error;
      open();
      socket_->receive_buffer = 8 << 20;
      set_rate(2e4);
      frames(20);
      ages_.clear();
      // A packet wakes it where a sleep ends early; each of 333 a frame would.
      EXPECT_LE(wakeups_per_second([&] { frames(120); }), 60 * 50);
      EXPECT_EQ(reason(), WaitReason::kRhythm);
      machine_.scheduler.sleep(kMillisecond);  // in the middle of a sleep
      take();
      ages_.clear();
      waits(100 * kMillisecond);
      ASSERT_FALSE(ages_.empty());
      EXPECT_LE(*std::max_element(ages_.begin(), ages_.end()), kMillisecond + kBound + kCalls)
          << "a wait ends it";
      EXPECT_EQ(lost_, 0U);
      set_rate(0);
      machine_.scheduler.sleep(50 * kMillisecond);
      peer_.reset();
      engine_->stop();
    });
  }
}

TEST_P(EngineWaitTest, AStallAndAnotherRhythmLoseNothing) {
  play([&] {
    open();
    socket_->receive_buffer = 64 << 20;
    set_rate(1e4);
    frames(60);
    for (int i = 0; i < 3; ++i) {
      machine_.scheduler.sleep(kSecond);
      next_frame_ = machine_.scheduler.now();
      const Time half = kFrame * 2;
      frames(6, half);  // 200 ms
      const double wakes = wakeups_per_second([&] { frames(30, half); });
      EXPECT_LE(wakes, 30 * 10) << "at 30 Hz";
      frames(12);
      EXPECT_LE(wakeups_per_second([&] { frames(60); }), 60 * 5 + 30) << "at 60 Hz again";
    }
    end_without_loss(50 * kMillisecond);
  });
}

TEST_P(EngineWaitTest, AWaitEndsTheSleepOfARhythm) {
  play([&] {
    open();
    socket_->receive_buffer = 8 << 20;
    set_rate(1000);
    for (int i = 0; i < 20; ++i) {
      frames(60);
      take();
      ages_.clear();
      // In the middle of a sleep.
      machine_.scheduler.sleep(kMillisecond + i * 100 * kMicrosecond);
      waits(100 * kMillisecond);
      // All of them, but for what had come before.
      for (const Time age : ages_) ASSERT_LE(age, 4 * kMillisecond + kBound + kCalls);
      std::sort(ages_.begin(), ages_.end());
      ASSERT_LE(ages_[ages_.size() * 9 / 10], kBound + kCalls) << i;
    }
    set_rate(0);
  });
}

// Another socket's frames are no reason to let the packet wait that a consumer sleeps for, however
// long none has come.
TEST_P(EngineWaitTest, AQuietSocketThatIsWaitedForWakesAtOnceBesideFrames) {
  play([&] {
    open();
    socket_->receive_buffer = 8 << 20;
    PacketPeerUDP quiet(engine_);
    ASSERT_EQ(quiet.bind(kOtherPort, "10.0.0.1"), Error::OK);
    UdpSocket& other = machine_.socket_on(kOtherPort);
    set_rate(1e4);
    frames(60);
    bool is_over = false;
    std::vector<Time> ages;
    const auto waiter = machine_.scheduler.start([&] {
      std::span<const std::uint8_t> payload;
      while (!is_over) {
        static_cast<void>(quiet.wait(std::chrono::milliseconds(500)));
        while (quiet.get_packet(&payload) == Error::OK) ages.push_back(age_of(payload));
      }
    });
    for (int i = 0; i < 10; ++i) {
      frames(80 + i);
      machine_.scheduler.sleep(i * kMillisecond);
      put_stamped(other, kFirstSource);
    }
    is_over = true;
    set_rate(0);
    machine_.scheduler.wait_until([&] { return machine_.scheduler.has_ended(waiter); });
    EXPECT_EQ(ages.size(), 10U);
    for (const Time age : ages) EXPECT_LE(age, kBound + kCalls);
  });
}

// One long wait for a server's peer, which is woken for each packet of another.
TEST_P(EngineWaitTest, AWaitThatIsWokenForOthersIsStillAWait) {
  play([&] {
    open();
    UDPServer server(engine_);
    ASSERT_EQ(server.listen(kOtherPort, "10.0.0.1"), Error::OK);
    UdpSocket& socket = machine_.socket_on(kOtherPort);
    put_stamped(socket, kFirstSource);
    put_stamped(socket, kFirstSource + 1);
    machine_.scheduler.sleep(20 * kMillisecond);
    std::vector<std::shared_ptr<PacketPeerUDP>> peers;
    while (server.is_connection_available()) peers.push_back(server.take_connection());
    ASSERT_EQ(peers.size(), 2U);
    std::span<const std::uint8_t> payload;
    for (const auto& peer : peers) {
      while (peer->get_packet(&payload) == Error::OK) continue;
    }
    std::uint16_t source = static_cast<std::uint16_t>(peers[1]->get_packet_port());
    for (int i = 1; i <= 200; ++i) {
      machine_.scheduler.at(machine_.scheduler.now() + i * kFrame,
                            [&] { put_stamped(socket, source); });
    }
    const auto awaited = static_cast<std::uint16_t>(peers[0]->get_packet_port());
    for (const Time after : {150 * kFrame + 5 * kMillisecond, 160 * kFrame + 9 * kMillisecond}) {
      machine_.scheduler.at(machine_.scheduler.now() + after,
                            [&] { put_stamped(socket, awaited); });
    }
    for (int i = 0; i < 2; ++i) {
      ASSERT_EQ(peers[0]->wait(std::chrono::seconds(10)), Error::OK);
      ASSERT_EQ(peers[0]->get_packet(&payload), Error::OK);
      EXPECT_LE(age_of(payload), kBound + kCalls) << i;
    }
    machine_.scheduler.sleep(kSecond);
  });
}

// A long bound is the user's; that the buffer holds what comes is the engine's.
TEST_P(EngineWaitTest, ALongBoundIsCutForASmallBuffer) {
  play([&] {
    open(LatencyBudget::automatic(std::chrono::milliseconds(100)), 1 << 17);
    set_rate(5e4);
    waits(3 * kSecond);
    // At no rhythm, either.
    for (int i = 0; i < 200; ++i) {
      take();
      machine_.scheduler.sleep((1 + i * 7 % 23) * kMillisecond);
    }
    end_without_loss(200 * kMillisecond);
  });
}

TEST_P(EngineWaitTest, PutsAloneDoNotKeepTheWorkerAwake) {
  play([&] {
    open(LatencyBudget::automatic(std::chrono::microseconds(50)));
    socket_->receive_buffer = 8 << 20;
    ASSERT_EQ(peer_->set_dest_address("10.0.0.2", 9), Error::OK);
    const std::vector<std::uint8_t> packet(kSize);
    set_rate(5e4);
    waits(kSecond);
    set_rate(0);
    take();
    const double wakes = wakeups_per_second([&] {
      for (int i = 0; i < 60; ++i) {
        ASSERT_EQ(peer_->put_packet(packet), Error::OK);
        machine_.scheduler.sleep(50 * kMillisecond);
      }
    });
    EXPECT_LE(wakes, 20 * 3 + 4);
  });
}

// More than one call of epoll tells of: no budget is slept between the calls.
TEST_P(EngineWaitTest, ManySocketsWaitForOneBudget) {
  constexpr std::uint16_t kSockets = 200;
  play([&] {
    open(std::chrono::milliseconds(20));
    std::vector<std::unique_ptr<PacketPeerUDP>> peers;
    std::vector<UdpSocket*> sockets;
    for (std::uint16_t i = 0; i < kSockets; ++i) {
      const auto port = static_cast<std::uint16_t>(kOtherPort + i);
      peers.push_back(std::make_unique<PacketPeerUDP>(engine_));
      ASSERT_EQ(peers.back()->bind(port, "10.0.0.1"), Error::OK);
      sockets.push_back(&machine_.socket_on(port));
    }
    for (int round = 0; round < 5; ++round) {
      for (UdpSocket* socket : sockets) put_stamped(*socket, kFirstSource);
      machine_.scheduler.sleep(45 * kMillisecond);
      for (const auto& peer : peers) {
        ASSERT_EQ(peer->get_available_packet_count(), 1);
        std::span<const std::uint8_t> payload;
        ASSERT_EQ(peer->get_packet(&payload), Error::OK);
      }
    }
  });
}

TEST_P(EngineWaitTest, IdleWorkersSleepWhateverTheirConsumersDo) {
  play([&] {
    open();
    EXPECT_LE(wakeups_per_second([&] { machine_.scheduler.sleep(10 * kSecond); }), 4.0);
    EXPECT_LE(wakeups_per_second([&] { frames(600); }), 4.0) << "polled, before anything has come";
    set_rate(1e4);
    frames(60);
    set_rate(0);
    frames(200);
    EXPECT_LE(wakeups_per_second([&] { frames(600); }), 4.0) << "polled, after traffic";
    EXPECT_LE(wakeups_per_second([&] { waits(10 * kSecond); }), 4.0) << "waited for";
  });
}

// Often enough for the worker to say when it looks next, which its rhythm makes later than a put
// may wait.
TEST_P(EngineWaitTest, APutBetweenFramesLeavesWithinItsBound) {
  play([&] {
    open_for_puts();
    frames(140);  // reports are of the last second
    for (int i = 0; i < 350; ++i) {
      take();
      next_frame_ += kFrame;
      machine_.scheduler.sleep(i * 40 * kMicrosecond);
      ASSERT_EQ(reason(), WaitReason::kRhythm) << i;
      const Time put_at = machine_.scheduler.now();
      put();
      machine_.scheduler.sleep(kBound + 2 * kCalls);
      ASSERT_NE(left_, 0) << i << ": not within " << machine_.scheduler.now() - put_at << " ns";
      machine_.scheduler.sleep(next_frame_ - machine_.scheduler.now());
    }
    set_rate(0);
  });
}

TEST_P(EngineWaitTest, ALonePutLeavesWithinItsBound) {
  play([&] {
    open_for_puts();
    frames(60);
    for (int i = 0; i < 200; ++i) {
      machine_.scheduler.sleep(i * 40 * kMicrosecond % kFrame);
      const Time put_at = machine_.scheduler.now();
      put();
      if (i % 3 == 0) {
        take();
      }
      machine_.scheduler.sleep(2 * kMillisecond);
      ASSERT_NE(left_, 0) << i;
      ASSERT_LE(left_ - put_at, kBound + 2 * kCalls) << i;
      frames(2);
    }
    set_rate(0);
  });
}

TEST_P(EngineWaitTest, ACommandEndsAWaitThoughThePollOfTheLastWakeUpHasEnded) {
  machine_.faults.turn_on(Fault::kPollEnds, 1000);
  play([&] {
    open();
    for (int i = 0; i < 20; ++i) {
      machine_.scheduler.sleep(5 * kMillisecond);
      const Time asked = machine_.scheduler.now();
      ASSERT_EQ(engine_->sync(), Error::OK);
      ASSERT_LE(machine_.scheduler.now() - asked, kCalls) << i;
    }
    EXPECT_LE(wakeups_per_second([&] { machine_.scheduler.sleep(10 * kSecond); }), 4.0)
        << "armed again, it finds what ended it";
  });
  if (GetParam().use_uring) {
    EXPECT_GE(machine_.faults.happened(Fault::kPollEnds), 20U);
  }
}

TEST_P(EngineWaitTest, WhoWaitsHasWhatCostsLeastWithin200MsOfAStep) {
  play([&] {
    machine_.kernel.bill.prices = kBusy;
    open();
    socket_->receive_buffer = 64 << 20;
    set_rate(1000);
    waits(2 * kSecond);
    for (int i = 0; i < 3; ++i) {
      set_rate(1e5);
      waits(200 * kMillisecond);
      const double many = wakeups_per_second([&] { waits(500 * kMillisecond); });
      EXPECT_LE(many, 9000) << "at 100,000 packets/s waking at once is costly";
      set_rate(1000);
      waits(200 * kMillisecond);
      ages_.clear();
      waits(500 * kMillisecond);
      EXPECT_LE(median_age(), kCalls) << "at 1,000 packets/s nothing comes together";
    }
    EXPECT_EQ(lost_, 0U);
    set_rate(0);
  });
}

TEST_P(EngineWaitTest, AChangeOfTheMachineIsFollowedWithinASecond) {
  play([&] {
    machine_.kernel.bill.prices = kQuiet;
    open();
    socket_->receive_buffer = 64 << 20;
    set_rate(1e4);
    waits(2 * kSecond);
    for (int i = 0; i < 3; ++i) {
      machine_.kernel.bill.prices = kBusy;
      waits(kSecond);
      EXPECT_LE(wakeups_per_second([&] { waits(kSecond); }), 6500) << "busy";
      machine_.kernel.bill.prices = kQuiet;
      waits(kSecond);
      EXPECT_GE(wakeups_per_second([&] { waits(kSecond); }), 7500) << "quiet";
    }
    set_rate(0);
  });
}

}  // namespace
}  // namespace ringpeer::simulation
