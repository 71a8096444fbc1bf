#include "ringpeer/tools/load_client.h"

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

std::optional<std::chrono::nanoseconds> LoadClient::receive_echo(const LoadReply& reply,
                                                                 Clock::time_point now) {
  switch (echo_window_.add(reply.stamp.sequence)) {
    case SequenceWindow::Arrival::kRepeated:
      ++repeated_;
      return std::nullopt;
    case SequenceWindow::Arrival::kLate:
      ++late_;
      break;
    case SequenceWindow::Arrival::kInOrder:
      break;
  }
  ++echoes_;
  return now - reply.stamp.sent_at;
}

std::optional<std::chrono::nanoseconds> LoadClient::receive_snapshot(const LoadReply& reply,
                                                                     Clock::time_point now) {
  switch (snapshot_window_.add(reply.snapshot_number)) {
    case SequenceWindow::Arrival::kRepeated:
      ++repeated_;
      return std::nullopt;
    case SequenceWindow::Arrival::kLate:
      ++late_;
      break;
    case SequenceWindow::Arrival::kInOrder:
      break;
  }
  ++snapshots_;
  newest_snapshot_ = std::max(newest_snapshot_, reply.snapshot_number);
  inputs_received_ = std::max(inputs_received_, reply.inputs_received);
  left_ = left_ || reply.left;
  // The arena answers at its own rate: a snapshot may answer several inputs, or none.
  if (reply.stamp.sequence < answered_until_) return std::nullopt;
  answered_until_ = reply.stamp.sequence + 1;
  return now - reply.stamp.sent_at;
}

bool LoadClient::settled() const {
  return snapshots_ > 0 ? left_ && snapshots_ >= newest_snapshot_ : echoes_ >= sent_;
}

}  // namespace ringpeer::tools
