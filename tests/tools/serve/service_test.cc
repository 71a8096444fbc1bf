// The servers of `ringpeer serve` as their clients see them.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/engine.h"
#include "ringpeer/tools/serve/arena_service.h"
#include "ringpeer/tools/serve/echo_service.h"

namespace ringpeer::tools {
namespace {

using std::chrono::seconds;
constexpr seconds kPatience{30};

sockaddr_in loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// Any free port.
ServeOptions on_loopback(ServeMode mode = ServeMode::kEcho) {
  ServeOptions options;
  options.mode = mode;
  options.address = "127.0.0.1";
  return options;
}

// A client's socket, connected to a server on the loopback.
class Remote {
 public:
  explicit Remote(int port) : descriptor_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in address = loopback(port);
    EXPECT_EQ(connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
              0);
  }
  ~Remote() { close(descriptor_); }
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  void send(const std::string& packet) const {
    EXPECT_EQ(::send(descriptor_, packet.data(), packet.size(), 0),
              static_cast<ssize_t>(packet.size()));
  }
  void send_input(std::int64_t sequence) const {
    std::array<std::uint8_t, 512> packet;
    std::size_t size = 0;
    ASSERT_EQ(encode_variant(to_variant(ArenaInput{.sequence = sequence, .time = 1, .move = {}}),
                             packet, &size),
              Error::OK);
    EXPECT_EQ(::send(descriptor_, packet.data(), size, 0), static_cast<ssize_t>(size));
  }
  // The newest that has come, if any has.
  std::optional<ArenaSnapshot> newest_snapshot() {
    std::array<std::uint8_t, 4096> packet;
    for (;;) {
      const ssize_t count = recv(descriptor_, packet.data(), packet.size(), MSG_DONTWAIT);
      if (count < 0) return newest_;
      Variant value;
      EXPECT_EQ(decode_variant({packet.data(), static_cast<std::size_t>(count)}, &value, nullptr),
                Error::OK);
      newest_ = snapshot_from_variant(value);
      EXPECT_TRUE(newest_.has_value());
    }
  }

 private:
  int descriptor_;
  std::optional<ArenaSnapshot> newest_;
};

std::shared_ptr<Engine> engine_with(int workers) {
  EngineOptions options;
  options.backend = BackendKind::kRecvmmsg;
  options.workers = workers;
  return Engine::create(options);
}

// Serves until `done` says so; false when it does not in time.
template <typename Done>
bool serve_until(Service& service, Done done) {
  const auto deadline = Service::Clock::now() + kPatience;
  while (!done()) {
    if (Service::Clock::now() > deadline) return false;
    service.serve(Service::Clock::now() + std::chrono::milliseconds(50));
  }
  return true;
}

TEST(ArenaServiceTest, AnInputThatComesTwiceCountsOnce) {
  ArenaService arena(engine_with(1));
  ASSERT_EQ(arena.open(on_loopback(ServeMode::kArena)), Error::OK);
  Remote remote(arena.port());
  for (const std::int64_t sequence : {0, 1, 1, 0, 3, 2, 3, 2}) remote.send_input(sequence);
  ASSERT_TRUE(serve_until(arena, [&] { return arena.counts().taken == 8; }));
  ASSERT_TRUE(serve_until(arena, [&] {
    const auto snapshot = remote.newest_snapshot();
    return snapshot && snapshot->sequence == 3 && snapshot->received == 4;
  }));
  EXPECT_EQ(arena.counts().repeated, 4U);
  EXPECT_EQ(arena.counts().malformed, 0U);
}

TEST(ArenaServiceTest, OnlyAValidInputTakesASeat) {
  constexpr std::size_t kSeats = 3;
  ArenaService arena(engine_with(1), kSeats);
  ASSERT_EQ(arena.open(on_loopback(ServeMode::kArena)), Error::OK);
  std::vector<std::unique_ptr<Remote>> strangers;
  for (std::size_t i = 0; i < 2 * kSeats; ++i) {
    strangers.push_back(std::make_unique<Remote>(arena.port()));
    strangers.back()->send("junk");
  }
  ASSERT_TRUE(serve_until(arena, [&] { return arena.counts().malformed == 2 * kSeats; }));
  std::vector<std::unique_ptr<Remote>> players;
  for (std::size_t i = 0; i < kSeats; ++i) {
    players.push_back(std::make_unique<Remote>(arena.port()));
    players.back()->send_input(0);
  }
  // One that first said something else.
  strangers.front()->send_input(0);
  ASSERT_TRUE(serve_until(arena, [&] {
    return arena.counts().most_players == kSeats && arena.counts().players_refused == 1;
  }));
  EXPECT_EQ(arena.counts().players, kSeats);
}

// The client's port changes: a NAT on the way has forgotten it.
TEST(ArenaServiceTest, SnapshotsSayOfWhichSessionTheyAre) {
  ArenaService arena(engine_with(1));
  ASSERT_EQ(arena.open(on_loopback(ServeMode::kArena)), Error::OK);
  Remote before(arena.port());
  Remote after(arena.port());
  before.send_input(0);
  ASSERT_TRUE(serve_until(arena, [&] { return before.newest_snapshot().has_value(); }));
  after.send_input(1);
  ASSERT_TRUE(serve_until(arena, [&] { return after.newest_snapshot().has_value(); }));
  const std::int64_t session = before.newest_snapshot()->session;
  EXPECT_NE(session, 0);
  EXPECT_NE(session, after.newest_snapshot()->session);
  EXPECT_EQ(after.newest_snapshot()->received, 1);
  // A server that starts again does not call its sessions as the one before did.
  ArenaService second(engine_with(1));
  ASSERT_EQ(second.open(on_loopback(ServeMode::kArena)), Error::OK);
  Remote there(second.port());
  there.send_input(2);
  ASSERT_TRUE(serve_until(second, [&] { return there.newest_snapshot().has_value(); }));
  EXPECT_GT(there.newest_snapshot()->session, after.newest_snapshot()->session);
}

// ---- Echo and sink ----------------------------------------------------------

std::size_t sockets_on(int port) {
  char digits[8];
  std::snprintf(digits, sizeof(digits), ":%04X ", port);
  std::ifstream table("/proc/net/udp");
  std::size_t count = 0;
  for (std::string line; std::getline(table, line);) {
    count += line.find(digits) != std::string::npos ? 1 : 0;
  }
  return count;
}

TEST(EchoServiceTest, EveryWorkerHasASocketOfItsOwn) {
  for (const int workers : {0, 1, 2, 3}) {
    for (const bool replies : {false, true}) {
      EchoService echo(engine_with(workers), PayloadKind::kRaw, replies);
      ASSERT_EQ(echo.open(on_loopback()), Error::OK);
      EXPECT_EQ(sockets_on(echo.port()), static_cast<std::size_t>(std::max(workers, 1)));
    }
  }
}

TEST(EchoServiceTest, WorksOnEachPacket) {
  constexpr std::uint64_t kPackets = 10;
  constexpr std::chrono::milliseconds kWork{5};
  EchoService echo(engine_with(1), PayloadKind::kRaw, true, kWork);
  ASSERT_EQ(echo.open(on_loopback()), Error::OK);
  const Remote remote(echo.port());
  for (std::uint64_t i = 0; i < kPackets; ++i) remote.send("hello");
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(serve_until(echo, [&] { return echo.counts().replies == kPackets; }));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, kPackets * kWork);
}

TEST(EchoServiceTest, HasTheSocketBufferThatItAsksFor) {
  constexpr int kAsked = 64 << 10;  // granted without privileges, too
  EchoService echo(engine_with(1), PayloadKind::kRaw, true);
  ServeOptions options = on_loopback();
  options.receive_buffer = kAsked;
  ASSERT_EQ(echo.open(options), Error::OK);
  EXPECT_EQ(echo.receive_buffer(), 2 * kAsked);
}

// One packet that claims to come from the server itself: false where that is not allowed.
bool send_in_the_name_of(int port) {
  const int descriptor = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
  if (descriptor < 0) return false;
  struct {
    udphdr head = {};
    char text[4] = {'e', 'c', 'h', 'o'};
  } packet;
  packet.head.source = packet.head.dest = htons(static_cast<std::uint16_t>(port));
  packet.head.len = htons(sizeof(packet));
  const sockaddr_in address = loopback(port);
  const bool sent =
      sendto(descriptor, &packet, sizeof(packet), 0, reinterpret_cast<const sockaddr*>(&address),
             sizeof(address)) == static_cast<ssize_t>(sizeof(packet));
  close(descriptor);
  return sent;
}

TEST(EchoServiceTest, DoesNotAnswerItself) {
  const auto engine = engine_with(1);
  EchoService echo(engine, PayloadKind::kRaw, true);
  ASSERT_EQ(echo.open(on_loopback()), Error::OK);
  if (!send_in_the_name_of(echo.port())) GTEST_SKIP() << "raw sockets are not allowed here";
  ASSERT_TRUE(serve_until(echo, [&] { return echo.counts().own == 1; }));
  // Another sender is answered, and nothing goes round meanwhile.
  Remote remote(echo.port());
  remote.send("hello");
  ASSERT_TRUE(serve_until(echo, [&] { return echo.counts().replies == 1; }));
  EXPECT_EQ(echo.counts().taken, 2U);
  EXPECT_EQ(echo.counts().own, 1U);
}

// The library sends none, so one that came is not among those that were given to it.
TEST(EchoServiceTest, CountsEmptyPackets) {
  const auto engine = engine_with(1);
  EchoService echo(engine, PayloadKind::kRaw, true);
  ASSERT_EQ(echo.open(on_loopback()), Error::OK);
  Remote remote(echo.port());
  remote.send("");
  remote.send("hello");
  ASSERT_TRUE(serve_until(echo, [&] { return echo.counts().taken == 2; }));
  EXPECT_EQ(echo.counts().empty, 1U);
  EXPECT_EQ(echo.counts().replies, 1U);
}

}  // namespace
}  // namespace ringpeer::tools
