#ifndef RINGPEER_BENCH_OVERLOAD_SENDERS_H_
#define RINGPEER_BENCH_OVERLOAD_SENDERS_H_

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace ringpeer::bench {

// Those who send to the game of bench/overload: processes, so that they take no time of its own.
// Threads: one starts and awaits them; what they share is atomic.

inline constexpr std::size_t kQuietPlayers = 100;
inline constexpr double kQuietHz = 20;  // packets a second of each
// More than a quiet player sends in the longest round.
inline constexpr std::size_t kMaxQuietPackets = 4096;

// What the game and those who send to it share, in memory of both processes.
struct Arena {
  std::atomic<std::uint32_t> tick{0};  // of the game
  std::atomic<bool> may_flood{false};
  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> flood_sent{0};
  // Of each quiet player: packets the kernel has taken, and the tick after each had gone.
  std::array<std::atomic<std::uint32_t>, kQuietPlayers> quiet_sent{};
  std::array<std::array<std::atomic<std::uint32_t>, kMaxQuietPackets>, kQuietPlayers> sent_in{};
};

// Null when the memory is not to be had.
Arena* share_arena();
void unshare_arena(Arena* arena);

// Child processes that send to a port until the arena is over. The flood comes from one socket,
// as fast as the machine lets it, once it may; before that it sends what makes it a player. The
// quiet players each send {"move", "player", "n"} at their rate. -1 when there is none.
pid_t start_flood(Arena* arena, int port);
pid_t start_quiet_players(Arena* arena, int port);
// Waits for its end.
void await_sender(pid_t sender);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_OVERLOAD_SENDERS_H_
