#ifndef RINGPEER_TOOLS_LOAD_SENT_WINDOW_H_
#define RINGPEER_TOOLS_LOAD_SENT_WINDOW_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringpeer::tools {

// What one client remembers of the packets that it has sent, by number: when each was due, how
// late it left, and what came back. It grows with what is unanswered and is bounded: the oldest
// are given up, of which only the numbers are kept, and of those the latest.
//
// Threads: one. Failure: none.
class SentWindow {
 public:
  using Clock = std::chrono::steady_clock;

  // Packets, and for how long: nothing is waited for longer. A client at 10,000 packets a second
  // has nearly a second.
  static constexpr std::size_t kMaxPackets = 8192;
  static constexpr std::chrono::seconds kMaxAge{10};
  // Given up, and still told from what was answered.
  static constexpr std::size_t kMaxGivenUp = 1024;

  enum class State : std::uint8_t {
    kWaiting,
    kAnswered,
    kDamaged,  // an answer came, and its bytes were wrong
    kHarmed,   // it went on with wrong bytes itself: so are those of its answers
    kGivenUp,  // without an answer; its times are forgotten
    kUnknown,  // so long ago that it may have been answered or not
  };

  struct Sent {
    Clock::time_point due;
    std::uint32_t late_ns = 0;  // 4 s at most
    State state = State::kWaiting;
    std::uint64_t index = 0;  // its place in the schedule

    Clock::time_point sent_at() const { return due + std::chrono::nanoseconds(late_ns); }
  };

  // The next packet's number, from 0.
  std::uint64_t next() const { return next_; }
  void add(Clock::time_point due, Clock::time_point sent_at, std::uint64_t index = 0);
  // Of a packet that was sent. kAnswered of one no longer remembered is certain, too.
  State state(std::uint64_t sequence) const;
  // The packet, null when its times are forgotten. Valid until the next add() or set().
  const Sent* find(std::uint64_t sequence) const;
  // Of a packet that is remembered or given up.
  void set(std::uint64_t sequence, State state);

 private:
  Sent& at(std::uint64_t sequence) { return ring_[sequence & (ring_.size() - 1)]; }
  const Sent& at(std::uint64_t sequence) const { return ring_[sequence & (ring_.size() - 1)]; }
  void grow();
  void drop_oldest();
  void drop_answered();

  std::vector<Sent> ring_;  // a power of two
  std::uint64_t first_ = 0;
  std::uint64_t next_ = 0;
  std::vector<std::uint64_t> given_up_;  // ascending
  // Numbers below it may have been given up and forgotten.
  std::uint64_t known_from_ = 0;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_SENT_WINDOW_H_
