#include "ringpeer/tools/load/sent_window.h"

#include <algorithm>
#include <limits>

namespace ringpeer::tools {
namespace {

// A client at 60 packets a second and a round trip of less than 0.1 s never has more.
constexpr std::size_t kFirstSize = 8;

}  // namespace

void SentWindow::add(Clock::time_point due, Clock::time_point sent_at, std::uint64_t index) {
  while (first_ < next_ && at(first_).due + kMaxAge < due) drop_oldest();
  drop_answered();
  if (next_ - first_ == ring_.size()) {
    if (ring_.size() < kMaxPackets) {
      grow();
    } else {
      drop_oldest();
      drop_answered();
    }
  }
  const std::int64_t late = std::chrono::nanoseconds(sent_at - due).count();
  const std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  at(next_) = {due, static_cast<std::uint32_t>(std::clamp<std::int64_t>(late, 0, most)),
               State::kWaiting, index};
  ++next_;
}

void SentWindow::grow() {
  std::vector<Sent> larger(std::max(kFirstSize, 2 * ring_.size()));
  for (std::uint64_t i = first_; i < next_; ++i) larger[i & (larger.size() - 1)] = at(i);
  ring_ = std::move(larger);
}

void SentWindow::drop_oldest() {
  if (at(first_).state != State::kAnswered) {
    if (given_up_.size() == kMaxGivenUp) {
      known_from_ = given_up_.front() + 1;
      given_up_.erase(given_up_.begin());
    }
    given_up_.push_back(first_);
  }
  ++first_;
}

void SentWindow::drop_answered() {
  while (first_ < next_ && at(first_).state == State::kAnswered) ++first_;
}

SentWindow::State SentWindow::state(std::uint64_t sequence) const {
  if (sequence >= first_) return at(sequence).state;
  if (std::binary_search(given_up_.begin(), given_up_.end(), sequence)) return State::kGivenUp;
  return sequence < known_from_ ? State::kUnknown : State::kAnswered;
}

const SentWindow::Sent* SentWindow::find(std::uint64_t sequence) const {
  return sequence >= first_ && sequence < next_ ? &at(sequence) : nullptr;
}

void SentWindow::set(std::uint64_t sequence, State state) {
  if (sequence >= first_) {
    at(sequence).state = state;
    return;
  }
  const auto found = std::lower_bound(given_up_.begin(), given_up_.end(), sequence);
  if (found == given_up_.end() || *found != sequence || state != State::kAnswered) return;
  given_up_.erase(found);
}

}  // namespace ringpeer::tools
