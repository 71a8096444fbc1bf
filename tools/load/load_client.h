#ifndef RINGPEER_TOOLS_LOAD_LOAD_CLIENT_H_
#define RINGPEER_TOOLS_LOAD_LOAD_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ringpeer/tools/load/load_payload.h"
#include "ringpeer/tools/load/sent_window.h"
#include "ringpeer/tools/measure/sequence_window.h"

namespace ringpeer::tools {

// One simulated client's bookkeeping: what it sent, and what became of it. It knows of no
// sockets.
//
// Threads: one.
class LoadClient {
 public:
  using Clock = std::chrono::steady_clock;

  // The first answer to a packet of ours.
  struct Answer {
    std::uint64_t sequence = 0;
    Clock::time_point due;
    // From when the packet was due: what a player feels, whatever held it up.
    std::chrono::nanoseconds round_trip{0};
    // From when it left, and only of packets that a client would have sent that waits for each
    // answer before it sends on (but no longer than kClosedLoopPatience).
    std::optional<std::chrono::nanoseconds> uncorrected;
  };

  // Answers that name no packet, and how many were to be expected.
  struct Unmatched {
    std::uint64_t received = 0;
    std::uint64_t expected = 0;
  };

  // A client that waits for answers takes one for lost after this, and sends on.
  static constexpr std::chrono::seconds kClosedLoopPatience{1};

  explicit LoadClient(std::uint32_t id) : id_(id) {}

  std::uint32_t id() const { return id_; }
  // The stamp of the next packet. Call sent() when the kernel took it; otherwise its
  // number is used again.
  LoadStamp next_stamp(Clock::time_point due, std::uint64_t index = 0) const {
    return {.client = id_, .sequence = window_.next(), .due_at = due, .index = index};
  }
  void sent(Clock::time_point due, Clock::time_point sent_at, std::uint64_t index = 0);
  // The same where answers name no packet: `answers` may be expected for this one.
  void sent_unmatched(Clock::time_point due, Clock::time_point sent_at, std::uint64_t answers);
  // That packet went on with other bytes: wrong ones in an answer to it are no fault of others.
  void harmed(std::uint64_t sequence);
  // The index of a packet that was sent, as long as it is remembered.
  std::optional<std::uint64_t> index_of(std::uint64_t sequence) const;

  // Takes note of a packet that arrived at this client's socket.
  std::optional<Answer> receive(const LoadReply& reply, Clock::time_point now);

  std::uint64_t packets_sent() const { return window_.next(); }
  std::uint64_t echoes() const { return echoes_; }  // each packet counts once
  std::uint64_t late() const { return late_; }      // after a later one; in order otherwise
  std::uint64_t repeated() const { return repeated_; }
  std::uint64_t foreign() const { return foreign_; }
  // Answers that name a packet of ours and whose bytes are wrong; and the packets, but for harmed
  // ones, of which no other answer came.
  std::uint64_t corrupted() const { return corrupted_; }
  std::uint64_t damaged() const { return damaged_; }

  const Unmatched& unmatched() const { return unmatched_; }

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
  void receive_damaged(std::uint64_t sequence, bool time_is_right);
  std::optional<Answer> receive_echo(const LoadReply& reply, Clock::time_point now);
  std::optional<Answer> receive_snapshot(const LoadReply& reply, Clock::time_point now);
  Answer answer_to(const LoadStamp& stamp, Clock::time_point now);

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

  // The packet that a client waits for that sends nothing else meanwhile.
  struct ClosedLoop {
    std::uint64_t sequence = 0;
    Clock::time_point since;
  };

  std::uint32_t id_;
  SentWindow window_;
  std::optional<ClosedLoop> closed_loop_;
  std::vector<Session> sessions_;
  Session earlier_;  // sums
  std::uint64_t echoes_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t foreign_ = 0;
  std::uint64_t corrupted_ = 0;
  std::uint64_t damaged_ = 0;
  bool has_harmed_ = false;
  bool is_unmatched_ = false;
  Unmatched unmatched_;
  std::uint64_t snapshots_ = 0;
  // One more than the newest packet that was answered.
  std::uint64_t answered_until_ = 0;
  bool left_ = false;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_CLIENT_H_
