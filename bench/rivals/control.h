#ifndef RINGPEER_BENCH_RIVALS_CONTROL_H_
#define RINGPEER_BENCH_RIVALS_CONTROL_H_

#include <atomic>
#include <functional>
#include <thread>

#include <nlohmann/json.hpp>

namespace ringpeer::bench {

// Where a measured process is in its round; each word of the runner is one step on.
enum class Phase {
  kWarmUp,   // until "begin"
  kMeasure,  // until "end"
  kSettle,   // until "finish": the sender stops
  kFinish,   // takes what is left and ends
};

// Reads the runner's words from standard input on a thread of its own, which sleeps
// but for three wake-ups a round. End of input counts as "finish".
class Control {
 public:
  // on_hello is told the port of a "hello PORT", on the reading thread.
  explicit Control(std::function<void(int port)> on_hello = nullptr);
  ~Control();
  Phase phase() const { return phase_.load(std::memory_order_relaxed); }

 private:
  void read_words();

  const std::function<void(int port)> on_hello_;
  std::atomic<Phase> phase_{Phase::kWarmUp};
  std::thread reader_;
};

// One line of JSON on standard output, flushed.
void print_line(const nlohmann::json& value);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_CONTROL_H_
