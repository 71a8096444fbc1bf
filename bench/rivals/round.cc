#include "ringpeer/bench/rivals/round.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "ringpeer/bench/process/child_process.h"
#include "ringpeer/bench/rivals/sender.h"
#include "ringpeer/bench/rivals/steal.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

using std::chrono::milliseconds;

constexpr int kOtherCpu = 1;

// Page faults, an adaptive wait and the CPU's clock have settled by then.
constexpr milliseconds kWarmUp{250};
// The sender goes on a little longer than the window, so that its end is not in it.
constexpr milliseconds kOverhang{100};
// For a server to meet its 1,000 destinations.
constexpr milliseconds kGreeting{200};
// The harness itself wakes an idle receiver once in so long.
constexpr milliseconds kIdleWait{1000};
constexpr milliseconds kStartLimit{10'000};
constexpr milliseconds kResultLimit{20'000};
// A paced sender that fell behind by more did not offer what the case says.
constexpr double kMaxRateError = 0.02;
// As large as the kernel allows without special rights. This engine uses such rights where it has
// them, the rivals do not: what is asked for must not need them.
constexpr int kLargeReceiveBuffer = 8 << 20;
// As much as the socket buffer of the peers that have no other queue.
constexpr int kLargeQueue = 8 << 20;
// A look at the clock costs as much as all else the application does, so that busy
// cases take the latency of one packet in 16.
constexpr std::uint32_t kBusySample = 16;
constexpr double kBusyRate = 20'000;

// Reads a line of JSON from a child.
template <typename T>
std::string read_json(ChildProcess& child, milliseconds limit, std::string_view who, T* value) {
  std::string line;
  if (!child.read_line(&line, limit)) {
    return fmt::format("{} gave no answer within {} ms", who, limit.count());
  }
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  if (json.is_discarded()) return fmt::format("{} wrote no JSON: {}", who, line);
  *value = json.get<T>();
  return "";
}

const std::string& program_of(const Trial& trial, const Programs& programs) {
  return trial.peer == "enet" ? programs.enet : programs.self;
}

ReceiveTask receive_task(const Trial& trial) {
  const Case& test_case = *trial.test_case;
  ReceiveTask task;
  task.peer = trial.peer;
  task.cpu = kMeasuredCpu;
  task.drain = test_case.drain;
  task.receive_buffer = test_case.default_receive_buffer
                            ? 0
                            : std::min(kLargeReceiveBuffer, largest_receive_buffer());
  task.gro = peer_uses_gro(test_case, trial.peer);
  task.latency_budget_us = static_cast<int>(test_case.latency_bound.count());
  // A slow application is to meet a queue that is full, not one that takes seconds to fill.
  task.queue_bytes = test_case.drain == Drain::kSlow ? 0 : kLargeQueue;
  if (test_case.kind == Case::Kind::kIdle) {
    task.longest_wait_ms = static_cast<int>(kIdleWait.count());
  }
  const bool quiet = test_case.packets_per_second > 0 && test_case.packets_per_second < kBusyRate;
  task.latency_sample = quiet ? 1 : kBusySample;
  return task;
}

SendTask send_task(const Trial& trial, int port) {
  const Case& test_case = *trial.test_case;
  SendTask task;
  task.port = port;
  task.cpu = kOtherCpu;
  task.size = static_cast<std::size_t>(trial.size);
  task.remotes = trial.remotes;
  task.packets_per_second = test_case.kind == Case::Kind::kSend ? test_case.incoming_per_second
                                                                : test_case.packets_per_second;
  task.train = test_case.train;
  task.ordinary_one_in = test_case.ordinary_one_in;
  task.seconds = trial.seconds + std::chrono::duration<double>(kWarmUp + kOverhang).count();
  return task;
}

struct Window {
  std::vector<CpuTicks> before;
  std::vector<CpuTicks> after;
  double steal() const { return steal_percent(before, after, kCpus); }
};

// Sleeps through it.
Window pass_window(ChildProcess& measured, double seconds) {
  Window window;
  std::this_thread::sleep_for(kWarmUp);
  window.before = read_cpu_ticks();
  measured.write_line("begin");
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  measured.write_line("end");
  window.after = read_cpu_ticks();
  return window;
}

// What others than the receiving process had of its CPU: figures of a busy machine are
// worth little, whatever goes before whom.
double neighbours_percent(const Window& window, const ReceiveResult& received) {
  const double own =
      100.0 * static_cast<double>(received.window_process_cpu_ns) * 1e-9 / received.window_seconds;
  return std::max(0.0, busy_percent(window.before, window.after, kMeasuredCpu) - own);
}

double each(std::uint64_t total, std::uint64_t packets) {
  if (packets == 0) return Measurement::kNone;
  return static_cast<double>(total) / static_cast<double>(packets);
}

double rate(std::uint64_t packets, double seconds) {
  return seconds > 0 ? static_cast<double>(packets) / seconds : Measurement::kNone;
}

void fill_received(const ReceiveResult& received, Measurement* m) {
  m->delivered_pps = rate(received.window_packets, received.window_seconds);
  m->cpu_ns_per_packet = each(received.window_process_cpu_ns, received.window_packets);
  m->app_ns_per_packet = each(received.window_application_cpu_ns, received.window_packets);
  if (received.window_calls_cpu_ns > 0) {
    m->call_ns_per_packet = each(received.window_calls_cpu_ns, received.window_packets);
  }
  m->p50_us = static_cast<double>(received.p50_ns) / 1e3;
  m->p99_us = static_cast<double>(received.p99_ns) / 1e3;
  m->p999_us = static_cast<double>(received.p999_ns) / 1e3;
  m->kernel_drops = static_cast<double>(received.kernel_drops);
  m->engine_drops = static_cast<double>(received.own_drops);
  m->drops = m->kernel_drops + m->engine_drops;
  m->reordered = static_cast<double>(received.total_reordered);
  m->delivered = static_cast<double>(received.total_packets);
  if (received.longest_call_ns > 0) {
    m->longest_call_us = static_cast<double>(received.longest_call_ns) / 1e3;
  }
  if (received.drain_pps > 0) {
    m->drain_pps = received.drain_pps;
  }
  m->wakeups_per_second = rate(received.window_switches, received.window_seconds);
  m->engine_wakeups_per_second = rate(
      received.window_switches - received.window_application_switches, received.window_seconds);
  m->receive_buffer = received.receive_buffer;
}

void fill_sent(const SendResult& sent, const ReceiveResult& received, const Trial& trial,
               Measurement* m) {
  m->offered_pps = rate(sent.sent, sent.seconds);
  m->sent = static_cast<double>(sent.sent);
  // ENet retransmits, splits and merges: its datagrams are not the messages counted here.
  if (trial.peer != "enet") m->unaccounted = m->sent - m->delivered - m->drops;
  if (trial.test_case->ordinary_one_in > 0) {
    const std::uint64_t ordinary = sent.sent - sent.sent_zero_length;
    m->ordinary_delivered_share =
        each(received.total_packets - received.total_without_header, ordinary);
  }
}

// wanted: what the case says, 0: any rate.
std::string void_reason(double steal, double offered, double wanted) {
  if (steal > kMaxStealPercent) return fmt::format("{:.1f} % steal", steal);
  if (wanted > 0 && std::abs(offered - wanted) > kMaxRateError * wanted) {
    return fmt::format("the sender offered {:.0f} packets/s", offered);
  }
  return "";
}

// Starts the sender, passes the window of the measured process, and reads the sender's
// result.
std::string run_sender(const Trial& trial, const std::string& program, int port,
                       ChildProcess& measured, SendResult* sent, Window* window) {
  ChildProcess sender;
  const nlohmann::json task = send_task(trial, port);
  if (std::string error = sender.start(program, {"send", task.dump()}); !error.empty()) {
    return error;
  }
  *window = pass_window(measured, trial.seconds);
  if (std::string error = read_json(sender, kResultLimit, "the sender", sent); !error.empty()) {
    return error;
  }
  sender.finish(kResultLimit);
  return sent->error;
}

TrialResult run_receive_trial(const Trial& trial, const Programs& programs) {
  TrialResult result;
  const std::string& program = program_of(trial, programs);
  ChildProcess receiver;
  const nlohmann::json task = receive_task(trial);
  if (result.error = receiver.start(program, {"receive", task.dump()}); !result.error.empty()) {
    return result;
  }
  ReceiverReady ready;
  if (result.error = read_json(receiver, kStartLimit, trial.peer, &ready); !result.error.empty()) {
    return result;
  }
  if (result.error = ready.error; !result.error.empty()) return result;
  result.description = ready.description;
  SendResult sent;
  Window window;
  Measurement& m = result.measurement;
  if (trial.test_case->kind == Case::Kind::kIdle) {
    window = pass_window(receiver, kIdleSeconds);
  } else {
    result.error = run_sender(trial, program, ready.port, receiver, &sent, &window);
  }
  m.steal_percent = window.steal();
  if (!result.error.empty()) return result;
  receiver.write_line("finish");
  ReceiveResult received;
  result.error = read_json(receiver, kResultLimit, trial.peer, &received);
  if (!result.error.empty()) return result;
  receiver.finish(kResultLimit);
  if (received.window_seconds <= 0) {
    result.error = "one call lasted longer than the whole window";
    return result;
  }
  // The kernel counts a train that it drops whole as one.
  if (peer_uses_gro(*trial.test_case, trial.peer)) {
    received.kernel_drops *= static_cast<std::uint64_t>(trial.test_case->train);
  }
  fill_received(received, &m);
  m.neighbours_percent = neighbours_percent(window, received);
  if (trial.test_case->kind == Case::Kind::kReceive) fill_sent(sent, received, trial, &m);
  result.void_reason =
      void_reason(m.steal_percent, m.offered_pps, trial.test_case->packets_per_second);
  return result;
}

void fill_transmitted(const TransmitResult& sent, const SinkResult& sunk, Measurement* m) {
  const std::uint64_t accepted = sent.total_put - sent.total_refused;
  m->offered_pps = rate(sent.window_packets, sent.window_seconds);
  m->delivered_pps = m->offered_pps;
  m->cpu_ns_per_packet = each(sent.window_process_cpu_ns, sent.window_packets);
  m->app_ns_per_packet = each(sent.window_calling_cpu_ns, sent.window_packets);
  m->longest_call_us = static_cast<double>(sent.longest_call_ns) / 1e3;
  m->sent = static_cast<double>(sent.total_put);
  m->delivered = static_cast<double>(sunk.received + sunk.dropped);
  // That a sink is full is the case's doing, not a loss of the sender.
  m->kernel_drops = 0;
  m->engine_drops = static_cast<double>(sent.total_failed + sent.total_refused);
  m->drops = m->engine_drops;
  m->unaccounted =
      static_cast<double>(accepted) - static_cast<double>(sent.total_failed) - m->delivered;
}

// What came in while it sent must be accounted for as well.
void fill_incoming(const TransmitResult& taken, const SendResult& came, Measurement* m) {
  m->incoming_pps = rate(taken.window_taken, taken.window_seconds);
  m->kernel_drops = static_cast<double>(taken.incoming_kernel_drops);
  m->engine_drops += static_cast<double>(taken.incoming_own_drops);
  m->drops = m->kernel_drops + m->engine_drops;
  m->unaccounted += static_cast<double>(came.sent) - static_cast<double>(taken.total_taken) -
                    static_cast<double>(taken.incoming_kernel_drops + taken.incoming_own_drops);
}

// Starts a process with its arguments and reads its first line.
template <typename Ready>
std::string start(ChildProcess& child, const Programs& programs,
                  const std::vector<std::string>& arguments, std::string_view who, Ready* ready) {
  if (std::string error = child.start(programs.self, arguments); !error.empty()) return error;
  if (std::string error = read_json(child, kStartLimit, who, ready); !error.empty()) return error;
  return ready->error;
}

// Tells it to end, and reads its last line.
template <typename Result>
std::string finish(ChildProcess& child, std::string_view who, Result* result) {
  child.write_line("finish");
  std::string error = read_json(child, kResultLimit, who, result);
  if (error.empty()) child.finish(kResultLimit);
  return error;
}

TransmitTask transmit_task(const Trial& trial, const SinkReady& destinations) {
  TransmitTask task;
  task.peer = trial.peer;
  task.cpu = kMeasuredCpu;
  task.pattern = trial.pattern;
  task.size = static_cast<std::size_t>(trial.size);
  task.ports = destinations.ports;
  task.incoming = trial.test_case->incoming_per_second > 0;
  return task;
}

TrialResult run_send_trial(const Trial& trial, const Programs& programs) {
  TrialResult result;
  std::string& error = result.error;
  ChildProcess sink;
  const std::string sockets = std::to_string(trial.test_case->destinations);
  SinkReady destinations;
  error = start(sink, programs, {"sink", std::to_string(kOtherCpu), sockets}, "the sink",
                &destinations);
  if (!error.empty()) return result;
  ChildProcess transmitter;
  const nlohmann::json task = transmit_task(trial, destinations);
  TransmitterReady ready;
  error = start(transmitter, programs, {"transmit", task.dump()}, trial.peer, &ready);
  if (!error.empty()) return result;
  result.description = ready.description;
  if (ready.port != 0) {
    sink.write_line(fmt::format("hello {}", ready.port));
    std::this_thread::sleep_for(kGreeting);
  }
  SendResult came;
  Window window;
  if (ready.incoming_port == 0) {
    window = pass_window(transmitter, trial.seconds);
  } else {
    error = run_sender(trial, programs.self, ready.incoming_port, transmitter, &came, &window);
  }
  if (!error.empty()) return result;
  TransmitResult sent;
  if (error = finish(transmitter, trial.peer, &sent); !error.empty()) return result;
  SinkResult sunk;
  if (error = finish(sink, "the sink", &sunk); !error.empty()) return result;
  if (sent.window_packets == 0) {
    error = "it sent nothing: " + std::to_string(sent.total_refused) + " packets were refused";
    return result;
  }
  Measurement& m = result.measurement;
  m.steal_percent = window.steal();
  fill_transmitted(sent, sunk, &m);
  if (ready.incoming_port != 0) fill_incoming(sent, came, &m);
  result.void_reason = void_reason(m.steal_percent, rate(came.sent, came.seconds),
                                   trial.test_case->incoming_per_second);
  return result;
}

}  // namespace

TrialResult run_trial(const Trial& trial, const Programs& programs) {
  if (program_of(trial, programs).empty()) {
    TrialResult missing;
    missing.error = "not built; build //bench/rivals/enet:enet_peer with Bazel in WORKSPACE mode";
    return missing;
  }
  const bool sends = trial.test_case->kind == Case::Kind::kSend;
  TrialResult result = sends ? run_send_trial(trial, programs) : run_receive_trial(trial, programs);
  Measurement& m = result.measurement;
  m.test_case = trial.test_case->name;
  m.peer = trial.peer;
  m.size = trial.size;
  m.remotes = sends ? trial.test_case->destinations : trial.remotes;
  if (trial.test_case->patterns.size() > 1) {
    m.order = nlohmann::json(trial.pattern).get<std::string>();
  }
  return result;
}

}  // namespace ringpeer::bench
