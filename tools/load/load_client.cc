#include "ringpeer/tools/load/load_client.h"

#include <algorithm>

namespace ringpeer::tools {

void LoadClient::sent(Clock::time_point due, Clock::time_point sent_at, std::uint64_t index) {
  if (!closed_loop_ || sent_at - closed_loop_->since >= kClosedLoopPatience) {
    closed_loop_ = ClosedLoop{.sequence = window_.next(), .since = sent_at};
  }
  window_.add(due, sent_at, index);
}

void LoadClient::sent_unmatched(Clock::time_point due, Clock::time_point sent_at,
                                std::uint64_t answers) {
  is_unmatched_ = true;
  unmatched_.expected += answers;
  // Nobody will ask for it again: it needs no memory.
  const std::uint64_t sequence = window_.next();
  window_.add(due, sent_at);
  window_.set(sequence, SentWindow::State::kAnswered);
}

void LoadClient::harmed(std::uint64_t sequence) {
  has_harmed_ = true;
  if (window_.find(sequence) == nullptr) return;
  if (window_.state(sequence) != SentWindow::State::kWaiting) return;
  window_.set(sequence, SentWindow::State::kHarmed);
}

std::optional<std::uint64_t> LoadClient::index_of(std::uint64_t sequence) const {
  const SentWindow::Sent* const packet = window_.find(sequence);
  if (packet == nullptr) return std::nullopt;
  return packet->index;
}

std::optional<LoadClient::Answer> LoadClient::receive(const LoadReply& reply,
                                                      Clock::time_point now) {
  if (reply.kind == LoadReply::Kind::kUnmatched) {
    ++unmatched_.received;
    return std::nullopt;
  }
  const LoadStamp& stamp = reply.stamp;
  const bool ours = reply.kind != LoadReply::Kind::kForeign && stamp.client == id_ &&
                    stamp.sequence < window_.next();
  if (!ours) {
    ++foreign_;
    return std::nullopt;
  }
  const SentWindow::Sent* const packet = window_.find(stamp.sequence);
  const bool time_is_right = packet != nullptr
                                 ? packet->due == stamp.due_at
                                 : stamp.due_at <= now && stamp.due_at >= Clock::time_point();
  const bool is_by_chance = reply.kind == LoadReply::Kind::kCorrupted &&
                            reply.is_known_by_time_alone &&
                            !(time_is_right && now - stamp.due_at <= SentWindow::kMaxAge);
  if (is_by_chance) {
    ++foreign_;
    return std::nullopt;
  }
  if (reply.kind == LoadReply::Kind::kCorrupted || !time_is_right) {
    receive_damaged(stamp.sequence, time_is_right);
    return std::nullopt;
  }
  return reply.kind == LoadReply::Kind::kEcho ? receive_echo(reply, now)
                                              : receive_snapshot(reply, now);
}

// False for one that came before.
bool LoadClient::count(SequenceWindow::Arrival arrival) {
  if (arrival == SequenceWindow::Arrival::kRepeated) ++repeated_;
  if (arrival == SequenceWindow::Arrival::kLate) ++late_;
  return arrival != SequenceWindow::Arrival::kRepeated;
}

void LoadClient::receive_damaged(std::uint64_t sequence, bool time_is_right) {
  ++corrupted_;
  // The number may be what was harmed: then it is another's.
  if (has_harmed_ && !time_is_right) return;
  if (window_.state(sequence) != SentWindow::State::kWaiting) return;
  window_.set(sequence, SentWindow::State::kDamaged);
  ++damaged_;
}

std::optional<LoadClient::Answer> LoadClient::receive_echo(const LoadReply& reply,
                                                           Clock::time_point now) {
  using Arrival = SequenceWindow::Arrival;
  const std::uint64_t sequence = reply.stamp.sequence;
  const SentWindow::State state = window_.state(sequence);
  const bool is_late = sequence < answered_until_;
  const bool is_repeated = state == SentWindow::State::kAnswered;
  if (!count(is_repeated ? Arrival::kRepeated : is_late ? Arrival::kLate : Arrival::kInOrder)) {
    return std::nullopt;
  }
  ++echoes_;
  if (state == SentWindow::State::kDamaged) --damaged_;
  const Answer answer = answer_to(reply.stamp, now);
  window_.set(sequence, SentWindow::State::kAnswered);
  answered_until_ = std::max(answered_until_, sequence + 1);
  return answer;
}

LoadClient::Answer LoadClient::answer_to(const LoadStamp& stamp, Clock::time_point now) {
  Answer answer{.sequence = stamp.sequence,
                .due = stamp.due_at,
                .round_trip = now - stamp.due_at,
                .uncorrected = std::nullopt};
  // A snapshot answers all packets before it, too.
  if (closed_loop_ && closed_loop_->sequence == stamp.sequence) {
    const std::chrono::nanoseconds waited = now - closed_loop_->since;
    // One that comes later was taken for lost, even where nothing was sent since.
    if (waited <= kClosedLoopPatience) answer.uncorrected = waited;
    closed_loop_.reset();
  }
  return answer;
}

std::optional<LoadClient::Answer> LoadClient::receive_snapshot(const LoadReply& reply,
                                                               Clock::time_point now) {
  Session& from = session(reply.session);
  if (!count(from.window.add(reply.snapshot_number))) return std::nullopt;
  ++snapshots_;
  from.newest_snapshot = std::max(from.newest_snapshot, reply.snapshot_number);
  from.inputs_received = std::max(from.inputs_received, reply.inputs_received);
  left_ = left_ || reply.left;
  // The arena answers at its own rate: a snapshot may answer several inputs, or none.
  if (reply.stamp.sequence < answered_until_) return std::nullopt;
  // The inputs before it are answered by it, as far as an answer is what a client waits for.
  for (std::uint64_t i = answered_until_; i < reply.stamp.sequence; ++i) {
    if (window_.find(i) != nullptr) window_.set(i, SentWindow::State::kAnswered);
  }
  const Answer answer = answer_to(reply.stamp, now);
  if (closed_loop_ && closed_loop_->sequence < reply.stamp.sequence) closed_loop_.reset();
  window_.set(reply.stamp.sequence, SentWindow::State::kAnswered);
  answered_until_ = reply.stamp.sequence + 1;
  return answer;
}

LoadClient::Session& LoadClient::session(std::uint64_t id) {
  const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                  [id](const Session& session) { return session.id == id; });
  if (found != sessions_.end()) return *found;
  if (sessions_.size() == kMaxSessions) {
    earlier_.newest_snapshot += sessions_.front().newest_snapshot;
    earlier_.inputs_received += sessions_.front().inputs_received;
    sessions_.erase(sessions_.begin());
  }
  sessions_.emplace_back().id = id;
  return sessions_.back();
}

std::uint64_t LoadClient::snapshots_announced() const {
  std::uint64_t sum = earlier_.newest_snapshot;
  for (const Session& session : sessions_) sum += session.newest_snapshot;
  return sum;
}

std::uint64_t LoadClient::inputs_received() const {
  std::uint64_t sum = earlier_.inputs_received;
  for (const Session& session : sessions_) sum += session.inputs_received;
  return sum;
}

bool LoadClient::settled() const {
  if (is_unmatched_) return unmatched_.received >= unmatched_.expected;
  return snapshots_ > 0 ? left_ && snapshots_ >= snapshots_announced() : echoes_ >= packets_sent();
}

}  // namespace ringpeer::tools
