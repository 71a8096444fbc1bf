#ifndef RINGPEER_ENGINE_WAIT_CONSUMER_PACE_H_
#define RINGPEER_ENGINE_WAIT_CONSUMER_PACE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

#include "ringpeer/codec/base/atomics.h"

namespace ringpeer::wait {

// How a consumer comes for its packets, as far as a worker has to know: by looking now and then, or
// by waiting for them. Times are those of the engine's clock, in microseconds.
//
// A consumer that only looks has ticks, the frames of a game: the first look after a pause. A look
// that follows one which found something may come after the work on that instead; it begins a tick
// when it comes about as long after as ticks do.
//
// While a worker sleeps for the sake of a consumer's rhythm, a consumer that begins to wait has to
// end that sleep. The usual store-then-look handshake: the worker says that it will sleep, then
// looks whether the consumer waits; the consumer says that it waits, then looks whether the worker
// sleeps.
//
// Threads: each part as it says; several workers, of a server, may share it.
class ConsumerPace {
 public:
  // ---- The consumer's.

  // Whether looks are of any use to the worker, and their time: not of who waits anyway.
  bool wants_looks() {
    if (!waits_.load(std::memory_order_relaxed)) return true;
    if (has_watcher_) return false;
    if (looks_since_wait_ == kLooksOfAWait) return true;  // however many more there are
    ++looks_since_wait_;
    return false;
  }
  // It has looked where it knew of nothing more; `found`: there was something.
  void record_look(std::uint64_t now_us, bool found);
  // It begins to wait. True when a worker may sleep that has to be woken.
  bool begin_wait() {
    looks_since_wait_ = 0;
    waited_since_tick_ = true;
    if (waits_.load(std::memory_order_relaxed)) return false;  // workers know
    waits_.store(true, std::memory_order_relaxed);
    thread_fence(std::memory_order_seq_cst);
    return lulled_workers_.load(std::memory_order_relaxed) != 0;
  }
  // An event loop watches, from now on.
  bool begin_watch() {
    has_watcher_ = true;
    return begin_wait();
  }

  // ---- A worker's.

  struct Tick {
    std::uint64_t at_us = 0;
    std::uint16_t number = 0;  // counts, and begins again at 0
  };
  Tick last_tick() const {
    const std::uint64_t tick = tick_.load(std::memory_order_relaxed);
    return {tick >> kNumberBits, static_cast<std::uint16_t>(tick)};
  }
  bool waits() const { return waits_.load(std::memory_order_relaxed); }

  // It is going to sleep although packets may come. False when it must not.
  bool begin_lull() {
    lulled_workers_.fetch_add(1, std::memory_order_relaxed);
    thread_fence(std::memory_order_seq_cst);
    if (!waits()) return true;
    end_lull();
    return false;
  }
  void end_lull() { lulled_workers_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  static constexpr int kNumberBits = 16;  // 48 for the time: nine years
  // Less than this between two looks is no pause: a loop that looks again and again.
  static constexpr std::uint64_t kPauseUs = 500;
  // Looks that may belong to a wait: before it, when it has ended, at the end of what came. So many
  // more without another wait, and the consumer only looks.
  static constexpr int kLooksOfAWait = 16;

  // What is taken for the usual time after a first pause: a frame of a slow game.
  static constexpr std::uint64_t kMaxFirstUs = 50'000;

  bool begins_tick(std::uint64_t pause_us);

  Atomic<std::uint64_t> tick_{0};
  Atomic<bool> waits_{false};
  Atomic<std::uint32_t> lulled_workers_{0};
  // The consumer's.
  std::uint64_t last_look_us_ = 0;
  std::uint64_t last_tick_us_ = 0;
  std::uint64_t usual_us_ = 0;  // from tick to tick
  int looks_since_wait_ = 0;
  bool waited_since_tick_ = false;
  bool has_shrunk_ = false;
  bool found_ = false;
  bool has_watcher_ = false;
};

inline void ConsumerPace::record_look(std::uint64_t now_us, bool found) {
  const std::uint64_t pause_us = now_us - last_look_us_;
  if (pause_us >= kPauseUs && begins_tick(pause_us)) [[unlikely]] {
    const std::uint64_t number = (tick_.load(std::memory_order_relaxed) + 1) & 0xffff;
    // Not of one that waits in each of its rounds, however often it looks in between.
    if (!std::exchange(waited_since_tick_, false) && waits_.load(std::memory_order_relaxed))
      waits_.store(false, std::memory_order_relaxed);
    has_shrunk_ = false;
    tick_.store(now_us << kNumberBits | number, std::memory_order_relaxed);
    last_tick_us_ = now_us;
  }
  last_look_us_ = now_us;
  found_ = found;
}

// Work takes less than five eighths of a frame, whose usual time follows a longer one in steps: a
// single stall must not hide the ticks behind it.
inline bool ConsumerPace::begins_tick(std::uint64_t pause_us) {
  if (last_tick_us_ == 0) return true;
  const std::uint64_t usual_us = usual_us_ == 0 ? std::min(pause_us, kMaxFirstUs) : usual_us_;
  const std::uint64_t since_us = last_look_us_ + pause_us - last_tick_us_;
  if (!found_) {
    usual_us_ = std::min(since_us, 3 * usual_us);
    return true;
  }
  if (usual_us_ == 0 || pause_us < usual_us / 8 * 5) {
    // Once, until a tick is overdue: a frame may have more work than one look finds.
    const bool is_overdue = since_us > 2 * usual_us;
    const bool shrinks = usual_us_ != 0 && (!std::exchange(has_shrunk_, true) || is_overdue);
    usual_us_ = shrinks ? usual_us - usual_us / 4 : usual_us;
    return false;
  }
  usual_us_ = std::min(pause_us, usual_us + usual_us / 2);
  return true;
}

}  // namespace ringpeer::wait

#endif  // RINGPEER_ENGINE_WAIT_CONSUMER_PACE_H_
