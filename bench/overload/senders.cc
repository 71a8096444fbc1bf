#include "ringpeer/bench/overload/senders.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <new>
#include <span>
#include <thread>
#include <vector>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/engine/net/socket.h"

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFloodBatch = 64;
constexpr std::size_t kMaxInput = 256;
constexpr std::chrono::milliseconds kKnock{5};
constexpr std::chrono::microseconds kQuietNap{500};

net::Endpoint loopback(int port) {
  net::Endpoint endpoint;
  endpoint.address = *net::IpAddress::parse("127.0.0.1");
  endpoint.port = static_cast<std::uint16_t>(port);
  return endpoint;
}

std::vector<std::uint8_t> encode(const Variant& value) {
  std::vector<std::uint8_t> bytes(kMaxInput);
  std::size_t size = 0;
  if (encode_variant(value, bytes, &size) != Error::OK || size > bytes.size()) ::_exit(1);
  bytes.resize(size);
  return bytes;
}

net::Socket connect_to(int port) {
  net::Socket socket;
  if (socket.open(net::SocketFamily::kIpv4) != 0 || socket.connect(loopback(port)) != 0) {
    ::_exit(1);
  }
  return socket;
}

bool send(const net::Socket& socket, std::span<const std::uint8_t> bytes) {
  return ::send(socket.descriptor(), bytes.data(), bytes.size(), 0) >= 0;
}

void flood(Arena* arena, int port) {
  const net::Socket socket = connect_to(port);
  const auto bytes = encode(Dictionary{{"move", Vector2{1, 2}}, {"player", -1}, {"n", 0}});
  while (!arena->may_flood && !arena->is_over) {
    send(socket, bytes);
    std::this_thread::sleep_for(kKnock);
  }
  iovec vector{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  std::array<mmsghdr, kFloodBatch> messages{};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_iov = &vector;
    message.msg_hdr.msg_iovlen = 1;
  }
  while (!arena->is_over) {
    const int sent = ::sendmmsg(socket.descriptor(), messages.data(), kFloodBatch, 0);
    if (sent > 0) arena->flood_sent += static_cast<std::uint64_t>(sent);
  }
}

void play_quietly(Arena* arena, int port) {
  std::vector<net::Socket> sockets;
  for (std::size_t i = 0; i < kQuietPlayers; ++i) sockets.push_back(connect_to(port));
  const auto begun = Clock::now();
  std::uint64_t sent = 0;
  while (!arena->is_over) {
    const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
    const auto due = static_cast<std::uint64_t>(seconds * kQuietHz * kQuietPlayers);
    for (; sent < due; ++sent) {
      const std::size_t player = sent % kQuietPlayers;
      const std::uint32_t n = arena->quiet_sent[player];
      if (n >= kMaxQuietPackets) continue;
      const Dictionary value{{"move", Vector2{1, 2}},
                             {"player", static_cast<std::int64_t>(player)},
                             {"n", static_cast<std::int64_t>(n)}};
      if (!send(sockets[player], encode(value))) continue;
      // After it has gone, so that what delays this process is not taken for the game's delay.
      arena->sent_in[player][n] = arena->tick.load();
      arena->quiet_sent[player] = n + 1;
    }
    std::this_thread::sleep_for(kQuietNap);
  }
}

pid_t start(void (*play)(Arena*, int), Arena* arena, int port) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  play(arena, port);
  ::_exit(0);
}

}  // namespace

Arena* share_arena() {
  void* memory =
      ::mmap(nullptr, sizeof(Arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : new (memory) Arena;
}

void unshare_arena(Arena* arena) { ::munmap(arena, sizeof(Arena)); }

pid_t start_flood(Arena* arena, int port) { return start(flood, arena, port); }
pid_t start_quiet_players(Arena* arena, int port) { return start(play_quietly, arena, port); }

void await_sender(pid_t sender) {
  if (sender > 0) ::waitpid(sender, nullptr, 0);
}

}  // namespace ringpeer::bench
