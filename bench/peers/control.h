#ifndef RINGPEER_BENCH_PEERS_CONTROL_H_
#define RINGPEER_BENCH_PEERS_CONTROL_H_

#include <atomic>
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
  Control();
  ~Control();
  Phase phase() const { return phase_.load(std::memory_order_relaxed); }

 private:
  void read_words();

  std::atomic<Phase> phase_{Phase::kWarmUp};
  std::thread reader_;
};

// One line of JSON on standard output, flushed.
void print_line(const nlohmann::json& value);

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_PEERS_CONTROL_H_
