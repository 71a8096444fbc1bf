#include "ringpeer/tools/load/load_client.h"

#include <algorithm>

namespace ringpeer::tools {

using Clock = std::chrono::steady_clock;

std::optional<std::chrono::nanoseconds> LoadClient::receive(const LoadReply& reply,
                                                            Clock::time_point now) {
  const bool ours = reply.kind != LoadReply::Kind::kForeign && reply.stamp.client == id_ &&
                    reply.stamp.sequence < sent_ && reply.stamp.sent_at <= now;
  if (!ours) {
    ++foreign_;
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

std::optional<std::chrono::nanoseconds> LoadClient::receive_echo(const LoadReply& reply,
                                                                 Clock::time_point now) {
  if (!count(echo_window_.add(reply.stamp.sequence))) return std::nullopt;
  ++echoes_;
  return now - reply.stamp.sent_at;
}

std::optional<std::chrono::nanoseconds> LoadClient::receive_snapshot(const LoadReply& reply,
                                                                     Clock::time_point now) {
  Session& from = session(reply.session);
  if (!count(from.window.add(reply.snapshot_number))) return std::nullopt;
  ++snapshots_;
  from.newest_snapshot = std::max(from.newest_snapshot, reply.snapshot_number);
  from.inputs_received = std::max(from.inputs_received, reply.inputs_received);
  left_ = left_ || reply.left;
  // The arena answers at its own rate: a snapshot may answer several inputs, or none.
  if (reply.stamp.sequence < answered_until_) return std::nullopt;
  answered_until_ = reply.stamp.sequence + 1;
  return now - reply.stamp.sent_at;
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
  return snapshots_ > 0 ? left_ && snapshots_ >= snapshots_announced() : echoes_ >= sent_;
}

}  // namespace ringpeer::tools
