#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "ringpeer/tools/command/text_table.h"
#include "ringpeer/tools/doctor/checks.h"

// What runs the engine, and what brings its datagrams.

namespace ringpeer::tools {
namespace {

constexpr double kUsPerMs = 1000;
constexpr double kMsPerSecond = 1000;
// From which on benchmarks of this project do not count a round, and from which on whole frames go.
constexpr double kMuchSteal = 5;
constexpr double kFatalSteal = 20;
// Half a microsecond of one packet in ten is what the engine spends on time; a system call takes
// as long, a look without one a tenth.
constexpr double kSlowClockNs = 200;
// Beyond, a packet that wakes a processor is late by more than a short latency budget.
constexpr std::uint64_t kDeepIdleUs = 100;
// The ring of an interface has to hold what comes until its softirq runs.
constexpr double kRingMs = 2;

std::string number(std::uint64_t count) { return with_thousands(static_cast<std::int64_t>(count)); }

Finding unknown(const char* check, const char* why) {
  return {check, Verdict::kNote, fmt::format("unknown: {}", why), ""};
}

std::string guest_text(const ProcessorFacts& processors) {
  const std::string driver = processors.idle_driver.value_or("unknown");
  return fmt::format("a guest; idle driver {}, governor {}", driver,
                     processors.idle_governor.value_or("unknown"));
}

Finding check_guest_idle(const ProcessorFacts& processors) {
  Finding finding = {"halt polling", Verdict::kOk, guest_text(processors), ""};
  if (processors.idle_driver == "haltpoll") {
    finding.found += processors.halt_poll_us
                         ? fmt::format(": polls for up to {} us before it halts",
                                       number(*processors.halt_poll_us))
                         : ": polls before it halts";
    return finding;
  }
  finding.verdict = Verdict::kNote;
  finding.found +=
      ": an idle processor halts at once, and to wake it takes the host some tens of us";
  finding.advice = "modprobe cpuidle_haltpoll force=1, or idle=poll on the kernel's command line";
  return finding;
}

}  // namespace

Finding check_processors(const MachineFacts& facts) {
  if (!facts.processors.usable) return unknown("processors", "the affinity cannot be asked for");
  Finding finding = {"processors", Verdict::kOk,
                     fmt::format("{} that this process may run on", *facts.processors.usable), ""};
  if (*facts.processors.usable < 2) {
    finding.verdict = Verdict::kNote;
    finding.advice =
        "two at least: the worker and the application take turns on one, and each waits";
  }
  return finding;
}

Finding check_idle(const MachineFacts& facts) {
  const ProcessorFacts& processors = facts.processors;
  if (!processors.is_guest) return unknown("halt polling", "/proc/cpuinfo does not say");
  if (*processors.is_guest) return check_guest_idle(processors);
  Finding finding = {"halt polling", Verdict::kOk, "no guest", ""};
  if (!processors.deepest_idle_us) return finding;
  finding.found += fmt::format("; the deepest sleep of a processor takes {} us to leave",
                               number(*processors.deepest_idle_us));
  if (*processors.deepest_idle_us > kDeepIdleUs) {
    finding.verdict = Verdict::kNote;
    finding.advice = fmt::format("cpupower idle-set -D {}, where latency counts", kDeepIdleUs);
  }
  return finding;
}

Finding check_frequency(const MachineFacts& facts) {
  const std::optional<std::string>& governor = facts.processors.frequency_governor;
  if (!governor) {
    return {"frequency", Verdict::kOk, "not this system's to choose (a guest, or fixed)", ""};
  }
  Finding finding = {"frequency", Verdict::kOk, "governor " + *governor, ""};
  if (*governor == "powersave" || *governor == "conservative") {
    finding.verdict = Verdict::kNote;
    finding.advice = "cpupower frequency-set -g performance, while it is measured";
  }
  return finding;
}

Finding check_clock(const MachineFacts& facts) {
  const ProcessorFacts& processors = facts.processors;
  if (!processors.clock_source) return unknown("clock", "its source is not to be seen");
  static constexpr std::array<std::string_view, 5> kReadInPlace = {
      "tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", "timebase"};
  Finding finding = {"clock", Verdict::kOk, "source " + *processors.clock_source, ""};
  if (processors.clock_ns) finding.found += fmt::format(", {:.0f} ns a look", *processors.clock_ns);
  const bool is_in_place = std::find(kReadInPlace.begin(), kReadInPlace.end(),
                                     *processors.clock_source) != kReadInPlace.end();
  if (!is_in_place || processors.clock_ns.value_or(0) > kSlowClockNs) {
    finding.verdict = Verdict::kNote;
    finding.found += ": each look is a system call or worse";
    finding.advice =
        is_in_place ? "is clock_gettime traced or filtered? It should not enter the kernel"
                    : "echo tsc > /sys/devices/system/clocksource/clocksource0/"
                      "current_clocksource, if it is among those available; dmesg says why not";
  }
  return finding;
}

// A group that has used its quota up stands still until the period is over.
Finding check_quota(const MachineFacts& facts, const DoctorPlan& plan) {
  const ProcessorFacts& processors = facts.processors;
  if (!processors.quota_us || !processors.period_us || *processors.period_us == 0) {
    return {"CPU quota", Verdict::kOk, "none in this control group", ""};
  }
  const double share =
      static_cast<double>(*processors.quota_us) / static_cast<double>(*processors.period_us);
  // All that this process may run on at a time use it up soonest.
  const double busy = std::max(share, static_cast<double>(processors.usable.value_or(1)));
  const double standing_ms =
      static_cast<double>(*processors.period_us) / kUsPerMs * std::max(0.0, 1 - share / busy);
  Finding finding = {"CPU quota", Verdict::kOk,
                     fmt::format("{:.2f} processors in {:.0f} ms", share,
                                 static_cast<double>(*processors.period_us) / kUsPerMs),
                     ""};
  if (processors.periods_throttled) {
    finding.found += fmt::format(", used up {} times", number(*processors.periods_throttled));
  }
  const std::optional<BufferRoom> room = room_of_buffer(facts, plan);
  if (standing_ms > 0) {
    finding.found += fmt::format("; once it is used up, up to {:.0f} ms stand still", standing_ms);
    finding.verdict = room && standing_ms > room->ms && processors.periods_throttled.value_or(1) > 0
                          ? Verdict::kProblem
                          : Verdict::kNote;
    finding.advice =
        "take the quota off (cpu.max, --cpus, limits.cpu) and use weights, or give a processor to "
        "each thread";
  }
  return finding;
}

Finding check_steal(const MachineFacts& facts) {
  if (!facts.processors.steal_percent) return unknown("steal", "/proc/stat does not say");
  const double percent = *facts.processors.steal_percent;
  Finding finding = {"steal", Verdict::kOk,
                     fmt::format("{:.1f} % of the processors' time went to other guests", percent),
                     ""};
  if (percent >= kMuchSteal) {
    finding.verdict = percent >= kFatalSteal ? Verdict::kProblem : Verdict::kNote;
    finding.advice = "dedicated processors; measurements of this time say little";
  }
  return finding;
}

Finding check_interface(const InterfaceFacts& facts, const MachineFacts& machine,
                        const DoctorPlan& plan) {
  const auto count = [](const auto& value) {
    return value ? number(static_cast<std::uint64_t>(*value)) : std::string("unknown");
  };
  const auto switched = [](const std::optional<bool>& value) {
    return !value ? "unknown" : *value ? "on" : "off";
  };
  Finding finding = {"interface " + facts.name, Verdict::kOk, "", ""};
  finding.found = fmt::format(
      "{}, {} receive and {} send queues, channels {} of {}, ring {} of {}, GRO {}, GSO {}, {} "
      "missed",
      facts.driver.empty() ? "virtual" : facts.driver, count(facts.receive_queues),
      count(facts.send_queues), count(facts.channels), count(facts.channels_most),
      count(facts.receive_ring), count(facts.receive_ring_most), switched(facts.merges_received),
      switched(facts.segments_sent), count(facts.missed));
  const auto advise = [&finding](const std::string& advice) {
    finding.verdict = Verdict::kNote;
    finding.advice += (finding.advice.empty() ? "" : "; ") + advice;
  };
  if (facts.channels && facts.channels_most && *facts.channels < *facts.channels_most &&
      machine.processors.usable.value_or(1) > *facts.channels) {
    advise(fmt::format("ethtool -L {} combined {}", facts.name, *facts.channels_most));
  } else if (facts.receive_queues == 1 && machine.processors.usable.value_or(1) > 1 &&
             !facts.spreads_by_software.value_or(true)) {
    advise(
        fmt::format("one queue is one processor's work: set "
                    "/sys/class/net/{}/queues/rx-0/rps_cpus for several workers",
                    facts.name));
  }
  const double ring_ms =
      facts.receive_ring ? *facts.receive_ring / plan.rate * kMsPerSecond : kRingMs;
  if (ring_ms < kRingMs || facts.missed.value_or(0) > 0) {
    const bool has_more = facts.receive_ring && facts.receive_ring_most &&
                          *facts.receive_ring < *facts.receive_ring_most;
    if (has_more) {
      advise(fmt::format("ethtool -G {} rx {}", facts.name, *facts.receive_ring_most));
    } else if (facts.missed.value_or(0) > 0) {
      advise("the ring is as large as it gets: more queues, or fewer interrupts on its processor");
    }
  }
  if (facts.merges_received == false) advise(fmt::format("ethtool -K {} gro on", facts.name));
  if (facts.segments_sent == false) advise(fmt::format("ethtool -K {} gso on", facts.name));
  return finding;
}

}  // namespace ringpeer::tools
