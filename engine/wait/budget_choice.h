#ifndef RINGPEER_ENGINE_WAIT_BUDGET_CHOICE_H_
#define RINGPEER_ENGINE_WAIT_BUDGET_CHOICE_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringpeer::wait {

// Which latency budget costs least while a consumer waits: measured, because what a wake-up costs
// depends on the machine, on what else it does, and on how much comes.
//
// The candidates are to wake at once, 50 us, 200 us and longer ones, as far as the bound allows.
// Time is divided into epochs of one candidate each, of which every packet's price is known: the
// CPU time of the worker's thread, and what waking the consumer costs. Most epochs are of the
// choice; every now and then one is of another candidate, which is given up again, or chosen after
// a second look. When the rate or the price has changed by a third, all are looked at.
//
// A candidate so short that nothing would come together in it costs what waking at once does, and
// is not looked at.
//
// Times are in microseconds of the engine's clock, prices in nanoseconds.
//
// Threads: the worker's.
class BudgetChoice {
 public:
  explicit BudgetChoice(std::chrono::microseconds bound);

  // The budget of the next wait.
  std::chrono::microseconds current() const { return budgets_[current_]; }
  std::chrono::microseconds chosen() const { return budgets_[chosen_]; }
  bool is_exploring() const { return current_ != chosen_; }
  std::span<const std::chrono::microseconds> candidates() const {
    return {budgets_.data(), count_};
  }
  // How often the choice was another one than before.
  std::uint64_t changes() const { return changes_; }

  // Measures from now on: before, something else decided how the worker waits.
  void begin(std::uint64_t now_us, std::uint64_t cpu_ns);
  // A wait has ended, with so many packets, for which so many consumers were woken.
  void record_wait(std::uint64_t now_us, std::uint64_t packets, std::uint64_t woken);
  // Whether to end the epoch now; with the CPU time that the thread has had, and what it costs to
  // wake a consumer.
  bool is_epoch_over(std::uint64_t now_us) const;
  void end_epoch(std::uint64_t now_us, std::uint64_t cpu_ns, std::uint64_t wake_ns);

 private:
  static constexpr std::size_t kMaxBudgets = 8;
  // Rates by factors of two: each has prices of its own, which are there again when it is.
  static constexpr std::size_t kLevels = 33;

  struct Price {
    std::uint64_t ns = 0;  // 0: not known
    std::uint64_t looked_us = 0;
  };
  struct Epoch {
    std::uint64_t begun_us = 0;
    std::uint64_t cpu_ns = 0;
    std::uint64_t packets = 0;
    std::uint64_t waits = 0;  // that brought packets
    std::uint64_t woken = 0;
    // Of these, the ones that a longer budget would have put together with the one before.
    std::array<std::uint64_t, kMaxBudgets> close{};
  };

  std::uint64_t expected(std::uint64_t us) const;
  bool learn_gains(bool is_of_rate);
  void follow_rate(std::uint64_t rate, std::uint64_t now_us);
  void follow_price(std::uint64_t price_ns, std::uint64_t now_us);
  void record_price(std::uint64_t price_ns, std::uint64_t now_us);
  void look_at_all(std::uint64_t now_us);
  void plan_next(std::uint64_t now_us, std::uint64_t took_us);
  void give_up_look(std::uint64_t now_us, std::uint64_t took_us);
  void delay_next_look(std::uint64_t now_us);
  void end_look(std::uint64_t now_us, std::uint64_t took_us);
  std::size_t next_of_round() const;
  std::size_t next_in_turn();
  std::size_t best() const;
  void choose(std::size_t candidate, std::uint64_t now_us);

  std::array<std::chrono::microseconds, kMaxBudgets> budgets_{};
  std::size_t count_ = 0;
  std::size_t chosen_ = 0;
  std::size_t current_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t changed_us_ = 0;

  Epoch epoch_;
  std::uint64_t last_wait_us_ = 0;
  std::uint64_t rate_ = 0;  // packets a second
  std::size_t level_ = 0;   // of that rate
  std::array<std::array<Price, kMaxBudgets>, kLevels> prices_{};
  // Of a thousand waits, those that something comes together in, and whether that is enough.
  std::array<std::uint64_t, kMaxBudgets> shares_{};
  std::array<bool, kMaxBudgets> gains_{};
  int odd_prices_ = 0;  // one after another

  // All are looked at, one after another: since when.
  bool is_round_ = false;
  bool wants_round_ = false;
  std::uint64_t round_us_ = 0;
  std::array<int, kMaxBudgets> round_looks_{};
  bool is_second_look_ = false;
  std::uint64_t next_look_us_ = 0;
  std::uint64_t look_us_ = 0;  // that the looks since then have taken
  std::size_t turn_ = 0;       // of the longer budgets
  std::uint64_t looks_ = 0;    // at waking at once
};

}  // namespace ringpeer::wait

#endif  // RINGPEER_ENGINE_WAIT_BUDGET_CHOICE_H_
