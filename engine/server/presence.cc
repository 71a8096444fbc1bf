#include "ringpeer/engine/server/presence.h"

#include <algorithm>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/server/remote_channel.h"

namespace ringpeer::internal {
namespace {

// Remotes that one look for disconnected ones passes: 100,000 in 100 calls, each of
// which takes microseconds.
constexpr std::size_t kMaxLooks = 1024;

}  // namespace

std::uint64_t Presence::now_us() const { return workers_.us_of(base::Clock::now()); }

void Presence::set_idle_timeout(std::chrono::milliseconds timeout) {
  if (idle_timeout_.count() <= 0) {
    // Nobody could know so far that he had to send.
    const std::uint64_t now = now_us();
    for (worker::Remote* remote : remotes_.accepted()) remote->idle_from_us = now;
  }
  idle_timeout_ = timeout;
}

bool Presence::is_silent(const worker::Remote& remote, std::uint64_t now_us) const {
  using std::chrono::milliseconds;
  const std::chrono::microseconds silence(remote.silence_us(now_us));
  return idle_timeout_.count() > 0 &&
         std::chrono::duration_cast<milliseconds>(silence) >= idle_timeout_;
}

bool Presence::is_gone(const worker::Remote& remote, std::uint64_t now_us) const {
  return is_silent(remote, now_us) || remote.denied.load(std::memory_order_relaxed) ||
         remote.errors.says_gone(now_us);
}

// Without threads nobody has listened since the last look.
bool Presence::is_idle(const worker::Remote& remote) {
  if (is_silent(remote, now_us()) && workers_.is_inline()) inbox_.take_arrivals();
  return is_silent(remote, now_us());
}

bool Presence::is_disconnected(const worker::Remote& remote) {
  if (is_gone(remote, now_us()) && workers_.is_inline()) inbox_.take_arrivals();
  return is_gone(remote, now_us());
}

PacketPeerUDP* Presence::next_disconnected() {
  inbox_.take_arrivals();
  const std::uint64_t now = now_us();
  const auto accepted = remotes_.accepted();
  const std::size_t looks = std::min(accepted.size(), kMaxLooks);
  for (std::size_t i = 0; i < looks; ++i) {
    if (next_look_ >= accepted.size()) next_look_ = 0;
    worker::Remote& remote = *accepted[next_look_++];
    const bool was_reported = remote.reported != 0;
    remote.reported = is_gone(remote, now) ? 1 : 0;
    if (remote.reported != 0 && !was_reported) return remote.channel->peer();
  }
  return nullptr;
}

}  // namespace ringpeer::internal
