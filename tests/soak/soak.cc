// Mixed traffic for as long as is asked for, and after each minute the sums: every packet is where
// it belongs or counted under the reason why not, memory does not grow, descriptors are as many.
//
// usage: soak MINUTES [--minute SECONDS] [--seed N] [--plant memory|descriptor|packet]

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/tests/soak/balance.h"
#include "ringpeer/tests/soak/direct_stage.h"
#include "ringpeer/tests/soak/footprint.h"
#include "ringpeer/tests/soak/impaired_stage.h"

namespace ringpeer::soak {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Of a minute. Servers restart after each; in one of two, in the middle of the traffic as well.
constexpr int kRounds = 6;
// The rest of a game's turn.
constexpr milliseconds kPause{2};
// A day: an endless soak is a slip.
constexpr int kMaxMinutes = 24 * 60;
// Planted in each minute: less than what is allowed altogether, so that only its growth is seen.
constexpr std::size_t kPlantedBytes = std::size_t{768} << 10;

struct Options {
  int minutes = 0;
  double seconds_a_minute = 60;
  std::uint64_t seed = 1;
  std::string plant;
};

// False when the command line makes no sense.
bool read_options(int argc, char** argv, Options* options) {
  if (argc < 2) return false;
  options->minutes = std::atoi(argv[1]);
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--minute") {
      options->seconds_a_minute = std::atof(argv[i + 1]);
    } else if (name == "--seed") {
      options->seed = std::strtoull(argv[i + 1], nullptr, 10);
    } else if (name == "--plant") {
      options->plant = argv[i + 1];
    } else {
      return false;
    }
  }
  const std::string& plant = options->plant;
  return argc % 2 == 0 && options->minutes >= 1 && options->minutes <= kMaxMinutes &&
         options->seconds_a_minute > 0 &&
         (plant.empty() || plant == "memory" || plant == "descriptor" || plant == "packet");
}

// So little that it is used up in the first minutes: what is resident then is the most.
constexpr std::size_t kPayloadBudget = std::size_t{2} << 20;

EngineOptions engine_of_steady() {
  EngineOptions options;
  options.workers = 1;
  options.payload_budget = kPayloadBudget;
  return options;
}

// The other backend, several workers, and little of everything: here the bounds are reached.
EngineOptions engine_of_fleeting() {
  EngineOptions options;
  options.backend = BackendKind::kRecvmmsg;
  options.workers = 2;
  options.socket_receive_buffer = 32 << 10;
  options.payload_budget = kPayloadBudget;
  return options;
}

// The counters of all that was not delivered or sent, by name, with what they came to.
std::string reasons_in(const CounterSnapshot& totals) {
  std::string text;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    const CounterInfo& info = counter_info(static_cast<Counter>(i));
    const bool is_reason =
        info.is_drop || info.name == "kernel_drops" || info.name.starts_with("send_failed");
    if (is_reason && totals.values[i] > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", info.name, totals.values[i]);
    }
  }
  return text.empty() ? "none" : text;
}

class Soak {
 public:
  explicit Soak(const Options& options)
      : options_(options),
        steady_("steady players", engine_of_steady(), false, options.seed),
        fleeting_("fleeting players", engine_of_fleeting(), true, options.seed + 1),
        impaired_(options.seed + 2) {}

  int run() {
    for (int minute = 1; minute <= options_.minutes; ++minute) {
      run_minute();
      if (minute == 1) tell_backends();
      report(minute);
    }
    return conclude();
  }

 private:
  void run_minute() {
    const std::chrono::duration<double> length(options_.seconds_a_minute / kRounds);
    impaired_.begin_minute();
    for (int round = 0; round < kRounds; ++round) {
      run_round(std::chrono::duration_cast<Clock::duration>(length), round);
    }
    impaired_.end_minute(&balance_);
    plant();
    if (footprints_.size() < kWarmMinute) touch_pools();
    footprints_.push_back(footprint_of_this_process());
  }

  void run_round(Clock::duration length, int round) {
    steady_.begin_round(ServerReceive::kPerRemote);
    fleeting_.begin_round(round % 4 < 2 ? ServerReceive::kTogether : ServerReceive::kPerRemote);
    // Until memory is judged, more than afterwards: so that it is at its most by then.
    const bool is_warming = footprints_.size() < kWarmMinute;
    if (round == 0 || is_warming) {
      const bool holds_workers_up = is_warming && round % 2 == 1;
      steady_.flood(holds_workers_up);
      fleeting_.flood(holds_workers_up);
    }
    const Clock::time_point begin = Clock::now();
    bool is_to_restart = round % 2 == 1;
    for (Clock::time_point now = begin; now < begin + length; now = Clock::now()) {
      steady_.turn();
      fleeting_.turn();
      impaired_.turn();
      if (is_to_restart && now > begin + length / 2) {
        fleeting_.restart_in_traffic();
        is_to_restart = false;
      }
      std::this_thread::sleep_for(kPause);
    }
    steady_.end_round(&balance_);
    fleeting_.end_round(&balance_);
  }

  // What this run is to find.
  void plant() {
    if (options_.plant == "memory") {
      planted_.push_back(std::make_unique<std::vector<char>>(kPlantedBytes, 'x'));
    }
    if (options_.plant == "descriptor") (void)::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (options_.plant == "packet") balance_.expect_equal("a planted packet", 1, 0);
  }

  void tell_backends() const {
    fmt::print("backends: {}, {} and {}; a minute has {} s\n", steady_.backend(),
               fleeting_.backend(), impaired_.backend(), options_.seconds_a_minute);
  }

  CounterSnapshot totals() const {
    CounterSnapshot all = steady_.totals();
    all += fleeting_.totals();
    all += impaired_.totals();
    return all;
  }

  void report(int minute) {
    const CounterSnapshot all = totals();
    const Footprint& footprint = footprints_.back();
    constexpr double kMebibyte = 1 << 20;
    fmt::print(
        "minute {}: {} received, {} delivered, {} dropped and {} by the kernel; {} put, {} sent; "
        "the relay lost {}; unaccounted {}; resident {:.2f} MiB, heap {:.2f} MiB, descriptors {}\n",
        minute, all[Counter::kReceivedPackets], all[Counter::kDeliveredPackets],
        all.dropped_packets(), all[Counter::kKernelDrops], all[Counter::kSendRequestedPackets],
        all[Counter::kSentPackets], impaired_.lost(), balance_.unaccounted(),
        static_cast<double>(footprint.resident_bytes) / kMebibyte,
        static_cast<double>(footprint.heap_bytes) / kMebibyte, footprint.descriptors);
    for (; told_ < balance_.complaints().size(); ++told_) {
      fmt::print("  {}\n", balance_.complaints()[told_]);
    }
    std::fflush(stdout);
  }

  int conclude() const {
    const std::vector<std::string> complaints = judge_footprints(footprints_);
    for (const std::string& complaint : complaints) fmt::print("{}\n", complaint);
    const bool is_good = complaints.empty() && balance_.complaints().empty();
    const std::size_t minutes = footprints_.size();
    std::string memory = fmt::format("memory is judged from minute {} on", kWarmMinute);
    if (minutes > kWarmMinute) {
      const auto of = [&](std::size_t minute) {
        return static_cast<double>(footprints_[minute - 1].resident_bytes) / 1024;
      };
      memory = fmt::format("resident memory of minute {} is that of minute {} and {:.0f} KiB",
                           minutes, kWarmMinute, of(minutes) - of(kWarmMinute));
    }
    fmt::print("not delivered or not sent: {}\n", reasons_in(totals()));
    fmt::print(
        "{}: {} minutes of soak: {} unaccounted; {}; descriptors {}\n", is_good ? "good" : "FAILED",
        minutes, balance_.unaccounted(), memory,
        footprints_.back().descriptors == footprints_.front().descriptors ? "equal" : "not equal");
    return is_good ? 0 : 1;
  }

  Options options_;
  DirectStage steady_;
  DirectStage fleeting_;
  ImpairedStage impaired_;
  Balance balance_;
  std::vector<Footprint> footprints_;
  std::vector<std::unique_ptr<std::vector<char>>> planted_;
  std::size_t told_ = 0;  // of the balance's complaints
};

}  // namespace
}  // namespace ringpeer::soak

int main(int argc, char** argv) {
  ringpeer::soak::Options options;
  if (!ringpeer::soak::read_options(argc, argv, &options)) {
    fmt::print(stderr,
               "usage: soak MINUTES [--minute SECONDS] [--seed N] "
               "[--plant memory|descriptor|packet]\n");
    return 2;
  }
  // Two mebibytes that become resident at once, when the kernel likes, would hide a leak or feign
  // one.
  ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  try {
    return ringpeer::soak::Soak(options).run();
  } catch (const std::exception& exception) {
    fmt::print(stderr, "soak: {}\n", exception.what());
    return 1;
  }
}
