#include "ringpeer/engine/worker/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "ringpeer/engine/worker/demultiplexer.h"
#include "ringpeer/tests/engine/worker/worker_fixture.h"

namespace ringpeer::test {
namespace {

constexpr std::size_t kManyPackets = 8192;
constexpr std::uint64_t kManyBytes = std::uint64_t{1} << 30;

RINGPEER_TEST_ON_EVERY_BACKEND(WorkerTest);

// sync() makes "nothing arrived" a fact instead of a guess.
TEST_P(WorkerTest, SyncBringsWhatTheKernelHadQueued) {
  auto worker = make();
  Consumer consumer(*worker, kManyPackets, kManyBytes);
  EXPECT_EQ(worker->sync(), 0);
  EXPECT_EQ(consumer.depth(), 0u);
  const Sender sender(consumer.port());
  std::uint32_t sent = 0;
  for (std::uint32_t round = 1; round <= 20; ++round) {
    for (std::uint32_t i = 0; i < round * 10; ++i) ASSERT_TRUE(sender.send_numbered(sent++, 100));
    ASSERT_EQ(worker->sync(), 0);
    ASSERT_EQ(consumer.depth(), round * 10);
    EXPECT_EQ(consumer.take_all(), round * 10);
    EXPECT_EQ(consumer.depth(), 0u);
  }
  EXPECT_EQ(counted(*worker, Counter::kReceivedPackets), sent);
  EXPECT_EQ(counted(*worker, Counter::kReceivedBytes), sent * 100u);
  EXPECT_EQ(worker->snapshot().dropped_packets(), 0u);
}

TEST_P(WorkerTest, DeliversWithoutBeingAsked) {
  auto worker = make();
  Consumer consumer(*worker, kManyPackets, kManyBytes);
  const Sender sender(consumer.port());
  for (std::uint32_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(sender.send_numbered(i, 64));
    ASSERT_TRUE(eventually([&] { return consumer.depth() == 1; }));
    consumer.take_all([&](const net::Endpoint& source, std::span<const std::uint8_t> packet) {
      EXPECT_EQ(source, sender.endpoint());
      EXPECT_TRUE(is_numbered_payload(packet, i));
    });
  }
}

TEST_P(WorkerTest, BringsEverySizeToTheConsumer) {
  auto worker = make();
  Consumer consumer(*worker, kManyPackets, kManyBytes);
  const Sender sender(consumer.port());
  const std::vector<std::size_t> sizes = {0, 1, 100, 1200, 2048, 2049, 20000, 65507};
  for (std::uint32_t i = 0; i < sizes.size(); ++i) ASSERT_TRUE(sender.send_numbered(i, sizes[i]));
  ASSERT_EQ(worker->sync(), 0);
  std::uint32_t next = 0;
  consumer.take_all([&](const net::Endpoint&, std::span<const std::uint8_t> packet) {
    ASSERT_LT(next, sizes.size());
    EXPECT_EQ(packet.size(), sizes[next]);
    EXPECT_TRUE(is_numbered_payload(packet, next)) << sizes[next];
    ++next;
  });
  EXPECT_EQ(next, sizes.size());
}

// Both ways a payload reaches the consumer, in turn: lent and copied.
TEST_P(WorkerTest, CopiesKeepPayloadAndSender) {
  auto worker = make();
  Consumer stalled(*worker, kManyPackets, kManyBytes);
  Consumer reading(*worker, kManyPackets, kManyBytes);
  const Sender to_stalled(stalled.port());
  const Sender to_reading(reading.port());
  std::uint32_t in_stalled = 0;
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(to_stalled.send_numbered(in_stalled++, 60000));
    ASSERT_EQ(worker->sync(), 0);
  }
  for (std::uint32_t i = 0; i < 300; ++i) {
    ASSERT_TRUE(to_reading.send_numbered(i, 3 + i * 7));
    const bool end_of_burst = i % 10 == 9;
    ASSERT_TRUE(!end_of_burst || worker->sync() == 0);
  }
  std::uint32_t next = 0;
  reading.take_all([&](const net::Endpoint& source, std::span<const std::uint8_t> packet) {
    ASSERT_EQ(source, to_reading.endpoint());
    ASSERT_EQ(packet.size(), 3 + next * 7);
    ASSERT_TRUE(is_numbered_payload(packet, next)) << next;
    ++next;
  });
  EXPECT_EQ(next, 300u);
  next = 0;
  stalled.take_all([&](const net::Endpoint& source, std::span<const std::uint8_t> packet) {
    ASSERT_EQ(source, to_stalled.endpoint());
    ASSERT_TRUE(is_numbered_payload(packet, next)) << next;
    ++next;
  });
  EXPECT_EQ(next, in_stalled);
}

// A consumer that does not read fills its own queue and takes nobody else's buffers.
TEST_P(WorkerTest, AStalledConsumerDoesNotStarveAnother) {
  auto worker = make();
  Consumer stalled(*worker, 1 << 16, 65535);
  Consumer pinning(*worker, 1 << 16, kManyBytes);  // a buffer a packet, never given back
  Consumer reading(*worker, kManyPackets, kManyBytes);
  const Sender to_stalled(stalled.port());
  const Sender to_pinning(pinning.port());
  const Sender to_reading(reading.port());
  std::uint32_t expected = 0;
  std::uint64_t wrong = 0;
  for (std::uint32_t round = 0; round < 100; ++round) {
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(to_stalled.send_numbered(0, 1200));
      ASSERT_TRUE(to_pinning.send_numbered(0, 9000));
      ASSERT_TRUE(to_reading.send_numbered(round * 20 + static_cast<std::uint32_t>(i), 1200));
    }
    ASSERT_EQ(worker->sync(), 0);
    reading.take_all([&](const net::Endpoint&, std::span<const std::uint8_t> packet) {
      if (!is_numbered_payload(packet, expected++)) ++wrong;
    });
    ASSERT_EQ(expected, (round + 1) * 20) << "round " << round;
  }
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(counted(*worker, Counter::kDropPeerFull), 0u) << "the stalled one's, nobody else's";
  EXPECT_EQ(worker->snapshot().dropped_packets(), counted(*worker, Counter::kDropPeerFull));
}

// A queue that goes on refusing packets: its socket is read no more, so that the flood costs
// the kernel's buffer and nothing else, and again once most of the queue has been taken.
TEST_P(WorkerTest, LeavesAFloodThatNobodyTakesInTheSocket) {
  const auto worker = make();
  constexpr std::size_t kSlots = 64;
  constexpr std::uint32_t kEnough = 20'000;  // far more refusals than patience
  Consumer full(*worker, kSlots, UINT64_MAX);
  Consumer other(*worker, kSlots, UINT64_MAX);
  const Sender flood(full.port());
  const Sender quiet(other.port());
  const auto counted_drops = [&] { return counted(*worker, Counter::kDropRingFull); };
  std::uint32_t sent = 0;
  // Ends when refusals do.
  std::uint64_t before = 0;
  do {
    before = counted_drops();
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(flood.send_numbered(sent++, 100));
    ASSERT_EQ(worker->sync(), 0);
  } while ((before == 0 || counted_drops() != before) && sent < kEnough);
  ASSERT_LT(sent, kEnough) << "the worker goes on reading what it drops";
  EXPECT_EQ(full.depth(), kSlots);
  // Nobody else is the worse for it.
  ASSERT_TRUE(quiet.send_numbered(7, 100));
  EXPECT_TRUE(eventually([&] { return other.depth() == 1; }));

  // What is in the socket comes as soon as there is room, in order.
  std::uint32_t last = 0;
  std::uint64_t taken = 0;
  const auto visit = [&](const net::Endpoint&, std::span<const std::uint8_t> payload) {
    EXPECT_GE(number_of(payload), last);
    last = number_of(payload);
    ++taken;
  };
  EXPECT_TRUE(eventually([&] {
    full.take_all(visit);
    return taken > kSlots;
  }));
  // Each packet is in exactly one place.
  EXPECT_TRUE(eventually([&] {
    full.take_all(visit);
    return taken + counted_drops() + full.socket().kernel_drops().value_or(0) == sent;
  }));
  // It has been empty: a burst that just fits is not refused.
  EXPECT_TRUE(eventually([&] { return full.depth() == 0; }));
  const std::uint64_t drops = counted_drops();
  for (std::uint32_t i = 0; i < kSlots; ++i) ASSERT_TRUE(flood.send_numbered(sent++, 100));
  ASSERT_EQ(worker->sync(), 0);
  EXPECT_EQ(full.depth(), kSlots);
  EXPECT_EQ(counted_drops(), drops);
  other.take_all();
}

// A socket that is closed while nobody reads it.
TEST_P(WorkerTest, DetachesASocketThatIsNotRead) {
  const auto worker = make();
  for (int round = 0; round < 3; ++round) {
    Consumer full(*worker, 16, UINT64_MAX);
    const Sender flood(full.port());
    for (std::uint32_t i = 0; i < 5000; ++i) ASSERT_TRUE(flood.send_numbered(i, 20));
    ASSERT_EQ(worker->sync(), 0);
    full.detach();
    full.take_all();
  }
}

TEST_P(WorkerTest, KeepsTheOrderOfEachSenderUnderLoad) {
  auto worker = make();
  Consumer consumer(*worker, 1 << 16, kManyBytes);
  constexpr int kSenders = 3;
  constexpr std::uint32_t kEach = 5000;
  std::vector<Sender> senders;
  for (int i = 0; i < kSenders; ++i) senders.emplace_back(consumer.port());
  std::atomic<int> running{kSenders};
  std::vector<std::thread> threads;
  for (const Sender& sender : senders) {
    threads.emplace_back([&running, &sender] {
      for (std::uint32_t i = 1; i <= kEach; ++i) {
        sender.send_numbered(i, 4 + i % 300);
        if (i % 64 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
      running.fetch_sub(1);
    });
  }
  std::map<std::uint16_t, std::uint32_t> last;
  std::uint64_t out_of_order = 0;
  const auto take = [&] {
    consumer.take_all([&](const net::Endpoint& source, std::span<const std::uint8_t> packet) {
      std::uint32_t& previous = last[source.port];
      const std::uint32_t number = number_of(packet);
      if (number <= previous || !is_numbered_payload(packet, number)) ++out_of_order;
      previous = number;
    });
  };
  ASSERT_TRUE(eventually([&] {
    take();
    return running.load() == 0;
  }));
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(worker->sync(), 0);
  take();
  EXPECT_EQ(out_of_order, 0u);
  EXPECT_EQ(last.size(), static_cast<std::size_t>(kSenders));
  EXPECT_EQ(consumer.taken() + consumer.socket().kernel_drops().value_or(0) +
                worker->snapshot().dropped_packets(),
            kSenders * kEach);
}

TEST_P(WorkerTest, DetachedIsDetached) {
  auto worker = make();
  for (int round = 0; round < 20; ++round) {
    Consumer consumer(*worker, kManyPackets, kManyBytes);
    const Sender sender(consumer.port());
    ASSERT_TRUE(sender.send_numbered(1, 10));
    ASSERT_EQ(worker->sync(), 0);
    consumer.detach();
    ASSERT_TRUE(sender.send_numbered(2, 10));
    ASSERT_EQ(worker->sync(), 0);
    EXPECT_EQ(consumer.depth(), 1u);
  }
}

TEST_P(WorkerTest, AttachesAndDetachesUnderAFlood) {
  auto worker = make();
  std::atomic<std::uint16_t> port{0};
  std::atomic<bool> stop{false};
  std::thread flood([&] {
    std::uint16_t target = 0;
    std::unique_ptr<Sender> sender;
    while (!stop.load()) {
      if (const std::uint16_t now = port.load(); now != target || sender == nullptr) {
        target = now;
        if (target == 0) continue;
        sender = std::make_unique<Sender>(target);
      }
      sender->send_numbered(1, 500);
    }
  });
  std::uint64_t taken = 0;
  for (int round = 0; round < 40; ++round) {
    Consumer consumer(*worker, kManyPackets, kManyBytes);
    port.store(consumer.port());
    EXPECT_TRUE(eventually([&] { return consumer.depth() > 0; }));
    consumer.detach();
    consumer.take_all();
    taken += consumer.taken();
  }
  stop.store(true);
  flood.join();
  const CounterSnapshot counters = worker->snapshot();
  EXPECT_EQ(counters[Counter::kReceivedPackets], taken + counters.dropped_packets());
}

TEST_P(WorkerTest, StopsCleanlyWithPacketsInFlight) {
  for (int round = 0; round < 10; ++round) {
    auto worker = make();
    Consumer consumer(*worker, 1 << 14, kManyBytes);
    const std::uint16_t port = consumer.port();
    std::atomic<bool> stop{false};
    std::thread flood([&] {
      const Sender sender(port);
      while (!stop.load()) sender.send_numbered(1, 200);
    });
    EXPECT_TRUE(eventually([&] { return consumer.depth() > 100; }));
    worker->stop();
    stop.store(true);
    flood.join();
    EXPECT_TRUE(consumer.queue().is_stopped());
    // What was received before is still there, and is accounted for.
    consumer.take_all([](const net::Endpoint&, std::span<const std::uint8_t> packet) {
      EXPECT_TRUE(is_numbered_payload(packet, 1));
    });
    const CounterSnapshot counters = worker->snapshot();
    EXPECT_EQ(counters[Counter::kReceivedPackets], consumer.taken() + counters.dropped_packets());
  }
}

TEST_P(WorkerTest, CallsAfterTheStopFailAndDoNotHang) {
  auto worker = make();
  Consumer consumer(*worker, 64, kManyBytes);
  worker->stop();
  worker->stop();
  EXPECT_EQ(worker->sync(), ESHUTDOWN);
  const net::Socket socket = open_receiver();
  worker::SocketQueue queue(64, kManyBytes);
  backend::SocketSlot slot = 0;
  EXPECT_EQ(worker->attach(socket.descriptor(), &queue, &slot), ESHUTDOWN);
  consumer.detach();
}

TEST_P(WorkerTest, SeveralThreadsMayStopItAndCallItAtOnce) {
  for (int round = 0; round < 20; ++round) {
    auto worker = make();
    Consumer consumer(*worker, 64, kManyBytes);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&worker, i] {
        if (i < 2) {
          worker->stop();
        } else {
          for (int k = 0; k < 10; ++k) {
            const int error = worker->sync();
            EXPECT_TRUE(error == 0 || error == ESHUTDOWN) << error;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(worker->sync(), ESHUTDOWN);
  }
}

TEST_P(WorkerTest, AConsumerThatWaitsIsWokenByAPacketAndByTheEnd) {
  auto worker = make();
  Consumer consumer(*worker, 64, kManyBytes);
  const Sender sender(consumer.port());
  const auto too_late = net::Deadline::after(std::chrono::seconds(20));
  for (std::uint32_t i = 0; i < 50; ++i) {
    std::thread other([&] { sender.send_numbered(i, 10); });
    worker::ConsumerSignal& signal = consumer.queue().signal();
    signal.prepare_wait();
    EXPECT_TRUE(consumer.depth() > 0 || signal.wait(too_late));
    signal.finish_wait();
    EXPECT_EQ(consumer.take_all(), 1u);
    other.join();
  }
  worker::ConsumerSignal& signal = consumer.queue().signal();
  std::thread stopper([&] { worker->stop(); });
  signal.prepare_wait();
  EXPECT_TRUE(consumer.queue().is_stopped() || signal.wait(too_late));
  signal.finish_wait();
  stopper.join();
  EXPECT_TRUE(consumer.queue().is_stopped());
}

TEST_P(WorkerTest, AnErrorOfTheSocketReachesItsQueue) {
  auto worker = make();
  net::Socket peer = open_receiver();
  net::Socket socket = open_receiver();
  ASSERT_EQ(socket.connect(loopback_ipv4(port_of(peer))), 0);
  peer.close();
  Consumer consumer(*worker, std::move(socket), 64, kManyBytes);
  ASSERT_EQ(consumer.socket().send(numbered_payload(0, 10)), 0);
  int error = 0;
  EXPECT_TRUE(eventually([&] { return (error = consumer.queue().socket_error().take()) != 0; }));
  EXPECT_EQ(error, ECONNREFUSED);
  EXPECT_EQ(consumer.depth(), 0u);
}

TEST_P(WorkerTest, WithoutAThreadItRunsWhenPumped) {
  worker::WorkerOptions options;
  options.has_thread = false;
  auto worker = make(options);
  EXPECT_FALSE(worker->has_thread());
  Consumer consumer(*worker, kManyPackets, kManyBytes);
  const Sender sender(consumer.port());
  for (std::uint32_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(sender.send_numbered(i, 100));
    EXPECT_EQ(consumer.depth(), 0u) << "nothing moves by itself";
    worker->pump(std::chrono::milliseconds(0));
    EXPECT_EQ(consumer.take_all(), 1u);
  }
  // It waits for what is on its way.
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    sender.send_numbered(0, 100);
  });
  EXPECT_TRUE(eventually([&] {
    worker->pump(std::chrono::milliseconds(20));
    return consumer.depth() == 1;
  }));
  other.join();
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_TRUE(sender.send_numbered(i, 10));
  ASSERT_EQ(worker->sync(), 0);
  EXPECT_EQ(consumer.depth(), 1001u);
  consumer.detach();
  worker->stop();
  worker->pump(std::chrono::milliseconds(0));
  EXPECT_EQ(worker->sync(), ESHUTDOWN);
}

TEST_P(WorkerTest, WithoutAThreadOthersAskItToReceive) {
  worker::WorkerOptions options;
  options.has_thread = false;
  auto worker = make(options);
  const net::Socket socket = open_receiver();
  worker::SocketQueue queue(64, kManyBytes);
  worker::Command command;
  std::thread([&] {
    EXPECT_EQ(worker->attach_later(&command, socket.descriptor(), &queue), 0);
  }).join();
  const Sender sender(port_of(socket));
  ASSERT_TRUE(sender.send_numbered(0, 10));
  EXPECT_EQ(worker->sync(), 0);  // executes what was asked for before
  EXPECT_EQ(queue.depth(), 1u);
  worker->detach(command.slot);

  if (!GetParam().use_uring) {  // io_uring finds out when it receives
    SCOPED_TRACE("what cannot be done ends the queue, and the place is free again");
    worker::SocketQueue bad(64, kManyBytes);
    EXPECT_EQ(worker->attach_later(&command, -1, &bad), 0);
    worker->pump(std::chrono::milliseconds(0));
    EXPECT_TRUE(bad.is_stopped());
    worker->detach(command.slot);
  }

  // One that nobody comes to execute ends with the worker.
  EXPECT_EQ(worker->attach_later(&command, socket.descriptor(), &queue), 0);
  EXPECT_FALSE(queue.is_stopped());
  worker->stop();
  EXPECT_TRUE(queue.is_stopped());
  EXPECT_EQ(worker->attach_later(&command, socket.descriptor(), &queue), ESHUTDOWN);
}

// Strangers, closed remotes and packets, as a server's consumer sees them, while the
// worker runs: what the worker names must be alive, which the sanitizers watch.
TEST_P(WorkerTest, RemotesComeAndGoUnderLoad) {
  auto worker = make();
  worker::ServerShared shared;
  worker::Demultiplexer demultiplexer(0, 4096, &shared);
  const net::Socket socket = open_receiver();
  backend::SocketSlot slot = 0;
  ASSERT_EQ(worker->attach(socket.descriptor(), &demultiplexer, &slot), 0);
  std::atomic<bool> stop{false};
  std::thread flood([&] {
    std::vector<Sender> senders;
    for (int i = 0; i < 20; ++i) senders.emplace_back(port_of(socket));
    for (std::uint32_t i = 0; !stop.load(); ++i) senders[i % 20].send_numbered(i, 50);
  });
  std::uint64_t lives = 0;
  std::uint64_t packets = 0;
  std::uint64_t freed = 0;
  packet::PacketRelease release;
  const auto take_event = [&](worker::Remote& remote, std::uint16_t event) {
    switch (event) {
      case worker::Demultiplexer::kNewRemote:
        ++lives;
        if (remote.accept()) shared.pending.fetch_sub(1);
        break;
      case worker::Demultiplexer::kRemoteReplaced:
        demultiplexer.close(&remote);
        worker->request_maintenance();
        break;
      default:
        delete &remote;
        ++freed;
    }
  };
  const auto take_one = [&](const packet::PacketDescriptor& front) {
    auto* remote = &demultiplexer.remote_of(front);
    if (worker::Demultiplexer::is_event(front)) {
      take_event(*remote, front.size);
      return;
    }
    ++packets;
    release.add(front.buffer, front.packet_count());
    remote->taken_bytes.store(remote->taken_bytes.load() + front.charge());
    // Every now and then a peer is closed.
    if (packets % 50 == 0 && !remote->closed.load()) {
      demultiplexer.close(remote);
      worker->request_maintenance();
    }
  };
  const auto take_all = [&] {
    while (const packet::PacketDescriptor* front = demultiplexer.consumer().front()) {
      take_one(*front);
      demultiplexer.consumer().pop();
    }
    release.flush();
  };
  EXPECT_TRUE(eventually([&] {
    take_all();
    return freed >= 100;
  }));
  stop.store(true);
  flood.join();
  worker->detach(slot);
  take_all();
  EXPECT_GE(lives, freed);
  const CounterSnapshot counters = worker->snapshot();
  EXPECT_EQ(counters[Counter::kReceivedPackets], packets + counters.dropped_packets());
}

}  // namespace
}  // namespace ringpeer::test
