#ifndef RINGPEER_TOOLS_LOAD_REPLY_PATIENCE_H_
#define RINGPEER_TOOLS_LOAD_REPLY_PATIENCE_H_

#include <algorithm>
#include <chrono>
#include <optional>

namespace ringpeer::tools {

// How long replies are waited for after the last packet: as asked for, or by what came before.
// Threads: one.
class ReplyPatience {
 public:
  // Replies are waited for as long as they keep coming. One that is missing after this much silence
  // is lost; on a slow path after twice the longest round trip...
  static constexpr std::chrono::milliseconds kSilence{500};
  // ... but not later than this, which is also for a run that has had no reply yet.
  static constexpr std::chrono::milliseconds kMaxSilence{5000};
  // However many come: a server that never stops must not hold up the report.
  static constexpr std::chrono::milliseconds kMaxSettling{30'000};

  // `asked`: after the last reply; none, the round trips decide.
  explicit ReplyPatience(std::optional<std::chrono::nanoseconds> asked) : asked_(asked) {}

  void see_reply() { has_replies_ = true; }
  void see_refusal() { has_refusals_ = true; }
  void see_round_trip(std::chrono::nanoseconds time) { longest_ = std::max(longest_, time); }

  // After the last reply.
  std::chrono::nanoseconds silence() const {
    if (asked_) return *asked_;
    if (!has_replies_) return has_refusals_ ? kSilence : kMaxSilence;
    return std::clamp<std::chrono::nanoseconds>(2 * longest_, kSilence, kMaxSilence);
  }
  // In all.
  std::chrono::nanoseconds settling() const {
    return std::max<std::chrono::nanoseconds>(kMaxSettling, asked_.value_or(kMaxSettling));
  }
  // In all, where replies name no packet: who sends on its own does not fall silent, and what comes
  // later is no answer to what was sent.
  std::chrono::nanoseconds settling_unmatched() const {
    if (asked_) return *asked_;
    return has_replies_ ? kSilence : kMaxSilence;
  }

 private:
  std::optional<std::chrono::nanoseconds> asked_;
  bool has_replies_ = false;
  bool has_refusals_ = false;
  std::chrono::nanoseconds longest_{0};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_REPLY_PATIENCE_H_
