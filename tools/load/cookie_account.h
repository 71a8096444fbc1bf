#ifndef RINGPEER_TOOLS_LOAD_COOKIE_ACCOUNT_H_
#define RINGPEER_TOOLS_LOAD_COOKIE_ACCOUNT_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace ringpeer::tools {

// How the clients of a load were let in by a server that asks for cookies. None of its packets is
// among those that a report calls sent or received. Threads: a plain value.
struct CookieAccount {
  std::uint64_t hellos = 0;  // that the kernel accepted
  std::uint64_t challenges = 0;
  std::uint64_t answers = 0;  // that the kernel accepted
  // Clients that have answered, and the longest time from a client's first hello to its first
  // answer.
  std::uint64_t entered = 0;
  std::chrono::nanoseconds longest_entry{0};

  // What went to the server.
  std::uint64_t sent() const { return hellos + answers; }

  void add(const CookieAccount& other) {
    hellos += other.hellos;
    challenges += other.challenges;
    answers += other.answers;
    entered += other.entered;
    longest_entry = std::max(longest_entry, other.longest_entry);
  }
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_COOKIE_ACCOUNT_H_
