#include "ringpeer/engine/worker/send_half.h"

#include <cerrno>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/net/precise_sleep.h"

namespace ringpeer::worker {
namespace {

// Puts that are not farther apart come often: a frame of a slow game.
constexpr std::uint64_t kOftenUs = 100'000;

}  // namespace

int SendHalf::send(std::span<const std::uint8_t> payload, const SendTarget& target) {
  const int error = queue_.push(payload, target);
  notice();
  return error;
}

int SendHalf::send_to_all(std::span<const std::uint8_t> payload,
                          std::span<const SendTarget> targets) {
  const int error = queue_.push_to_all(payload, targets);
  notice();
  return error;
}

// Wakes the worker once for all packets until it has looked at them, if at all: it may look soon
// enough by itself.
void SendHalf::notice() {
  const std::uint64_t until_us = notice_.leave();
  if (until_us == SendNotice::kAwake) return;
  if (until_us != SendNotice::kUntilWoken &&
      until_us <= sleeper_.now_us() + static_cast<std::uint64_t>(kPutBound.count())) {
    return;
  }
  sleeper_.wake();
}

std::optional<std::chrono::microseconds> SendHalf::next_look(const wait::WaitPlan& plan,
                                                             std::uint64_t usual_gap_us,
                                                             std::uint64_t now_us) const {
  if (now_us - last_put_us_ > kOftenUs) return std::nullopt;
  if (plan.sleep.count() > 0) return plan.sleep;
  // A budget of the same length makes gaps a little longer.
  constexpr auto kShortGapUs = static_cast<std::uint64_t>(kPutBound.count()) * 5 / 4;
  const bool looks_anyway = plan.budget.count() > 0 && usual_gap_us <= kShortGapUs;
  return looks_anyway ? std::optional<std::chrono::microseconds>(kPutBound) : std::nullopt;
}

void SendHalf::send_some() {
  if (notice_.is_there()) last_put_us_ = sleeper_.now_us();
  notice_.take();
  has_more_ = batch_.drain();
  finish_flushes();
}

void SendHalf::begin_flush(Command* command) {
  mark(command);
  flushes_.push(command);
  finish_flushes();
}

void SendHalf::finish_flushes() {
  if (flushes_.empty()) return;
  batch_.update_marks();
  CommandList left;
  while (Command* command = flushes_.pop()) {
    const bool is_sent = batch_.is_sent(command->mark);
    const auto now = base::Clock::now();
    if (!is_sent &&
        (now - command->begun < kMaxStall || !batch_.is_stuck(command->mark, now, kMaxStall))) {
      left.push(command);
    } else {
      commands_.finish(command, is_sent ? 0 : EAGAIN);
    }
  }
  flushes_ = left;
}

void SendHalf::end_flushes(int error) {
  while (Command* command = flushes_.pop()) commands_.finish(command, error);
}

void SendHalf::look_at(Command* command) {
  if (command->sends_are_over) return;
  if (command->sends != nullptr) {
    batch_.update_marks();
    if (!batch_.is_sent(command->mark, *command->sends)) {
      const auto now = base::Clock::now();
      const auto waited = now - command->begun;
      const bool stuck = waited >= kMaxStall && command->sends->progress().is_stuck(now, kMaxStall);
      if (waited < kMaxClose && !stuck) return;
      batch_.give_up(*command->sends, command->mark);
    }
  }
  command->sends_are_over = true;
}

void SendHalf::send_the_rest() {
  queue_.refuse();
  const auto begun = base::Clock::now();
  const std::uint64_t mark = batch_.mark();
  for (;;) {
    const bool has_more = batch_.drain();
    batch_.update_marks();
    const auto now = base::Clock::now();
    if (batch_.is_sent(mark) || now - begun >= kMaxClose) break;
    if (now - begun >= kMaxStall && batch_.is_stuck(mark, now, kMaxStall)) break;
    if (!has_more) net::sleep_precisely(kBacklogWait);
  }
  finish_flushes();
  batch_.give_up_all();
}

}  // namespace ringpeer::worker
