#include "ringpeer/tools/load/load_options.h"

#include <fmt/format.h>
#include <net/if.h>

#include <chrono>

#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/command/run_duration.h"
#include "ringpeer/tools/load/payload_sizes.h"
#include "ringpeer/tools/load/sent_window.h"

namespace ringpeer::tools {
namespace {

// All negated, so that NaN is refused too.

std::string check_clients(const LoadOptions& options) {
  const LoadPart& part = options.part;
  if (part.of < 1 || part.of > LoadOptions::kMaxParts || part.number < 1 || part.number > part.of) {
    return fmt::format("--part {}/{}: write 1/N to N/N, with N up to {}.", part.number, part.of,
                       LoadOptions::kMaxParts);
  }
  if (options.clients < 1 || options.clients > LoadOptions::kMaxClients * part.of) {
    return fmt::format("--clients {}: choose 1 to {}; for more, start several processes: --part.",
                       options.clients, LoadOptions::kMaxClients * part.of);
  }
  if (options.threads < 1 || options.threads > LoadOptions::kMaxThreads) {
    return fmt::format("--threads {}: choose 1 to {}.", options.threads, LoadOptions::kMaxThreads);
  }
  if (options.clients < options.threads * options.part.of) {
    return fmt::format("--clients {}: each of {} threads needs one at least.", options.clients,
                       options.threads * options.part.of);
  }
  if (options.join_rate &&
      !(*options.join_rate > 0 && *options.join_rate <= LoadOptions::kMaxJoinRate)) {
    return fmt::format("--join-rate {}: choose more than 0 and at most {} clients a second.",
                       *options.join_rate, LoadOptions::kMaxJoinRate);
  }
  if (options.session_seconds && !(*options.session_seconds >= LoadOptions::kMinSession &&
                                   *options.session_seconds <= LoadOptions::kMaxSession)) {
    return fmt::format("--session {}: choose {} to {} seconds.", *options.session_seconds,
                       LoadOptions::kMinSession, LoadOptions::kMaxSession);
  }
  return "";
}

std::string check_range(const LoadOptions& options) {
  if (!options.ramp) return "";
  const RateRange& range = *options.ramp;
  if (!(range.least >= LoadOptions::kMinRate && range.most >= range.least)) {
    return fmt::format("--ramp {}..{}: write two rates, {:.6f} at least, the lower one first.",
                       range.least, range.most, LoadOptions::kMinRate);
  }
  const double most = LoadOptions::kMaxRate * options.clients;
  if (!(range.most <= most)) {
    return fmt::format("--ramp {}..{}: {} clients send at most {} packets/s. Use more --clients.",
                       range.least, range.most, options.clients, most);
  }
  return "";
}

std::string check_steps(const LoadOptions& options) {
  if (!(options.step_seconds >= LoadOptions::kMinStep &&
        options.step_seconds <= LoadOptions::kMaxStep)) {
    return fmt::format("--step {}: choose {} to {} seconds.", options.step_seconds,
                       LoadOptions::kMinStep, LoadOptions::kMaxStep);
  }
  if (options.steps < 1 || options.steps > LoadOptions::kMaxSteps) {
    return fmt::format("--steps {}: choose 1 to {}.", options.steps, LoadOptions::kMaxSteps);
  }
  if (options.goal && !(options.goal->loss_percent >= 0 && options.goal->loss_percent < 100)) {
    return "--loss: choose 0 % or more, and less than 100 %.";
  }
  if (options.goal && !(options.goal->p99_us > 0)) return "--p99: choose more than 0.";
  if (!options.has_steps()) return "";
  if (options.join_rate) return "--join-rate does not go with --ramp and --find-max.";
  if (options.part.of > 1) return "--part does not go with --ramp and --find-max.";
  if (options.expect == ExpectedReply::kNothing && (options.find_max || options.goal)) {
    return "--expect nothing: without replies there is no loss and no p99 to hold to a goal.";
  }
  return check_range(options);
}

std::string check_burst(const LoadOptions& options) {
  if (options.burst < 1 || options.burst > LoadOptions::kMaxBurst) {
    return fmt::format("--burst {}: choose 1 to {} packets.", options.burst,
                       LoadOptions::kMaxBurst);
  }
  if (options.burst > 1 && options.payload == LoadPayloadKind::kSession) {
    return "--like sends at the times of its file: leave out --burst.";
  }
  return "";
}

std::string check_sockets(const LoadOptions& options) {
  if (options.interface.size() >= IFNAMSIZ) {
    return fmt::format("--interface {}: a name has {} characters at most.",
                       printable_text(options.interface), IFNAMSIZ - 1);
  }
  if (options.wait_seconds &&
      !(*options.wait_seconds >= 0 && *options.wait_seconds <= LoadOptions::kMaxWait)) {
    return fmt::format("--wait {}: choose 0 to {} seconds.", *options.wait_seconds,
                       LoadOptions::kMaxWait);
  }
  if (options.wait_seconds && options.expect == ExpectedReply::kNothing) {
    return "--wait: with --expect nothing no reply is waited for. Leave one of them out.";
  }
  if (options.receive_buffer < 0) {
    return fmt::format("--receive-buffer {}: choose bytes, or 0 for the system's.",
                       options.receive_buffer);
  }
  return "";
}

std::string check_size(const LoadOptions& options) {
  const bool raw = options.payload == LoadPayloadKind::kRaw;
  const std::size_t smallest = raw ? kSmallestRawPacket : 1;
  const std::size_t largest = raw ? kMaxRawPacket : kMaxVarPacket;
  if (!options.size || (*options.size >= smallest && *options.size <= largest)) return "";
  return fmt::format("--size {}: a packet of this payload takes {} to {} bytes.", *options.size,
                     smallest, largest);
}

// What is on its way is remembered, and that has limits.
std::string check_delays(const LoadOptions& options) {
  std::chrono::nanoseconds delays{0};
  for (const Impairment& asked : options.impairment.impairments) {
    delays += asked.delay + asked.jitter;
  }
  const std::chrono::duration<double> away = delays;
  if (delays > SentWindow::kMaxAge) {
    return fmt::format(
        "{0}delay and {0}jitter: an answer that takes {1} s longer counts as lost after {2} s. "
        "Choose less for both ways together.",
        kLoadImpairPrefix, away.count(), SentWindow::kMaxAge.count());
  }
  const double rate = options.ramp          ? options.ramp->most / options.clients
                      : options.has_steps() ? 0
                                            : options.rate;
  const double packets = rate * away.count();
  if (packets <= static_cast<double>(SentWindow::kMaxPackets)) return "";
  return fmt::format(
      "{0}delay and {0}jitter: {1:.0f} packets of a client would be on their way at a time, and it "
      "remembers {2}. Choose less delay, or more clients that send less each.",
      kLoadImpairPrefix, packets, SentWindow::kMaxPackets);
}

std::string check_impairment(const LoadOptions& options) {
  if (!options.impairment.is_given) return "";
  if (options.counts_replies()) {
    return fmt::format(
        "{}... accounts for each packet, and the answers to --like name none: add --expect echo or "
        "nothing, or put `ringpeer impair` between.",
        kLoadImpairPrefix);
  }
  return check_delays(options);
}

}  // namespace

const char* name_of(LoadPayloadKind kind) {
  switch (kind) {
    case LoadPayloadKind::kVar:
      return "var";
    case LoadPayloadKind::kTemplate:
      return "template";
    case LoadPayloadKind::kPackets:
      return "packets";
    case LoadPayloadKind::kSession:
      return "like";
    case LoadPayloadKind::kRaw:
      break;
  }
  return "raw";
}

std::uint32_t clients_of_part(const LoadOptions& options) {
  const std::uint32_t share = options.threads * options.part.of;
  const std::uint32_t first = (options.part.number - 1) * options.threads;
  std::uint32_t clients = 0;
  for (std::uint32_t i = first; i < first + options.threads && i < options.clients; ++i) {
    clients += (options.clients - i + share - 1) / share;
  }
  return clients;
}

std::string check_load_options(const LoadOptions& options) {
  // Negated, so that NaN is refused too.
  if (!(options.rate >= LoadOptions::kMinRate && options.rate <= LoadOptions::kMaxRate)) {
    return fmt::format("--hz {}: choose {:.6f} to {} packets a second and client.", options.rate,
                       LoadOptions::kMinRate, LoadOptions::kMaxRate);
  }
  if (!is_duration(options.seconds)) {
    return fmt::format("--duration {}: choose {} to {} seconds.", options.seconds, kMinDuration,
                       kMaxDuration);
  }
  if (std::string complaint = check_clients(options); !complaint.empty()) return complaint;
  if (std::string complaint = check_steps(options); !complaint.empty()) return complaint;
  if (std::string complaint = check_burst(options); !complaint.empty()) return complaint;
  if (std::string complaint = check_sockets(options); !complaint.empty()) return complaint;
  if (std::string complaint = check_impairment(options); !complaint.empty()) return complaint;
  return check_size(options);
}

}  // namespace ringpeer::tools
