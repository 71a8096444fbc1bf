#include "ringpeer/bench/rivals/receiver_process.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "ringpeer/bench/rivals/control.h"
#include "ringpeer/bench/rivals/scheduling.h"
#include "ringpeer/bench/rivals/udp_socket.h"
#include "ringpeer/tools/measure/machine_load.h"
#include "ringpeer/tools/measure/socket_drops.h"

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;

// After "finish" a receiver is done when it got nothing for so long; the limit ends one
// that never runs dry.
constexpr std::chrono::milliseconds kQuiet{120};
constexpr std::chrono::seconds kMaxSettling{6};

struct Snapshot {
  std::uint64_t wall_ns = 0;
  std::uint64_t process_cpu_ns = 0;
  std::uint64_t application_cpu_ns = 0;
  std::uint64_t switches = 0;
  std::uint64_t application_switches = 0;
  std::uint64_t packets = 0;
  std::uint64_t without_header = 0;
};

class ReceivingProcess {
 public:
  ReceivingProcess(const ReceiveTask& task, Receiver& receiver)
      : task_(task), receiver_(receiver), application_(task.latency_sample) {
    if (task.drain == Drain::kSlow) {
      application_.set_work(kSlowWork);
      result_.drain_pps = application_.measure_work_rate();
    }
  }

  ReceiveResult run() {
    Clock::time_point last_arrival = Clock::now();
    Clock::time_point finish_seen{};
    for (std::uint64_t before = 0;;) {
      step();
      const Phase phase = control_.phase();
      if (phase != seen_) enter(phase);
      if (phase != Phase::kFinish) continue;
      const Clock::time_point now = Clock::now();
      if (finish_seen == Clock::time_point{}) finish_seen = last_arrival = now;
      if (application_.packets() != before) last_arrival = now;
      before = application_.packets();
      if (now - last_arrival > kQuiet || now - finish_seen > kMaxSettling) break;
    }
    return totals();
  }

 private:
  void step() {
    switch (task_.drain) {
      case Drain::kAsTheyCome:
        receiver_.wait_and_receive(application_);
        return;
      case Drain::kPerFrame:
        next_frame_ = std::max(next_frame_ + kFrame, Clock::now());
        std::this_thread::sleep_until(next_frame_);
        timed_call(SIZE_MAX);
        return;
      case Drain::kSlow:
        if (!timed_call(kSlowBudget)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return;
    }
  }

  // On the thread's own clock, so that being preempted does not count as a long call.
  bool timed_call(std::size_t most) {
    const std::uint64_t before = application_.packets();
    const std::chrono::nanoseconds start = tools::thread_cpu_time();
    receiver_.receive_available(application_, most);
    if (seen_ == Phase::kMeasure) {
      const std::uint64_t spent = nanoseconds_of(tools::thread_cpu_time() - start);
      longest_call_ns_ = std::max(longest_call_ns_, spent);
      calls_ns_ += spent;
    }
    return application_.packets() != before;
  }

  void enter(Phase phase) {
    if (phase == Phase::kMeasure) {
      application_.forget_latencies();
      begin_ = take_snapshot();
    } else if (seen_ == Phase::kMeasure) {
      close_window(take_snapshot());
      // What is left is only to be counted.
      application_.set_work({});
    }
    seen_ = phase;
  }

  Snapshot take_snapshot() const {
    return {steady_now_ns(),
            nanoseconds_of(tools::process_cpu_time()),
            nanoseconds_of(tools::thread_cpu_time()),
            process_voluntary_switches(),
            thread_voluntary_switches(),
            application_.packets(),
            application_.without_header()};
  }

  void close_window(const Snapshot& end) {
    result_.window_seconds = static_cast<double>(end.wall_ns - begin_.wall_ns) / 1e9;
    result_.window_packets = end.packets - begin_.packets;
    result_.window_process_cpu_ns = end.process_cpu_ns - begin_.process_cpu_ns;
    result_.window_application_cpu_ns = end.application_cpu_ns - begin_.application_cpu_ns;
    result_.window_switches = end.switches - begin_.switches;
    result_.window_application_switches = end.application_switches - begin_.application_switches;
    result_.window_without_header = end.without_header - begin_.without_header;
    result_.p50_ns = nanoseconds_of(application_.latencies().percentile(0.50));
    result_.p99_ns = nanoseconds_of(application_.latencies().percentile(0.99));
    result_.p999_ns = nanoseconds_of(application_.latencies().percentile(0.999));
    result_.longest_call_ns = longest_call_ns_;
    result_.window_calls_cpu_ns = calls_ns_;
  }

  ReceiveResult totals() {
    result_.total_packets = application_.packets();
    result_.total_without_header = application_.without_header();
    result_.total_reordered = application_.reordered();
    result_.kernel_drops =
        tools::kernel_drops_of_listeners(static_cast<std::uint16_t>(receiver_.port())).value_or(0);
    result_.own_drops = receiver_.own_drops();
    result_.receive_buffer = granted_receive_buffer(receiver_.port());
    return result_;
  }

  ReceiveTask task_;
  Receiver& receiver_;
  Application application_;
  Control control_;
  Phase seen_ = Phase::kWarmUp;
  Snapshot begin_;
  Clock::time_point next_frame_ = Clock::now();
  std::uint64_t longest_call_ns_ = 0;
  std::uint64_t calls_ns_ = 0;
  ReceiveResult result_;
};

}  // namespace

int run_receiver_process(const ReceiveTask& task, const ReceiverFactory& factory) {
  ReceiverReady ready;
  std::unique_ptr<Receiver> receiver = factory(task.peer);
  if (receiver == nullptr) ready.error = "this program has no peer " + task.peer;
  if (ready.error.empty()) ready.error = claim_cpu(task.cpu);
  std::optional<ReceivingProcess> process;
  if (ready.error.empty()) {
    // Its work is timed before the receiver's own threads and the sender are there.
    process.emplace(task, *receiver);
    ReceiverOptions options;
    options.receive_buffer = task.receive_buffer;
    options.gro = task.gro;
    options.latency_budget = std::chrono::microseconds(task.latency_budget_us);
    options.queue_bytes = task.queue_bytes;
    options.longest_wait = std::chrono::milliseconds(task.longest_wait_ms);
    ready.error = receiver->open(options);
  }
  if (ready.error.empty()) {
    ready.port = receiver->port();
    ready.description = receiver->description();
  }
  print_line(ready);
  if (!ready.error.empty()) return 1;
  print_line(process->run());
  return 0;
}

}  // namespace ringpeer::bench
