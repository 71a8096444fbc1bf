#include "ringpeer/bench/rivals/transmitter_process.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "ringpeer/bench/rivals/control.h"
#include "ringpeer/bench/rivals/payload.h"
#include "ringpeer/bench/rivals/scheduling.h"
#include "ringpeer/tools/measure/machine_load.h"
#include "ringpeer/tools/measure/socket_drops.h"

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFanOutBurst = 64;
constexpr std::chrono::milliseconds kFanOutTick{1};
constexpr std::size_t kRunLength = 8;
constexpr std::chrono::milliseconds kRunsTick{8};
// For the first packets of the destinations; without them put() is refused and counted.
constexpr std::chrono::seconds kMaxGreeting{3};

class TransmittingProcess {
 public:
  TransmittingProcess(const TransmitTask& task, Transmitter& transmitter, int incoming_port)
      : task_(task),
        transmitter_(transmitter),
        incoming_port_(incoming_port),
        runs_(task.pattern == Pattern::kGrouped || task.pattern == Pattern::kRoundRobin) {
    const std::size_t burst = runs_ ? task.ports.size() * kRunLength : kFanOutBurst;
    payloads_.resize(burst * task.size);
    order_.resize(burst);
  }

  TransmitResult run() {
    if (transmitter_.port() != 0) accept_all();
    while (control_.phase() != Phase::kFinish) {
      tick();
      if (const Phase phase = control_.phase(); phase != seen_) enter(phase);
    }
    result_.total_failed = transmitter_.settle();
    if (task_.incoming) account_for_incoming();
    return result_;
  }

 private:
  void accept_all() {
    std::size_t accepted = 0;
    const Clock::time_point give_up = Clock::now() + kMaxGreeting;
    while (accepted < task_.ports.size() && Clock::now() < give_up) {
      if (transmitter_.accept_one()) {
        ++accepted;
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
  }

  // The sender has ended.
  void account_for_incoming() {
    while (const std::size_t taken = transmitter_.take_incoming()) result_.total_taken += taken;
    result_.incoming_kernel_drops =
        tools::kernel_drops_of_listeners(static_cast<std::uint16_t>(incoming_port_)).value_or(0);
    result_.incoming_own_drops = transmitter_.incoming_drops();
  }

  void tick() {
    next_tick_ = std::max(next_tick_ + (runs_ ? kRunsTick : kFanOutTick), Clock::now());
    std::this_thread::sleep_until(next_tick_);
    if (task_.incoming) result_.total_taken += transmitter_.take_incoming();
    // After "end" nothing more leaves, so that the counts can settle.
    if (control_.phase() == Phase::kSettle) return;
    choose_destinations();
    stamp_payloads();
    const std::chrono::nanoseconds start = tools::thread_cpu_time();
    std::uint64_t refused = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      refused += transmitter_.put(order_[i], payload(i), task_.size) ? 0 : 1;
    }
    transmitter_.end_tick();
    const std::uint64_t spent = nanoseconds_of(tools::thread_cpu_time() - start);
    result_.total_put += order_.size();
    result_.total_refused += refused;
    calling_cpu_ns_ += spent;
    if (seen_ == Phase::kMeasure)
      result_.longest_call_ns = std::max(result_.longest_call_ns, spent);
  }

  void choose_destinations() {
    const std::size_t destinations = task_.ports.size();
    for (std::size_t i = 0; i < order_.size(); ++i) {
      switch (task_.pattern) {
        case Pattern::kFanOut:
          order_[i] = next_destination_;
          next_destination_ = (next_destination_ + 1) % destinations;
          break;
        case Pattern::kGrouped:
          order_[i] = i / kRunLength;
          break;
        case Pattern::kRoundRobin:
          order_[i] = i % destinations;
          break;
        case Pattern::kToOne:
          order_[i] = 0;
          break;
      }
    }
  }

  void stamp_payloads() {
    PayloadHeader header;
    header.sent_at_ns = steady_now_ns();
    for (std::size_t i = 0; i < order_.size(); ++i) {
      header.sequence = sequence_++;
      std::memcpy(payload(i), &header, sizeof(header));
    }
  }

  std::byte* payload(std::size_t index) { return payloads_.data() + index * task_.size; }

  void enter(Phase phase) {
    if (phase == Phase::kMeasure) {
      begin_ns_ = steady_now_ns();
      begin_process_ns_ = nanoseconds_of(tools::process_cpu_time());
      begin_calling_ns_ = calling_cpu_ns_;
      begin_packets_ = accepted();
      begin_taken_ = result_.total_taken;
    } else if (seen_ == Phase::kMeasure) {
      result_.window_seconds = static_cast<double>(steady_now_ns() - begin_ns_) * 1e-9;
      result_.window_process_cpu_ns = nanoseconds_of(tools::process_cpu_time()) - begin_process_ns_;
      result_.window_calling_cpu_ns = calling_cpu_ns_ - begin_calling_ns_;
      result_.window_packets = accepted() - begin_packets_;
      result_.window_taken = result_.total_taken - begin_taken_;
    }
    seen_ = phase;
  }

  std::uint64_t accepted() const { return result_.total_put - result_.total_refused; }

  TransmitTask task_;
  Transmitter& transmitter_;
  const int incoming_port_;
  const bool runs_;
  Control control_;
  Phase seen_ = Phase::kWarmUp;
  std::vector<std::byte> payloads_;
  std::vector<std::size_t> order_;
  std::size_t next_destination_ = 0;
  std::uint32_t sequence_ = 0;
  Clock::time_point next_tick_ = Clock::now();
  std::uint64_t calling_cpu_ns_ = 0;
  std::uint64_t begin_ns_ = 0;
  std::uint64_t begin_process_ns_ = 0;
  std::uint64_t begin_calling_ns_ = 0;
  std::uint64_t begin_packets_ = 0;
  std::uint64_t begin_taken_ = 0;
  TransmitResult result_;
};

}  // namespace

int run_transmitter_process(const TransmitTask& task, const TransmitterFactory& factory) {
  TransmitterReady ready;
  std::unique_ptr<Transmitter> transmitter = factory(task.peer);
  if (transmitter == nullptr) ready.error = "this program cannot send as " + task.peer;
  if (ready.error.empty()) ready.error = claim_cpu(task.cpu);
  if (ready.error.empty()) ready.error = transmitter->open(task.ports);
  if (ready.error.empty() && task.incoming) {
    ready.incoming_port = transmitter->open_incoming();
    if (ready.incoming_port == 0) ready.error = "it takes no packets while it sends";
  }
  if (ready.error.empty()) {
    ready.port = transmitter->port();
    ready.description = transmitter->description();
  }
  print_line(ready);
  if (!ready.error.empty()) return 1;
  TransmittingProcess process(task, *transmitter, ready.incoming_port);
  print_line(process.run());
  return 0;
}

}  // namespace ringpeer::bench
