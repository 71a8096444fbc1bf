// Puts of any thread beside everything that the consumer may do meanwhile. Most of what is
// wrong with it shows only to the sanitizers.

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/engine/send/put_thread.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/support/sanitizer/sanitizer.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using test::loopback_ipv4;
using test::numbered_payload;

constexpr const char* kHost = "127.0.0.1";
constexpr const char* kOtherHost = "127.0.0.2";

class PutThreadsTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  void SetUp() override { make_engine(); }
  void make_engine() {
    std::string message;
    engine_ = Engine::create(GetParam().options(), nullptr, &message);
    if (engine_ == nullptr) GTEST_SKIP() << message;
  }

  // Calls put() from several threads without a pause, until it is gone.
  class Threads {
   public:
    explicit Threads(std::function<void()> put, int count = 3) : put_(std::move(put)) {
      for (int i = 0; i < count; ++i) {
        threads_.emplace_back([this] {
          while (!ends_) {
            put_();
            ++puts_;
          }
        });
      }
    }
    ~Threads() {
      ends_ = true;
      for (std::thread& thread : threads_) thread.join();
    }
    // Returns once each has put something more, more or less.
    void wait_for_some() const {
      const int before = puts_;
      EXPECT_TRUE(test::eventually([&] { return puts_ - before > 10; }));
    }

   private:
    const std::function<void()> put_;
    std::atomic<bool> ends_{false};
    std::atomic<int> puts_{0};
    std::vector<std::thread> threads_;
  };

  static int received(const net::Socket& receiver) {
    std::uint8_t byte = 0;
    int count = 0;
    while (::recv(receiver.descriptor(), &byte, sizeof(byte), MSG_DONTWAIT) >= 0) ++count;
    return count;
  }
  static net::Socket open_receiver(const char* host, std::uint16_t port = 0) {
    net::Socket socket;
    EXPECT_EQ(0, socket.open(net::SocketFamily::kIpv4));
    socket.request_receive_buffer(8 << 20);
    net::Endpoint endpoint{*net::IpAddress::parse(host)};
    endpoint.port = port;
    EXPECT_EQ(0, socket.bind(endpoint));
    return socket;
  }

  // Conservation, once all threads have ended.
  void expect_balance() const {
    const CounterSnapshot counters = engine_->counters();
    EXPECT_EQ(counters[Counter::kSendRequestedPackets],
              counters[Counter::kSentPackets] + counters[Counter::kSendFailedQueueFull] +
                  counters[Counter::kSendFailedRefused] + counters[Counter::kSendFailedOther] +
                  counters[Counter::kSendFailedClosed]);
  }

  std::shared_ptr<Engine> engine_;
};

INSTANTIATE_TEST_SUITE_P(Engines, PutThreadsTest, test::every_engine(), test::engine_name);

// The first put opens the socket: one, whoever is first.
TEST_P(PutThreadsTest, TheFirstPutsOfTwoThreadsOpenOneSocket) {
  const net::Socket receiver = test::open_receiver();
  for (int round = 0; round < 50; ++round) {
    PacketPeerUDP peer(engine_);
    ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, test::port_of(receiver)));
    std::barrier at_once(2);
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        at_once.arrive_and_wait();
        EXPECT_EQ(Error::OK, peer.put_packet(numbered_payload(1, 10)));
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(Error::OK, engine_->flush());
    std::uint8_t bytes[16];
    for (int i = 0; i < 2; ++i) {
      sockaddr_in from{};
      socklen_t size = sizeof(from);
      ASSERT_EQ(10, ::recvfrom(receiver.descriptor(), bytes, sizeof(bytes), MSG_DONTWAIT,
                               reinterpret_cast<sockaddr*>(&from), &size));
      EXPECT_EQ(peer.get_local_port(), ntohs(from.sin_port));
    }
  }
}

PacketPeerUDP* put_at_end_of_thread = nullptr;

// Destructors of pthread's keys run when those of thread_local objects have.
// The C library keeps a few bytes for each such thread, having taken a destructor that it never
// calls.
TEST_P(PutThreadsTest, PutsOfAKeysDestructorLeaveNothingBehind) {
#if RINGPEER_ADDRESS_SANITIZER
  GTEST_SKIP() << "LeakSanitizer finds the C library's bytes";
#endif
  const net::Socket receiver = test::open_receiver();
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, test::port_of(receiver)));
  put_at_end_of_thread = &peer;
  pthread_key_t key{};
  ASSERT_EQ(0, ::pthread_key_create(&key, [](void*) {
              EXPECT_EQ(Error::OK, put_at_end_of_thread->put_packet(numbered_payload(1, 10)));
            }));
  constexpr int kRounds = 20;
  std::size_t known = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::thread([&] { ::pthread_setspecific(key, &peer); }).join();
    std::size_t count = 0;
    worker::PutThread::for_each([&](const worker::PutThread&) { ++count; });
    if (round == 0) known = count;
    EXPECT_EQ(known, count);
  }
  ::pthread_key_delete(key);
}

// No put sends to half of one destination and half of the other.
TEST_P(PutThreadsTest, ADestinationIsSetAsAWholeBesidePuts) {
  const net::Socket first = open_receiver(kHost);
  const net::Socket second = open_receiver(kOtherHost);
  const net::Socket traps[] = {open_receiver(kHost, test::port_of(second)),
                               open_receiver(kOtherHost, test::port_of(first))};
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::OK, peer.bind(0, "*"));
  ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, test::port_of(first)));
  {
    const auto packet = numbered_payload(1, 10);
    const Threads threads([&] {
      const Error error = peer.put_packet(packet);
      EXPECT_TRUE(error == Error::OK || error == Error::ERR_BUSY);
    });
    for (int i = 0; i < 1000; ++i) {
      const bool odd = i % 2 == 1;
      ASSERT_EQ(Error::OK, peer.set_dest_address(odd ? kOtherHost : kHost,
                                                 test::port_of(odd ? second : first)));
      if (i % 100 == 0) {
        threads.wait_for_some();
        received(first);
        received(second);
      }
    }
    threads.wait_for_some();
  }
  ASSERT_EQ(Error::OK, engine_->flush());
  EXPECT_GT(received(first) + received(second), 0);
  for (const net::Socket& trap : traps) EXPECT_EQ(0, received(trap));
  expect_balance();
}

TEST_P(PutThreadsTest, APeerMayBeOpenedConnectedAndClosedBesidePuts) {
  const net::Socket receiver = open_receiver(kHost);
  const int port = test::port_of(receiver);
  PacketPeerUDP peer(engine_);
  ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, port));
  {
    const auto packet = numbered_payload(1, 10);
    const Threads threads([&] {
      // Before and after it is open they fail.
      (void)peer.put_packet(packet);
      (void)peer.put_var(7);
      (void)peer.put_packet_to(kHost, port, packet);
      peer.wake();
    });
    for (int round = 0; round < 6; ++round) {
      threads.wait_for_some();
      peer.close();
      // A put may have opened it meanwhile, as in Godot.
      const Error error = peer.bind(0, kHost);
      EXPECT_TRUE(error == Error::OK || error == Error::ERR_ALREADY_IN_USE);
      threads.wait_for_some();
      peer.set_encode_buffer_max_size(1024 << (round % 3));
      if (round % 2 == 0) {
        EXPECT_EQ(Error::OK, peer.connect_to_host(kHost, port));
      }
      threads.wait_for_some();
      received(receiver);
    }
  }
  peer.close();
  expect_balance();
}

// A put of a closed peer finds it closed, or sends; it does not find it half gone.
TEST_P(PutThreadsTest, PeersOfAServerMayBeClosedBesideTheirPuts) {
  UDPServer server(engine_);
  ASSERT_EQ(Error::OK, server.listen(0, kHost));
  const net::Socket client = open_receiver(kHost);
  const auto to_server = net::to_socket_address(
      loopback_ipv4(static_cast<std::uint16_t>(server.get_local_port())), client.family());
  const auto packet = numbered_payload(1, 10);
  for (int round = 0; round < 6; ++round) {
    ASSERT_EQ(0, client.send_to(packet, to_server));
    ASSERT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
    const std::shared_ptr<PacketPeerUDP> peer = server.take_connection();
    ASSERT_NE(nullptr, peer);
    const Threads threads([&] {
      // Once the server is gone they fail.
      (void)peer->put_packet(packet);
      (void)peer->put_var(7);
      peer->wake();
    });
    threads.wait_for_some();
    peer->close();
    threads.wait_for_some();
    peer->close();
    received(client);
  }
  server.stop();
  expect_balance();
}

TEST_P(PutThreadsTest, AServerMayBeStoppedAndStartedBesidePuts) {
  UDPServer server(engine_);
  const net::Socket client = open_receiver(kHost);
  const auto packet = numbered_payload(1, 10);
  const net::Endpoint to_client = loopback_ipv4(test::port_of(client));
  for (int round = 0; round < 10; ++round) {
    ASSERT_EQ(Error::OK, server.listen(0, kHost));
    const auto to_server = net::to_socket_address(
        loopback_ipv4(static_cast<std::uint16_t>(server.get_local_port())), client.family());
    ASSERT_EQ(0, client.send_to(packet, to_server));
    ASSERT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
    const std::shared_ptr<PacketPeerUDP> peer = server.take_connection();
    const Threads threads([&] {
      // Once the server has stopped they fail.
      (void)peer->put_packet(packet);
      (void)server.put_packet_to(to_client, packet);
      server.wake();
    });
    threads.wait_for_some();
    server.stop();
    EXPECT_EQ(Error::FAILED, peer->put_packet(packet));
    EXPECT_EQ(Error::ERR_UNCONFIGURED, server.put_packet_to(to_client, packet));
    threads.wait_for_some();
    received(client);
  }
  expect_balance();
}

TEST_P(PutThreadsTest, AnEngineMayBeStoppedBesidePuts) {
  const net::Socket receiver = open_receiver(kHost);
  for (int round = 0; round < 5; ++round) {
    PacketPeerUDP peer(engine_);
    ASSERT_EQ(Error::OK, peer.bind(0, kHost));
    ASSERT_EQ(Error::OK, peer.set_dest_address(kHost, test::port_of(receiver)));
    const auto packet = numbered_payload(1, 10);
    {
      const Threads threads([&] { (void)peer.put_packet(packet); });
      threads.wait_for_some();
      engine_->stop();
      EXPECT_EQ(Error::FAILED, peer.put_packet(packet));
      threads.wait_for_some();
    }
    received(receiver);
    expect_balance();
    make_engine();
  }
}

}  // namespace
}  // namespace ringpeer
