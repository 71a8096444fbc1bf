#include "ringpeer/engine/server/server_remotes.h"

#include <algorithm>
#include <cassert>
#include <new>

#include "ringpeer/codec/base/exceptions.h"

namespace ringpeer::internal {
namespace {

// Remote::accepted_index has 31 bits.
constexpr std::uint32_t kIndexMask = (1u << 31) - 1;

// Remotes that the table of accepted ones has room for at first.
constexpr std::size_t kMinAccepted = 16;

}  // namespace

bool ServerRemotes::add_pending(worker::Remote& remote, std::uint64_t came_us) {
  RINGPEER_TRY { pending_.push_back({&remote, came_us}); }
  RINGPEER_CATCH(const std::bad_alloc&) { return false; }
  if (!shared_.several || known_.put(&remote)) return true;
  pending_.pop_back();
  return false;
}

void ServerRemotes::sort_in_pending(std::size_t known) {
  if (known == 0 || known >= pending_.size()) return;
  const auto is_older = [](const Pending& a, const Pending& b) { return a.since_us < b.since_us; };
  const auto added = pending_.begin() + static_cast<std::ptrdiff_t>(known);
  if (!is_older(*added, *(added - 1))) return;
  std::inplace_merge(pending_.begin(), added, pending_.end(), is_older);
}

// The worker's word about who has lost its place follows: then it is closed.
bool ServerRemotes::claim_oldest() {
  while (!pending_.empty() && !pending_.front().remote->accept()) pending_.pop_front();
  return !pending_.empty();
}

worker::Remote* ServerRemotes::take_newest_pending() {
  worker::Remote& newest = *pending_.back().remote;
  pending_.pop_back();
  if (!newest.accept()) return nullptr;
  shared_.pending.fetch_sub(1, std::memory_order_relaxed);
  return &newest;
}

void ServerRemotes::remove_replaced(const worker::Remote& remote) {
  std::erase_if(pending_, [&](const Pending& pending) { return pending.remote == &remote; });
}

void ServerRemotes::reserve_accepted() {
  if (accepted_.size() == accepted_.capacity())
    accepted_.reserve(std::max(kMinAccepted, 2 * accepted_.size()));
}

worker::Remote& ServerRemotes::accept_oldest(RemoteChannel& channel, std::uint64_t now_us) {
  assert(!pending_.empty() && pending_.front().remote->channel == nullptr);
  assert(pending_.front().remote->is_accepted());
  worker::Remote& remote = *pending_.front().remote;
  pending_.pop_front();
  shared_.pending.fetch_sub(1, std::memory_order_relaxed);
  remote.channel = &channel;
  remote.idle_from_us = now_us;
  remote.accepted_index = static_cast<std::uint32_t>(accepted_.size()) & kIndexMask;
  accepted_.push_back(&remote);
  return remote;
}

void ServerRemotes::forget(worker::Remote& remote) {
  if (remote.channel != nullptr) {
    assert(accepted_[remote.accepted_index] == &remote);
    accepted_[remote.accepted_index] = accepted_.back();
    accepted_[remote.accepted_index]->accepted_index = remote.accepted_index & kIndexMask;
    accepted_.pop_back();
    remote.channel = nullptr;
  }
  if (shared_.several) known_.erase(&remote);
}

}  // namespace ringpeer::internal
