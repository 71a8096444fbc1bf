#include "ringpeer/engine/worker/untaken_remotes.h"

#include <algorithm>
#include <span>

#include "ringpeer/engine/net/secret.h"

namespace ringpeer::worker {
UntakenRemotes::UntakenRemotes() {
  remotes_.reserve(kMaxCandidates);
  net::draw_secret(std::as_writable_bytes(std::span(&random_, 1)));
}

void UntakenRemotes::add(Remote* remote) {
  if (remotes_.size() == kMaxCandidates) leave_out_taken();
  if (remotes_.size() < kMaxCandidates) remotes_.push_back(remote);
}

void UntakenRemotes::forget(const Remote* remote) {
  const auto found = std::find(remotes_.begin(), remotes_.end(), remote);
  if (found != remotes_.end()) take_out(static_cast<std::size_t>(found - remotes_.begin()));
}

Remote* UntakenRemotes::take_out(std::size_t index) {
  Remote* const remote = remotes_[index];
  remotes_[index] = remotes_.back();
  remotes_.pop_back();
  return remote;
}

void UntakenRemotes::leave_out_taken() {
  std::erase_if(remotes_, [](const Remote* remote) { return remote->is_accepted(); });
}

// Some of them may have been taken, of which each stranger had to look at all to know: the one who
// is lucky among so many looks, and is again if the lot falls on one of those who are left.
bool UntakenRemotes::has_luck() {
  ++turned_away_;
  const std::size_t known = remotes_.size();
  const std::uint64_t lot = random_below(known + turned_away_);
  if (lot >= known) return false;
  leave_out_taken();
  return lot < remotes_.size();
}

Remote* UntakenRemotes::draw_loser() {
  while (!remotes_.empty()) {
    Remote* const remote = take_out(random_below(remotes_.size()));
    if (remote->replace()) return remote;  // else it was taken in this very moment
  }
  return nullptr;
}

// SplitMix64 (Steele, Lea, Flood, 2014). The remainder's bias is 2^-40 of so few.
std::uint64_t UntakenRemotes::random_below(std::uint64_t end) {
  random_ += 0x9e3779b97f4a7c15;
  std::uint64_t bits = random_;
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
  return (bits ^ bits >> 31) % end;
}

}  // namespace ringpeer::worker
