// Every public call in a child that was forked off from the engine's process.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/backends.h"
#include "ringpeer/tests/engine/support/child_process.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/support/sanitizer/sanitizer.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using std::chrono::milliseconds;
using test::ChildResult;
using test::EngineKind;
using test::loopback_ipv4;
using test::numbered_payload;
using test::run_in_child;

constexpr const char* kHost = "127.0.0.1";
constexpr milliseconds kNever{-1};

struct Call {
  std::string name;
  std::function<std::string()> call;
  std::string answer;
};

Call gives(std::string name, Error expected, std::function<Error()> call) {
  return {std::move(name),
          [call = std::move(call)] { return std::to_string(static_cast<int>(call())); },
          std::to_string(static_cast<int>(expected))};
}

Call refuses(std::string name, std::function<Error()> call) {
  return gives(std::move(name), Error::ERR_UNAVAILABLE, std::move(call));
}

Call counts(std::string name, std::int64_t expected, std::function<std::int64_t()> call) {
  return {std::move(name), [call = std::move(call)] { return std::to_string(call()); },
          std::to_string(expected)};
}

// What is open, with packets in each queue, when the process is forked.
class World {
 public:
  static constexpr int kPackets = 3;

  explicit World(const std::shared_ptr<Engine>& engine)
      : engine_(engine),
        unopened_(engine),
        bound_(std::make_unique<PacketPeerUDP>(engine)),
        connected_(std::make_unique<PacketPeerUDP>(engine)),
        server_(std::make_unique<UDPServer>(engine)),
        together_(std::make_unique<UDPServer>(engine)),
        idle_(engine) {}

  void open() {
    ASSERT_EQ(Error::OK, bound_->bind(0, kHost));
    ASSERT_EQ(Error::OK, server_->listen(0, kHost));
    ServerOptions together;
    together.receive = ServerReceive::kTogether;
    ASSERT_EQ(Error::OK, together_->listen(0, kHost, together));
    ASSERT_EQ(Error::OK, connected_->connect_to_host(kHost, server_->get_local_port()));
    ASSERT_EQ(Error::OK, connected_->put_packet(packet_));
    ASSERT_EQ(Error::OK, engine_->sync());
    peer_ = server_->take_connection();
    ASSERT_NE(nullptr, peer_);
    ASSERT_EQ(1, peer_->get_available_packet_count());
    ASSERT_EQ(packet_, peer_->get_packet());
    ASSERT_EQ(Error::OK, peer_->put_packet(packet_));  // proves the destination
    ASSERT_EQ(Error::OK, bound_->set_dest_address(kHost, server_->get_local_port()));
    send();
    ASSERT_EQ(Error::OK, engine_->sync());
  }

  // To each queue; the server has a pending connection besides.
  void send() {
    for (int i = 0; i < kPackets; ++i) {
      ASSERT_EQ(Error::OK, connected_->put_packet(packet_));
      ASSERT_EQ(Error::OK, peer_->put_packet(packet_));
      ASSERT_EQ(Error::OK, bound_->put_packet(packet_));
      ASSERT_EQ(Error::OK, server_->put_packet_to(kHost, together_->get_local_port(), packet_));
      ASSERT_EQ(Error::OK, server_->put_packet_to(kHost, bound_->get_local_port(), packet_));
    }
  }

  std::vector<Call> calls_of(const std::string& name, PacketPeerUDP& peer) {
    PacketPeerUDP* const p = &peer;
    const auto named = [&name](const char* call) { return name + "." + call; };
    return {
        counts(named("get_available_packet_count"), -1,
               [p] { return p->get_available_packet_count(); }),
        refuses(named("get_packet(&)"), [p, this] { return p->get_packet(&view_); }),
        counts(named("get_packet"), 0,
               [p] { return static_cast<std::int64_t>(p->get_packet().size()); }),
        refuses(named("get_packet_error"), [p] { return p->get_packet_error(); }),
        refuses(named("get_var"), [p, this] { return p->get_var(&value_); }),
        refuses(named("put_packet"), [p, this] { return p->put_packet(packet_); }),
        refuses(named("put_var"), [p] { return p->put_var(7); }),
        refuses(named("put_packet_to"),
                [p, this] { return p->put_packet_to(loopback_ipv4(9), packet_); }),
        refuses(named("put_packet_to(ip)"),
                [p, this] { return p->put_packet_to(kHost, 9, packet_); }),
        refuses(named("bind"), [p] { return p->bind(0, kHost); }),
        refuses(named("bind_descriptor"), [p] { return p->bind_descriptor(0); }),
        refuses(named("set_socket_options"), [p] { return p->set_socket_options({}); }),
        refuses(named("connect_to_host"), [p] { return p->connect_to_host(kHost, 9); }),
        refuses(named("set_dest_address"), [p] { return p->set_dest_address(kHost, 9); }),
        refuses(named("join"), [p] { return p->join_multicast_group("224.0.0.99", "lo"); }),
        refuses(named("leave"), [p] { return p->leave_multicast_group("224.0.0.99", "lo"); }),
        refuses(named("wait"), [p] { return p->wait(); }),
        refuses(named("wait(0)"), [p] { return p->wait(milliseconds(0)); }),
        refuses(named("poll"), [p] { return p->poll(); }),
        counts(named("drain"), 0,
               [p] {
                 std::int64_t n = 0;
                 for (const ReceivedPacket& packet : p->drain())
                   n += packet.payload.empty() ? 0 : 1;
                 return n;
               }),
        counts(named("wake"), 0, [p] { return p->wake(), 0; }),
        counts(named("set_broadcast_enabled"), 0,
               [p] { return p->set_broadcast_enabled(true), 0; }),
        counts(named("get_poll_descriptor"), -1, [p] { return p->get_poll_descriptor(); }),
        counts(named("get_local_port"), 0, [p] { return p->get_local_port(); }),
        counts(named("is_bound"), 0, [p] { return p->is_bound(); }),
        counts(named("is_socket_connected"), 0, [p] { return p->is_socket_connected(); }),
        counts(named("is_idle"), 0, [p] { return p->is_idle(); }),
        counts(named("is_disconnected"), 1, [p] { return p->is_disconnected(); }),
        counts(named("receive_buffer"), 0, [p] { return p->get_socket_receive_buffer(); }),
        counts(named("send_buffer"), 0, [p] { return p->get_socket_send_buffer(); }),
        counts(named("get_path_mtu"), 0, [p] { return p->get_path_mtu(); }),
        // What was got before is the child's as well.
        counts(named("sender"), 0,
               [p] {
                 return p->get_packet_ip(), p->get_packet_port(), p->get_packet_endpoint(),
                        p->get_packet_arrival(), 0;
               }),
    };
  }

  std::vector<Call> calls_of(const std::string& name, UDPServer& server) {
    UDPServer* const s = &server;
    // Which any thread may call: without a socket they look at nothing else.
    const Error put = s == &idle_ ? Error::ERR_UNCONFIGURED : Error::ERR_UNAVAILABLE;
    const auto named = [&name](const char* call) { return name + "." + call; };
    return {
        refuses(named("listen"), [s] { return s->listen(0, kHost); }),
        refuses(named("listen(options)"), [s] { return s->listen(0, kHost, {}); }),
        refuses(named("listen_descriptor"), [s] { return s->listen_descriptor(0); }),
        refuses(named("poll"), [s] { return s->poll(); }),
        counts(named("is_connection_available"), 0, [s] { return s->is_connection_available(); }),
        counts(named("take_connection"), 1, [s] { return s->take_connection() == nullptr; }),
        counts(
            named("drain"), 0,
            [s] { return static_cast<std::int64_t>(s->drain({}, [](const ReceivedPacket&) {})); }),
        refuses(named("get_packet"), [s, this] { return s->get_packet(&received_); }),
        refuses(named("wait"), [s] { return s->wait(kNever); }),
        refuses(named("wait(0)"), [s] { return s->wait(milliseconds(0)); }),
        counts(named("wake"), 0, [s] { return s->wake(), 0; }),
        counts(named("get_poll_descriptor"), -1, [s] { return s->get_poll_descriptor(); }),
        gives(named("put_packet_to"), put,
              [s, this] { return s->put_packet_to(loopback_ipv4(9), packet_); }),
        gives(named("put_packet_to(ip)"), put,
              [s, this] { return s->put_packet_to(kHost, 9, packet_); }),
        refuses(named("answer"), [s, this] { return s->answer(received_, packet_); }),
        refuses(named("put_packet_to_all"), [s, this] { return s->put_packet_to_all(packet_); }),
        refuses(named("put_var_to_all"), [s] { return s->put_var_to_all(7); }),
        counts(named("set_idle_timeout"), 0,
               [s] { return s->set_idle_timeout(milliseconds(1)), 0; }),
        counts(named("set_automatic_poll"), 0, [s] { return s->set_automatic_poll(true), 0; }),
        counts(named("set_max_pending"), 0, [s] { return s->set_max_pending_connections(0), 0; }),
        counts(named("next_disconnected"), 1, [s] { return s->next_disconnected() == nullptr; }),
        counts(named("get_remote_count"), 0,
               [s] { return static_cast<std::int64_t>(s->get_remote_count()); }),
        counts(named("receive_buffer"), 0, [s] { return s->get_socket_receive_buffer(); }),
        counts(named("send_buffer"), 0, [s] { return s->get_socket_send_buffer(); }),
        counts(named("is_listening"), 0, [s] { return s->is_listening(); }),
        counts(named("get_local_port"), 0, [s] { return s->get_local_port(); }),
    };
  }

  std::vector<Call> calls_of_engine() {
    Engine* const e = engine_.get();
    return {
        refuses("engine.sync", [e] { return e->sync(); }),
        refuses("engine.flush", [e] { return e->flush(); }),
        counts("engine.is_running", 0, [e] { return e->is_running(); }),
        counts("engine.counters", 0,
               [e] { return static_cast<std::int64_t>(e->counters()[Counter::kReceivedPackets]); }),
        counts("engine.names", 1,
               [e] { return !e->backend_name().empty() && !e->backend_reason().empty(); }),
        counts("engine.workers", engine_->options().workers, [e] { return e->workers(); }),
    };
  }

  // What answered otherwise than it should, or "".
  std::string check_all() {
    std::string wrong;
    const auto check = [&wrong](const std::vector<Call>& calls) {
      for (const Call& call : calls) {
        const std::string answer = call.call();
        if (answer != call.answer) {
          wrong += call.name + " gives " + answer + " instead of " + call.answer + "\n";
        }
      }
    };
    check(calls_of("unopened", unopened_));
    check(calls_of("bound", *bound_));
    check(calls_of("connected", *connected_));
    check(calls_of("peer", *peer_));
    check(calls_of("idle", idle_));
    check(calls_of("server", *server_));
    check(calls_of("together", *together_));
    check(calls_of_engine());
    return wrong;
  }

  void close_all() {
    bound_->close();
    bound_.reset();
    connected_.reset();
    peer_->close();
    peer_.reset();
    server_->stop();
    server_.reset();
    together_.reset();
  }

  // The parent's packets are all there, `times` what one send() sends, and more come.
  void expect_packets(int times) {
    ASSERT_EQ(Error::OK, engine_->sync());
    EXPECT_EQ(times * kPackets, bound_->get_available_packet_count());
    EXPECT_EQ(times * kPackets + 1, connected_->get_available_packet_count());
    EXPECT_EQ(times * kPackets, peer_->get_available_packet_count());
  }
  void expect_more_connections() {
    const auto pending = server_->take_connection();
    ASSERT_NE(nullptr, pending);
    EXPECT_EQ(2 * kPackets, pending->get_available_packet_count());
    EXPECT_EQ(nullptr, server_->take_connection());
    EXPECT_EQ(static_cast<std::size_t>(2 * kPackets),
              together_->drain({}, [](const ReceivedPacket&) {}));
  }

  PacketPeerUDP& bound() { return *bound_; }
  UDPServer& server() { return *server_; }

 private:
  const std::shared_ptr<Engine> engine_;
  const std::vector<std::uint8_t> packet_ = numbered_payload(0, 10);
  PacketPeerUDP unopened_;
  std::unique_ptr<PacketPeerUDP> bound_;
  std::unique_ptr<PacketPeerUDP> connected_;
  std::shared_ptr<PacketPeerUDP> peer_;
  std::unique_ptr<UDPServer> server_;
  std::unique_ptr<UDPServer> together_;
  UDPServer idle_;
  std::span<const std::uint8_t> view_;
  Variant value_;
  ReceivedPacket received_;
};

class ForkTableTest : public testing::TestWithParam<EngineKind> {
 protected:
  // The world refers to what must not be destroyed in it, and the children leave it so.
  void SetUp() override {
    std::string why;
    engine_ = Engine::create(GetParam().options(), nullptr, &why);
    if (engine_ == nullptr) GTEST_SKIP() << why;
  }
  static bool is_readable(int descriptor) {
    pollfd request{descriptor, POLLIN, 0};
    return ::poll(&request, 1, 0) == 1;
  }

  std::shared_ptr<Engine> engine_;
};

TEST_P(ForkTableTest, EveryCallOfAChildIsRefusedAndTheParentGoesOn) {
  World world(engine_);
  ASSERT_NO_FATAL_FAILURE(world.open());
  const ChildResult child = run_in_child([&]() -> std::string {
    const std::string at_first = world.check_all();
    engine_->stop();
    const std::string stopped = world.check_all();
    engine_->stop();
    world.close_all();
    engine_.reset();
    return at_first + (stopped == at_first ? "" : "after stop():\n" + stopped);
  });
  EXPECT_FALSE(child.timed_out) << "the child hangs";
  EXPECT_EQ(0, child.exit_status) << "the child has crashed";
  EXPECT_EQ("", child.output);
  EXPECT_TRUE(engine_->is_running());
  ASSERT_NO_FATAL_FAILURE(world.expect_packets(1));
  ASSERT_NO_FATAL_FAILURE(world.send());
  ASSERT_NO_FATAL_FAILURE(world.expect_packets(2));
  ASSERT_NO_FATAL_FAILURE(world.expect_more_connections());
}

// The child has the parent's eventfds.
TEST_P(ForkTableTest, NoCallOfAChildIsSeenByAnEventLoopOfTheParent) {
  if (GetParam().workers == 0) GTEST_SKIP() << "no poll descriptors without threads";
  World world(engine_);
  ASSERT_NO_FATAL_FAILURE(world.open());
  const int peers = world.bound().get_poll_descriptor();
  const int servers = world.server().get_poll_descriptor();
  ASSERT_TRUE(is_readable(peers) && is_readable(servers)) << "packets wait";
  const auto disturb = [&]() -> std::string {
    world.check_all();
    world.close_all();
    return "";
  };
  EXPECT_EQ(0, run_in_child(disturb).exit_status);
  EXPECT_TRUE(is_readable(peers) && is_readable(servers)) << "quiet although packets wait";
  while (world.bound().get_packet().size() > 0) continue;
  while (world.server().take_connection() != nullptr) continue;
  EXPECT_EQ(world.bound().poll(), Error::OK);
  ASSERT_FALSE(is_readable(peers));
  EXPECT_EQ(0, run_in_child(disturb).exit_status);
  EXPECT_FALSE(is_readable(peers)) << "woken by a child";
  EXPECT_EQ(Error::ERR_TIMEOUT, world.bound().wait(milliseconds(0)));
}

// In this process, what every eventfd is: one that has been signalled so many times.
constexpr unsigned kSignals = 7;
int replace_eventfds() {
  const int event = ::eventfd(kSignals, EFD_NONBLOCK | EFD_CLOEXEC);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code is_closed;
    const int descriptor = std::stoi(entry.path().filename().string());
    const std::string what = std::filesystem::read_symlink(entry.path(), is_closed).string();
    if (what == "anon_inode:[eventfd]" && descriptor != event) ::dup2(event, descriptor);
  }
  return event;
}
std::string look_at_eventfd(int event) {
  std::uint64_t count = 0;
  if (::read(event, &count, sizeof(count)) != sizeof(count)) return "an eventfd is read";
  return count == kSignals ? "" : "an eventfd is signalled";
}

// Neither those of event loops, nor those that wake workers: also while these sleep for the sake of
// a rhythm, where a wait that begins is to wake them.
TEST_P(ForkTableTest, NoCallOfAChildTouchesAnEventfdOfTheParent) {
  World world(engine_);
  ASSERT_NO_FATAL_FAILURE(world.open());
  world.bound().get_poll_descriptor();
  world.server().get_poll_descriptor();
  const auto disturb = [&]() -> std::string {
    const int event = replace_eventfds();
    world.check_all();
    world.close_all();
    engine_->stop();
    return look_at_eventfd(event);
  };
  const ChildResult child = run_in_child(disturb);
  EXPECT_EQ(0, child.exit_status);
  EXPECT_EQ("", child.output);
}

TEST_P(ForkTableTest, AWaitOfAChildEndsNoSleepOfTheParentsWorkers) {
  UDPServer server(engine_);
  PacketPeerUDP client(engine_);
  PacketPeerUDP sender(engine_);
  ASSERT_EQ(Error::OK, server.listen(0, kHost));
  ASSERT_EQ(Error::OK, client.bind(0, kHost));
  ASSERT_EQ(Error::OK, sender.set_dest_address(kHost, server.get_local_port()));
  std::shared_ptr<PacketPeerUDP> player;
  // As games play, so that workers know the rhythm, and sleep most of the time.
  for (int frame = 0; frame < 30; ++frame) {
    ASSERT_EQ(Error::OK, sender.put_packet(numbered_payload(0, 10)));
    ASSERT_EQ(Error::OK,
              sender.put_packet_to(kHost, client.get_local_port(), numbered_payload(0, 10)));
    if (player == nullptr) player = server.take_connection();
    while (player != nullptr && !player->get_packet().empty()) continue;
    while (!client.get_packet().empty()) continue;
    std::this_thread::sleep_for(milliseconds(5));
    if (frame < 15) continue;
    const ChildResult child = run_in_child([&]() -> std::string {
      const int event = replace_eventfds();
      std::string wrong;
      for (const Error error : {server.wait(milliseconds(0)), client.wait(milliseconds(0)),
                                player->wait(milliseconds(0))}) {
        if (error != Error::ERR_UNAVAILABLE) wrong += "a wait that is not refused ";
      }
      server.get_poll_descriptor();
      client.get_poll_descriptor();
      player->get_poll_descriptor();
      return wrong + look_at_eventfd(event);
    });
    ASSERT_EQ(0, child.exit_status);
    ASSERT_EQ("", child.output);
  }
}

// ThreadSanitizer forbids threads in a child, and AddressSanitizer's allocator does not survive a
// fork while another thread allocates.
constexpr bool kMayForkBesideThreads = !RINGPEER_THREAD_SANITIZER && !RINGPEER_ADDRESS_SANITIZER;

// Another thread may be making the shared engine at that moment.
TEST(ForkTest, AChildHasASharedEngineOfItsOwn) {
  if (!kMayForkBesideThreads) GTEST_SKIP() << "the sanitizer does not allow it";
  std::atomic<bool> done{false};
  std::thread busy([&done] {
    while (!done) Engine::shared();
  });
  for (int i = 0; i < 20; ++i) {
    const ChildResult child = run_in_child([]() -> std::string {
      const auto engine = Engine::shared();
      return engine != nullptr && engine->is_running() ? "runs" : "none";
    });
    EXPECT_FALSE(child.timed_out) << "the child hangs";
    EXPECT_EQ("runs", child.output);
  }
  done = true;
  busy.join();
}

INSTANTIATE_TEST_SUITE_P(Engines, ForkTableTest, test::every_engine(), test::engine_name);

}  // namespace
}  // namespace ringpeer
