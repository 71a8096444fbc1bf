#include "ringpeer/tools/load/load_run.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "ringpeer/tools/command/descriptor_limit.h"
#include "ringpeer/tools/load/load_validity.h"
#include "ringpeer/tools/measure/machine_load.h"
#include "ringpeer/tools/measure/receive_buffer.h"
#include "ringpeer/tools/measure/seconds_to_nanoseconds.h"
#include "ringpeer/tools/measure/socket_drops.h"

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;

// Threads have started, and all begin at the same time.
constexpr milliseconds kLead{10};
constexpr milliseconds kWatchInterval{100};
// What a search without a range tries: a rate that any server has, and one that none has.
constexpr double kFirstRateOfSearch = 100;
constexpr double kMaxRateOfSearch = 10'000'000;
// How many steps a search takes, about, for whoever watches it.
constexpr double kStepsOfSearch = 25;
constexpr double kPercent = 100;

// Signals are for the thread that watches.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    blocked_ = pthread_sigmask(SIG_SETMASK, &all, &before_) == 0;
  }
  ~SignalsBlocked() {
    if (blocked_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_ = {};
  bool blocked_ = false;
};

// More than any limit of open files.
constexpr double kMaxSockets = 1e9;
// How long a client that has left waits for its last answers, about, without an impairment...
constexpr milliseconds kLastAnswers{1000};
// ... and where it expects none: until the generator looks after those who have left.
constexpr milliseconds kNoAnswers{50};

// What the clients and those that have left and wait for their last answers have open.
struct Sockets {
  std::uint32_t usual = 0;  // where all is answered
  std::uint32_t most = 0;   // where each waits as long as it may
};

Sockets sockets_of(const LoadOptions& options) {
  const std::uint32_t clients = clients_of_part(options);
  if (!options.session_seconds) return {.usual = clients, .most = clients};
  const bool expects_any = options.expect != ExpectedReply::kNothing;
  std::chrono::duration<double> waiting = expects_any ? kLastAnswers : kNoAnswers;
  for (const Impairment& asked : options.impairment.impairments) {
    waiting += asked.delay + asked.jitter;  // what an impairment adds
  }
  const std::chrono::duration<double> longest = LoadGenerator::longest_leave(options);
  const auto with_those_leaving = [&](double sessions) {
    return static_cast<std::uint32_t>(std::min(kMaxSockets, std::ceil(clients * (1 + sessions))));
  };
  return {.usual = with_those_leaving(std::min(1.0, waiting.count() / *options.session_seconds)),
          .most = with_those_leaving(1 + longest.count() / *options.session_seconds)};
}

RateRange range_of_search(const LoadOptions& options) {
  if (options.ramp) return *options.ramp;
  return {kFirstRateOfSearch, std::min(kMaxRateOfSearch, LoadOptions::kMaxRate * options.clients)};
}

}  // namespace

LoadRun::LoadRun(const LoadOptions& options, const LoadPayload& payload) : options_(options) {
  const std::uint32_t generators = options.threads * options.part.of;
  for (std::uint32_t i = 0; i < options.threads; ++i) {
    const GeneratorShare share{.index = (options.part.number - 1) * options.threads + i,
                               .of = generators};
    generators_.push_back(
        std::make_unique<LoadGenerator>(options_, share, payload.clone(), &board_));
  }
}

bool LoadRun::open(std::string* error) {
  const Sockets sockets = sockets_of(options_);
  if (!allow_descriptors_for(sockets.usual, sockets.most, error)) return false;
  return std::all_of(generators_.begin(), generators_.end(),
                     [error](auto& generator) { return generator->open(error); });
}

LoadReport LoadRun::run(const StopSignal& stop, const Watcher& watcher) {
  stop_ = &stop;
  watcher_ = watcher;
  steal_ = StealMeter();
  cpu_before_ = process_cpu_time();
  const auto drops_before = drops_at_targets();
  report_.started_at = utc_text(std::chrono::system_clock::now());
  report_.machine = describe_machine();
  for (const net::Endpoint& target : options_.targets) {
    report_.addresses.push_back(target.to_string());
  }

  started_ = Clock::now() + kLead;
  const auto interval = series_interval(std::chrono::duration<double>(planned_seconds()));
  for (auto& generator : generators_) generator->begin(started_, interval);
  if (options_.has_steps()) {
    run_steps();
  } else {
    report_.add_counts(run_phase(options_.rate * options_.clients, options_.seconds).counts);
  }
  report_.seconds = sending_s_;
  on_all([](LoadGenerator& generator) { generator.finish(); });

  report_.series.set_interval(interval);
  for (auto& generator : generators_) {
    report_.add_counts(generator->take_report());
    report_.series.merge(generator->series());
  }
  const auto drops_after = drops_at_targets();
  if (drops_before && drops_after && *drops_after >= *drops_before) {
    report_.server_kernel_drops = *drops_after - *drops_before;
  }
  report_.threads = options_.threads;
  report_.stopped_by_signal = stop.number();
  report_.steal_percent = steal_.percent();
  report_.cpu = process_cpu_time() - cpu_before_;
  return std::move(report_);
}

LoadRun::PhaseResult LoadRun::run_phase(double packets_per_second, double seconds) {
  PhaseResult result;
  const StealMeter steal;
  const std::uint64_t inputs_before = inputs_received();
  offered_per_s_ = packets_per_second;
  const LoadPhase phase{.start = sending_s_ > 0 ? Clock::now() + kLead : started_,
                        .length = nanoseconds_of(seconds),
                        .packets_per_second = packets_per_second};
  on_all([&](LoadGenerator& generator) {
    generator.send(phase, stopping_);
    if (options_.has_steps()) generator.settle(stopping_);
  });
  Clock::time_point sent_until = phase.start;
  for (const auto& generator : generators_) {
    sent_until = std::max(sent_until, generator->sent_until());
  }
  sending_s_ += std::chrono::duration<double>(sent_until - phase.start).count();
  for (auto& generator : generators_) result.counts.add_counts(generator->take_report());
  const std::uint64_t inputs = inputs_received();
  result.answered = inputs > 0 ? inputs - inputs_before : result.counts.round_trip.count();
  result.steal_percent = steal.percent();
  return result;
}

// ---- Steps --------------------------------------------------------------------

void LoadRun::run_steps() {
  if (options_.find_max) {
    report_.find_max = find_max(range_of_search(options_), options_.goal.value_or(LoadGoal()),
                                [this](double rate) { return measure_step(rate); });
    return;
  }
  for (const double rate : ramp_rates(*options_.ramp, options_.steps)) {
    if (!measure_step(rate)) return;
  }
}

std::optional<LoadStep> LoadRun::measure_step(double packets_per_second) {
  if (stopping_ || stop_->requested() || report_.wait_error != 0) return std::nullopt;
  const PhaseResult result = run_phase(packets_per_second, options_.step_seconds);
  report_.add_counts(result.counts);
  LoadStep step{.offered_per_s = packets_per_second,
                .seconds = options_.step_seconds,
                .sent = result.counts.sent,
                .lost_percent = std::nullopt,
                .p99_us = std::nullopt,
                .holds = std::nullopt,
                .valid = true,
                .why = ""};
  judge_step(result, &step);
  // One that was cut short is not what was asked for.
  if (stopping_) {
    step.valid = false;
    step.holds.reset();
    step.why = "stopped by a signal";
  }
  report_.steps.push_back(step);
  if (stopping_) return std::nullopt;
  return step;
}

void LoadRun::judge_step(const PhaseResult& result, LoadStep* step) const {
  GeneratorHealth health = health_of(result.counts);
  health.steal_percent = result.steal_percent;
  for (const std::string& reason : reasons_against(health)) {
    step->valid = false;
    step->why += (step->why.empty() ? "" : "; ") + reason;
  }
  const std::uint64_t due = result.counts.sent + result.counts.send_refused;
  if (options_.expect == ExpectedReply::kNothing || due == 0) return;
  const auto lost = static_cast<double>(due - std::min(due, result.answered));
  step->lost_percent = kPercent * lost / static_cast<double>(due);
  if (result.counts.round_trip.count() > 0) {
    step->p99_us = static_cast<double>(result.counts.round_trip.percentile(0.99).count()) / 1e3;
  }
  if (options_.goal || options_.find_max) hold_to_goal(result.counts, step);
}

// What keeps the goal keeps it, however late this program was: its lateness is in the round trips.
// But all of it must have been offered: of less nothing can be said.
void LoadRun::hold_to_goal(const LoadReport& counts, LoadStep* step) const {
  const LoadGoal goal = options_.goal.value_or(LoadGoal());
  const bool loses = *step->lost_percent > goal.loss_percent;
  const bool is_kept = !loses && step->p99_us && *step->p99_us <= goal.p99_us;
  const std::uint64_t left_out = counts.send_missed + counts.send_refused;
  if (is_kept && left_out == 0) step->holds = true;
  if (is_kept && left_out > 0 && step->valid) {
    step->why = fmt::format("{} of {} packets were not sent, so the rate was not offered whole",
                            left_out, counts.sent + left_out);
  }
  if (is_kept || !step->valid) return;
  step->holds = false;
  step->why = loses ? fmt::format("{:.2f} % lost", *step->lost_percent)
                    : fmt::format("p99 {:.0f} us", step->p99_us.value_or(0));
}

std::uint64_t LoadRun::inputs_received() const {
  std::uint64_t sum = 0;
  for (const auto& generator : generators_) sum += generator->inputs_received();
  return sum;
}

std::optional<std::uint64_t> LoadRun::drops_at_targets() const {
  std::optional<std::uint64_t> sum = 0;
  for (const net::Endpoint& target : options_.targets) {
    const auto drops = kernel_drops_at(target);
    if (!drops) return std::nullopt;
    *sum += *drops;
  }
  return sum;
}

// ---- Threads and what is seen of them -----------------------------------------

void LoadRun::on_all(const std::function<void(LoadGenerator&)>& work) {
  std::mutex mutex;
  std::condition_variable ended;
  std::vector<bool> has_ended(generators_.size());
  const auto all_ended = [&] {
    return std::find(has_ended.begin(), has_ended.end(), false) == has_ended.end();
  };
  std::vector<std::jthread> threads;
  try {
    const SignalsBlocked blocked;
    for (std::size_t i = 0; i < generators_.size(); ++i) {
      threads.emplace_back([&, i] {
        work(*generators_[i]);
        const std::lock_guard lock(mutex);
        has_ended[i] = true;
        ended.notify_one();
      });
    }
  } catch (const std::system_error& failure) {
    stopping_ = true;  // those that have started
    throw std::runtime_error(
        fmt::format("a thread cannot be started: {}. Use fewer --threads, or raise the limit "
                    "(ulimit -u, ulimit -v, a container's).",
                    failure.what()));
  }
  std::unique_lock lock(mutex);
  while (!ended.wait_for(lock, kWatchInterval, all_ended)) {
    // Threads go on ending while the lock is away.
    const std::vector<bool> ended_so_far(has_ended.begin(), has_ended.end());
    lock.unlock();
    if (stop_->requested()) stopping_ = true;
    watch();
    tell_if_asked(ended_so_far);
    lock.lock();
  }
}

void LoadRun::tell_on(StatusSignal* status, Teller teller) {
  status_ = status;
  teller_ = std::move(teller);
}

void LoadRun::tell_if_asked(const std::vector<bool>& has_ended) {
  if (status_ == nullptr) return;
  if (status_->take() && interims_.empty()) {
    interims_.resize(generators_.size());
    for (auto& generator : generators_) {
      (void)generator->interim().take();  // of an earlier time
      generator->interim().ask();
    }
  }
  if (interims_.empty()) return;
  if (const auto report = report_so_far(has_ended)) teller_(*report);
}

// Nothing as long as a generator that works has not handed over its part; one that has ended its
// work is read as it is.
std::optional<LoadReport> LoadRun::report_so_far(const std::vector<bool>& has_ended) {
  for (std::size_t i = 0; i < generators_.size(); ++i) {
    if (!interims_[i]) interims_[i] = generators_[i]->interim().take();
    if (!interims_[i] && has_ended[i]) interims_[i] = generators_[i]->report_so_far();
    if (!interims_[i]) return std::nullopt;
  }
  LoadReport report = report_;
  for (const auto& interim : interims_) report.add_counts(*interim);
  interims_.clear();
  report.is_interim = true;
  report.threads = options_.threads;
  report.seconds = std::max(0.0, std::chrono::duration<double>(Clock::now() - started_).count());
  report.steal_percent = steal_.percent();
  report.cpu = process_cpu_time() - cpu_before_;
  return report;
}

std::string LoadRun::complaint_about_buffer() const {
  const std::optional<int> granted = generators_.front()->socket_buffer();
  if (options_.receive_buffer == 0 || !granted) return "";
  return complaint_about_receive_buffer(options_.receive_buffer, *granted);
}

std::string LoadRun::complaint_about_results() const {
  if (options_.csv_clients.empty()) return "";
  const double most = most_client_results(options_, planned_seconds());
  if (most <= static_cast<double>(kMaxClientResults)) return "";
  return fmt::format(
      "--csv-clients: {:.0f} clients would come and go, and there is room for {}. Use a longer "
      "--session, or a shorter run.",
      most, kMaxClientResults);
}

std::vector<ClientResult> LoadRun::client_results() const {
  std::vector<ClientResult> all;
  for (const auto& generator : generators_) {
    const auto& results = generator->client_results();
    all.insert(all.end(), results.begin(), results.end());
  }
  return all;
}

void LoadRun::watch() {
  if (!watcher_) return;
  LiveFigures figures = board_.look();
  figures.elapsed_s = std::chrono::duration<double>(Clock::now() - started_).count();
  figures.planned_s = planned_seconds();
  figures.offered_per_s = offered_per_s_;
  watcher_(figures);
}

double LoadRun::planned_seconds() const {
  if (options_.find_max) return kStepsOfSearch * options_.step_seconds;
  return options_.ramp ? options_.steps * options_.step_seconds : options_.seconds;
}

std::string progress_text(const LiveFigures& figures) {
  constexpr int kWidth = 20;
  using Milliseconds = std::chrono::duration<double, std::milli>;
  const double done =
      figures.planned_s > 0 ? std::clamp(figures.elapsed_s / figures.planned_s, 0.0, 1.0) : 1;
  const auto filled = static_cast<std::size_t>(std::lround(done * kWidth));
  return fmt::format(
      "[{:<{}}] {:.0f} of {:.0f} s, {:.0f} s left: {} clients, {} sent, "
      "{} received, p50 {:.2f} ms, p99 {:.2f} ms",
      std::string(filled, '='), kWidth, figures.elapsed_s, figures.planned_s,
      std::max(0.0, figures.planned_s - figures.elapsed_s), figures.clients, figures.sent,
      figures.received, Milliseconds(figures.recent.percentile(0.5)).count(),
      Milliseconds(figures.recent.percentile(0.99)).count());
}

}  // namespace ringpeer::tools
