// How the clients of a generator are let in by a server that asks for cookies. Their packets are
// none of the load's: they are in no schedule, pass no impairment, and have an account of their
// own.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "ringpeer/tools/load/cookie_report.h"
#include "ringpeer/tools/load/load_generator.h"

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;

// Between two looks at who is to say hello: a small part of the time between two hellos.
constexpr milliseconds kGreetInterval{20};
// As long as replies are waited for at most, since the last one was let in.
constexpr milliseconds kEntryPatience = ReplyPatience::kMaxSilence;

std::uint64_t microseconds_of(LoadGenerator::Clock::time_point time) {
  using std::chrono::microseconds;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<microseconds>(time.time_since_epoch()).count());
}

}  // namespace

bool LoadGenerator::enter_all(std::string* error) {
  std::uint64_t entered = 0;
  Clock::time_point last_entry = Clock::now();
  while (report_.cookie.entered < report_.joins) {
    const Clock::time_point now = Clock::now();
    if (std::exchange(entered, report_.cookie.entered) != report_.cookie.entered) last_entry = now;
    if (report_.wait_error != 0 || now > last_entry + kEntryPatience) {
      *error = complaint_about_entry();
      return false;
    }
    greet_all(now);
    receive_until(now + kGreetInterval);
  }
  return true;
}

std::string LoadGenerator::complaint_about_entry() const {
  if (report_.wait_error != 0) {
    return fmt::format("the kernel does not let this program wait for challenges: {}.",
                       std::strerror(report_.wait_error));
  }
  const auto outside = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return slot.client != nullptr && !slot.client->has_entered;
  });
  const std::uint32_t id = outside->client->account.id();
  const std::string target = target_of(id).to_string();
  return fmt::format("client {} is not let in: {}", id,
                     no_challenge_text(target, report_.connection_refused > 0));
}

void LoadGenerator::greet_all(Clock::time_point now) {
  if (now < next_greeting_) return;
  next_greeting_ = now + kGreetInterval;
  for (Slot& slot : slots_) {
    if (slot.client != nullptr) greet(slot.client.get(), now);
  }
}

void LoadGenerator::greet(Client* client, Clock::time_point now) {
  const auto hello = client->handshake->due(microseconds_of(now));
  if (hello && send_now(client, *hello) == 0) ++report_.cookie.hellos;
}

bool LoadGenerator::take_challenge(Client* client, std::span<const std::uint8_t> packet,
                                   Clock::time_point now) {
  bool is_handshake = false;
  const auto answer = client->handshake->receive(packet, microseconds_of(now), &is_handshake);
  if (!answer) return false;
  CookieAccount& cookie = report_.cookie;
  ++cookie.challenges;
  if (send_now(client, *answer) != 0) return true;
  ++cookie.answers;
  if (std::exchange(client->has_entered, true)) return true;
  ++cookie.entered;
  cookie.longest_entry =
      std::max<std::chrono::nanoseconds>(cookie.longest_entry, now - client->joined_at);
  return true;
}

}  // namespace ringpeer::tools
