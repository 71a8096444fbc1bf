#ifndef RINGPEER_TOOLS_LOAD_LOAD_CLIENT_H_
#define RINGPEER_TOOLS_LOAD_LOAD_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ringpeer/tools/load/load_payload.h"
#include "ringpeer/tools/measure/sequence_window.h"

namespace ringpeer::tools {

// One simulated client's bookkeeping: what it sent, and what became of it. It knows of no
// sockets.
//
// Threads: one.
class LoadClient {
 public:
  explicit LoadClient(std::uint32_t id) : id_(id) {}

  // The stamp of the next packet. Call sent() when the kernel took it; otherwise its
  // number is used again.
  LoadStamp next_stamp(std::chrono::steady_clock::time_point now) const {
    return {.client = id_, .sequence = sent_, .sent_at = now};
  }
  void sent() { ++sent_; }

  // Takes note of a packet that arrived at this client's socket. Gives the round-trip
  // time when it is the first answer to a packet of ours.
  std::optional<std::chrono::nanoseconds> receive(const LoadReply& reply,
                                                  std::chrono::steady_clock::time_point now);

  std::uint64_t packets_sent() const { return sent_; }
  std::uint64_t echoes() const { return echoes_; }  // each packet counts once
  std::uint64_t late() const { return late_; }      // after a later one; in order otherwise
  std::uint64_t repeated() const { return repeated_; }
  std::uint64_t foreign() const { return foreign_; }

  std::uint64_t snapshots() const { return snapshots_; }
  // How many snapshots the server says it has sent, and inputs it says it got: the sum of the
  // sessions that it has had with this client.
  std::uint64_t snapshots_announced() const;
  std::uint64_t inputs_received() const;
  bool has_left() const { return left_; }

  // Nothing more is to be expected.
  bool settled() const;

 private:
  bool count(SequenceWindow::Arrival arrival);
  std::optional<std::chrono::nanoseconds> receive_echo(const LoadReply& reply,
                                                       std::chrono::steady_clock::time_point now);
  std::optional<std::chrono::nanoseconds> receive_snapshot(
      const LoadReply& reply, std::chrono::steady_clock::time_point now);

  // What the arena has said of one session.
  struct Session {
    std::uint64_t id = 0;
    SequenceWindow window;
    std::uint64_t newest_snapshot = 0;
    std::uint64_t inputs_received = 0;
  };
  // The last ones; of earlier ones only the sums are kept, so that a server that makes up
  // sessions costs no memory. Packets are not delayed by a whole session, let alone by four.
  static constexpr std::size_t kMaxSessions = 4;

  Session& session(std::uint64_t id);

  std::uint32_t id_;
  std::uint64_t sent_ = 0;
  SequenceWindow echo_window_;
  std::vector<Session> sessions_;
  Session earlier_;  // sums
  std::uint64_t echoes_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t foreign_ = 0;
  std::uint64_t snapshots_ = 0;
  // One more than the newest input that a snapshot has answered.
  std::uint64_t answered_until_ = 0;
  bool left_ = false;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_CLIENT_H_
