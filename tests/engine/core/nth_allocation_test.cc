// A small server and its client where the n-th allocation fails, for each n, of the application's
// thread or of the workers', alone or with all that come after it. No call lets an exception out
// or does harm: it answers ERR_OUT_OF_MEMORY, or a packet is dropped and counted, and the same
// call goes well once there is memory.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <iterator>
#include <memory>
#include <new>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "ringpeer/packet_peer_stream.h"
#include "ringpeer/stream_peer_buffer.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/support/heap/heap.h"
#include "ringpeer/udp_server.h"

namespace {

enum class Side { kNobody, kApplication, kWorkers };

std::atomic<Side> side{Side::kNobody};
std::atomic<std::size_t> first_to_fail{0};
std::atomic<bool> later_ones_too{false};
std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> failures{0};

constinit thread_local bool is_application = false;
// Within a call of the library's. What tests themselves allocate is nobody's concern.
constinit thread_local bool is_in_call = false;

bool has_to_fail() {
  const Side failing = side.load(std::memory_order_relaxed);
  if (failing == Side::kNobody) return false;
  if (failing == Side::kApplication ? !is_in_call : is_application) return false;
  const std::size_t number = allocations.fetch_add(1) + 1;
  const std::size_t first = first_to_fail.load();
  if (number != first && (number < first || !later_ones_too.load())) return false;
  failures.fetch_add(1);
  return true;
}

}  // namespace

namespace ringpeer {
namespace {

using std::chrono::milliseconds;

void begin_to_fail(Side failing, std::size_t n, bool later_too) {
  allocations = failures = 0;
  first_to_fail = n;
  later_ones_too = later_too;
  side = failing;
  test::set_refusal(&has_to_fail);
}
// Whether any has failed.
bool end_failing() {
  side = Side::kNobody;
  return failures.load() > 0;
}

// What they are, without numbers. Pipes are a sanitizer's, which starts a program of its own: the
// engine has none.
std::multiset<std::string> open_descriptors() {
  std::multiset<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string what = std::filesystem::read_symlink(entry.path(), error).string();
    if (!what.starts_with("pipe:")) all.insert(what.substr(0, what.find(":[")));
  }
  return all;
}

template <typename Call>
auto call(Call function) -> decltype(function()) {
  struct InCall {
    InCall() { is_in_call = true; }
    ~InCall() { is_in_call = false; }
  } const in_call;
  return function();
}

// One after the other, each repeated with memory when it finds none.
class Scene {
 public:
  explicit Scene(const EngineOptions& options) : options_(options) {
    options_.encode_buffers = 1;
    Array values;
    for (int i = 0; i < 20; ++i) {
      values.push_back(Array{Variant(i), Variant("a string longer than fits a Variant")});
    }
    value_ = values;
  }

  std::shared_ptr<Engine>& engine() { return engine_; }

  void create_engine() {
    step("create", [this] {
      Error error = Error::OK;
      engine_ = call([&] { return Engine::create(options_, &error, &message_); });
      EXPECT_EQ(engine_ == nullptr, error != Error::OK);
      EXPECT_TRUE(error == Error::OK || !message_.empty());
      return error;
    });
  }

  // Everything but the making of the engine.
  void play(bool with_notes) {
    open(with_notes);
    meet();
    talk();
    take_many();
    open_others();
    step("flush", [this] { return call([this] { return engine_->flush(); }); });
    step("sync", [this] { return call([this] { return engine_->sync(); }); });
    close();
  }

  void check_sums() const {
    const CounterSnapshot counters = engine_->counters();
    EXPECT_EQ(counters[Counter::kReceivedPackets],
              counters[Counter::kDeliveredPackets] + counters.dropped_packets());
    EXPECT_EQ(counters[Counter::kSendRequestedPackets],
              counters[Counter::kSentPackets] + counters[Counter::kSendFailedQueueFull] +
                  counters[Counter::kSendFailedRefused] + counters[Counter::kSendFailedOther] +
                  counters[Counter::kSendFailedClosed]);
    EXPECT_TRUE(engine_->is_running());
  }

 private:
  // `attempt` gives an Error. One that is answered has a reason, and is not for long.
  template <typename Attempt>
  void step(const char* what, Attempt attempt) {
    if (testing::Test::HasFatalFailure()) return;
    try {
      const Error error = attempt();
      if (error == Error::OK) return;
      EXPECT_EQ(error, Error::ERR_OUT_OF_MEMORY) << what;
    } catch (const std::bad_alloc&) {
      ADD_FAILURE() << what << " lets std::bad_alloc out";
    }
    ASSERT_TRUE(end_failing()) << what << " fails although there is memory";
    ASSERT_EQ(attempt(), Error::OK) << what << " is not usable any more";
  }

  void open(bool with_notes) {
    ServerOptions options;
    options.socket.reply_from_received_address = with_notes;
    server_ = std::make_unique<UDPServer>(engine_);
    client_ = std::make_unique<PacketPeerUDP>(engine_);
    step("listen", [&] { return call([&] { return server_->listen(0, "127.0.0.1", options); }); });
    const int port = server_->get_local_port();
    step("bind", [&] { return call([&] { return client_->bind(0, "127.0.0.1"); }); });
    step("set_dest_address",
         [&] { return call([&] { return client_->set_dest_address("127.0.0.1", port); }); });
  }

  // A first packet makes a connection, or is dropped for want of memory.
  void meet() {
    step("a new remote", [this] {
      const std::uint64_t dropped = count(Counter::kDropNoMemory);
      const Error error = call([this] { return client_->put_packet(bytes_); });
      if (error != Error::OK) return error;
      if (test::eventually([&] {
            return call([this] { return server_->is_connection_available(); }) ||
                   count(Counter::kDropNoMemory) > dropped;
          }) &&
          count(Counter::kDropNoMemory) > dropped) {
        return Error::ERR_OUT_OF_MEMORY;
      }
      player_ = call([this] { return server_->take_connection(); });
      return player_ == nullptr ? Error::ERR_OUT_OF_MEMORY : Error::OK;
    });
    // The first may have got in after all.
    call([this] { static_cast<void>(player_->get_packet()); });
    while (player_->get_available_packet_count() > 0) player_->get_packet();
  }

  // What was put arrives, or is dropped for want of memory.
  template <typename Peer>
  Error arrives(Peer& peer, std::uint64_t lost) {
    for (;;) {
      const Error error = call([&] { return peer.wait(milliseconds(1)); });
      if (error == Error::OK) return error;
      if (error != Error::ERR_TIMEOUT) return error;
      if (lost_packets() > lost) return Error::ERR_OUT_OF_MEMORY;
    }
  }

  template <typename Put, typename Get>
  void pass(const char* what, PacketPeerUDP& to, Put put, Get get) {
    step(what, [&] {
      const std::uint64_t lost = lost_packets();
      const Error error = call(put);
      if (error != Error::OK) return error;
      const Error came = arrives(to, lost);
      return came == Error::OK ? call(get) : came;
    });
  }

  void talk() {
    const auto takes_packet = [](PacketPeerUDP& peer) {
      return [&peer] {
        static_cast<void>(peer.get_packet());
        return peer.get_packet_error();
      };
    };
    Variant value;
    pass(
        "put_packet", *player_, [this] { return client_->put_packet(bytes_); },
        takes_packet(*player_));
    pass(
        "put_var", *player_, [this] { return client_->put_var(value_); },
        [&] { return player_->get_var(&value); });
    pass(
        "answer by put_var", *client_, [this] { return player_->put_var(value_); },
        [&] { return client_->get_var(&value); });
    pass(
        "put_packet_to_all", *client_, [this] { return server_->put_packet_to_all(bytes_); },
        takes_packet(*client_));
    pass(
        "put_var_to_all", *client_, [this] { return server_->put_var_to_all(value_); },
        takes_packet(*client_));
    pass(
        "a large packet", *player_, [this] { return client_->put_packet(large_); },
        takes_packet(*player_));
  }

  // By a batch: what does not fit stays.
  void take_many() {
    constexpr std::size_t kPackets = 200;
    std::size_t taken = 0;
    step("drain", [&] {
      const std::uint64_t lost = lost_packets();
      for (std::size_t i = 0; i < kPackets; ++i) {
        const Error error = call([this] { return client_->put_packet(bytes_); });
        if (error != Error::OK) return error;
      }
      taken = 0;
      while (taken < kPackets) {
        if (const Error error = arrives(*server_, lost); error != Error::OK) return error;
        const std::size_t now = call([this] {
          DrainBatch batch = server_->drain();
          ReceivedPacket packet;
          while (batch.next(&packet)) continue;
          return batch.count();
        });
        taken += now;
        if (now == 0) return Error::ERR_OUT_OF_MEMORY;
      }
      return Error::OK;
    });
    // What an attempt has left behind.
    while (player_->get_available_packet_count() > 0) player_->get_packet();
  }

  // Sockets that puts and connects open.
  void open_others() {
    const int port = server_->get_local_port();
    PacketPeerUDP connected(engine_);
    step("connect_to_host",
         [&] { return call([&] { return connected.connect_to_host("127.0.0.1", port); }); });
    PacketPeerUDP unbound(engine_);
    // A machine without a table of hosts knows no name.
    const bool has_names = unbound.set_dest_address("localhost", port) == Error::OK;
    const char* const host = has_names ? "localhost" : "127.0.0.1";
    step("set_dest_address of another",
         [&] { return call([&] { return unbound.set_dest_address(host, port); }); });
    step("a put that opens", [&] { return call([&] { return unbound.put_packet(bytes_); }); });
    SocketOptions options;
    options.interface = "a-name-that-has-no-room-in-a-string";
    PacketPeerUDP other(engine_);
    step("set_socket_options",
         [&] { return call([&] { return other.set_socket_options(options); }); });
    const net::Socket bound = test::open_receiver(0);
    const int descriptor = ::dup(bound.descriptor());  // the caller's until it is taken over
    PacketPeerUDP adopted(engine_);
    step("bind_descriptor",
         [&] { return call([&] { return adopted.bind_descriptor(descriptor); }); });
    const net::Socket listening = test::open_receiver(0);
    const int other_descriptor = ::dup(listening.descriptor());
    UDPServer adopting(engine_);
    step("listen_descriptor",
         [&] { return call([&] { return adopting.listen_descriptor(other_descriptor); }); });
    PacketPeerUDP member(engine_);
    step("join_multicast_group",
         [&] { return call([&] { return member.join_multicast_group("239.255.0.1", "lo"); }); });
    step("leave_multicast_group",
         [&] { return call([&] { return member.leave_multicast_group("239.255.0.1", "lo"); }); });
    step("a stream", [this] {
      PacketPeerStream stream(std::make_shared<StreamPeerBuffer>());
      return call([&] { return stream.put_var(value_); });
    });
    const std::vector<std::uint8_t> framed = {1, 0, 0, 0, 7};
    step("poll of a stream", [&framed] {
      PacketPeerStream stream(std::make_shared<StreamPeerBuffer>(framed));
      return call([&] { return stream.poll(); });
    });
    step("get of a stream", [&framed] {
      PacketPeerStream stream(std::make_shared<StreamPeerBuffer>(framed));
      std::span<const std::uint8_t> packet;
      return call([&] { return stream.get_packet(&packet); });
    });
    call([&] {
      connected.close();
      unbound.close();
      adopted.close();
      adopting.stop();
      member.close();
    });
  }

  void close() {
    call([this] {
      player_->close();
      client_->close();
      server_->stop();
    });
    player_.reset();
    client_.reset();
    server_.reset();
  }

  std::uint64_t lost_packets() const {
    return count(Counter::kDropNoMemory) + count(Counter::kSendFailedOther);
  }
  std::uint64_t count(Counter counter) const { return engine_->counters()[counter]; }

  EngineOptions options_;
  std::string message_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  std::unique_ptr<PacketPeerUDP> client_;
  std::shared_ptr<PacketPeerUDP> player_;
  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(100, 7);
  std::vector<std::uint8_t> large_ = std::vector<std::uint8_t>(20000, 9);
  Variant value_;
};

class NthAllocationTest : public testing::TestWithParam<test::EngineKind> {
 protected:
  NthAllocationTest() { is_application = true; }
  ~NthAllocationTest() override { end_failing(); }

  // Until a run needs fewer than n.
  template <typename Run>
  static void for_each_n(Run run) {
    const int workers = GetParam().workers;
    for (const Side failing : {Side::kApplication, Side::kWorkers}) {
      if (failing == Side::kWorkers && workers == 0) continue;
      for (const bool later_too : {false, true}) {
        bool has_failed = true;
        for (std::size_t n = 1; has_failed && !HasFailure(); ++n) {
          SCOPED_TRACE((failing == Side::kWorkers ? "the workers' allocation " : "allocation ") +
                       std::to_string(n) + (later_too ? " and all later ones" : ""));
          begin_to_fail(failing, n, later_too);
          run();
          has_failed = failures.load() > 0;
          end_failing();
        }
      }
    }
  }
};

TEST_P(NthAllocationTest, OfANewEngineIsAnErrorOrADrop) {
  const auto run = [] {
    Scene scene(GetParam().options());
    scene.create_engine();
    if (HasFatalFailure()) return;
    scene.play(false);
    scene.check_sums();
  };
  const auto descriptors = open_descriptors();
  for_each_n(run);
  EXPECT_EQ(open_descriptors(), descriptors);
}

// Nothing is lost for good: no place of a socket, no buffer, no descriptor.
TEST_P(NthAllocationTest, OfARunningEngineIsAnErrorOrADrop) {
  Scene scene(GetParam().options());
  scene.create_engine();
  ASSERT_NE(scene.engine(), nullptr);
  scene.play(true);
  const auto descriptors = open_descriptors();
  for_each_n([&] {
    scene.play(true);
    scene.check_sums();
  });
  EXPECT_EQ(open_descriptors(), descriptors);
}

INSTANTIATE_TEST_SUITE_P(EachEngine, NthAllocationTest, test::every_engine(), test::engine_name);

// What another thread does with an engine that has no threads, before and after it finds memory
// for recvmmsg. Gives whether it has missed some.
bool change_thread(std::size_t n, bool later_too) {
  EngineOptions options;
  options.backend = BackendKind::kIoUring;
  options.workers = 0;
  const auto engine = Engine::create(options);
  UDPServer server(engine);
  PacketPeerUDP client(engine);
  EXPECT_EQ(server.listen(0, "127.0.0.1"), Error::OK);
  EXPECT_EQ(client.connect_to_host("127.0.0.1", server.get_local_port()), Error::OK);
  EXPECT_EQ(client.put_packet(std::vector<std::uint8_t>(100, 7)), Error::OK);
  bool has_failed = false;
  std::thread([&] {
    is_application = true;
    PacketPeerUDP other(engine);
    begin_to_fail(Side::kApplication, n, later_too);
    call([&] { return server.is_connection_available(); });
    const Error synced = call([&] { return engine->sync(); });
    const Error bound = call([&] { return other.bind(0, "127.0.0.1"); });
    call([&] { other.close(); });
    has_failed = end_failing();
    EXPECT_TRUE(synced == Error::OK || (has_failed && synced == Error::ERR_OUT_OF_MEMORY));
    EXPECT_TRUE(bound == Error::OK || (has_failed && bound == Error::ERR_OUT_OF_MEMORY));
    // What the ring had completed already may be dropped, as by any worker.
    if (engine->counters()[Counter::kDropNoMemory] > 0) {
      EXPECT_TRUE(has_failed);
      EXPECT_EQ(client.put_packet(std::vector<std::uint8_t>(100, 7)), Error::OK);
    }
    EXPECT_EQ(engine->sync(), Error::OK);
    const auto player = server.take_connection();
    EXPECT_TRUE(player != nullptr && player->get_packet().size() == 100);
    EXPECT_EQ(engine->backend(), BackendKind::kRecvmmsg);
    EXPECT_TRUE(engine->is_running());
    client.close();
    server.stop();
  }).join();
  return has_failed;
}

TEST(NthAllocation, OfAChangeOfThreadLeavesPacketsInTheSockets) {
  EngineOptions options;
  options.backend = BackendKind::kIoUring;
  if (Engine::create(options) == nullptr) GTEST_SKIP() << "no io_uring here";
  const auto descriptors = open_descriptors();
  for (const bool later_too : {false, true}) {
    std::size_t n = 1;
    while (!HasFailure() && change_thread(n, later_too)) ++n;
    EXPECT_GT(n, 2u) << "nothing was missed";
  }
  EXPECT_EQ(open_descriptors(), descriptors);
}

}  // namespace
}  // namespace ringpeer
