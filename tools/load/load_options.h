#ifndef RINGPEER_TOOLS_LOAD_LOAD_OPTIONS_H_
#define RINGPEER_TOOLS_LOAD_LOAD_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/tools/impairment/impairment_options.h"
#include "ringpeer/tools/load/varying_field.h"

namespace ringpeer::tools {

// What the server does with a packet, which decides how packets are accounted for.
enum class ExpectedReply {
  kAnything,  // an echo or a snapshot, whichever comes; of a recorded session its answers
  kEcho,      // each packet as it is
  kNothing,   // a sink: sending is all there is to see
};

// What the packets are.
enum class LoadPayloadKind {
  kRaw,       // a stamp and a pattern
  kVar,       // Godot's wire format: the inputs of the arena
  kTemplate,  // Godot's wire format, of a text in a file
  kPackets,   // those in a file
  kSession,   // those of a recorded session, at its times
};

// The word for it in reports.
const char* name_of(LoadPayloadKind kind);

// What share of a plan one process has: the first of one is all of it.
struct LoadPart {
  std::uint32_t number = 1;
  std::uint32_t of = 1;
};

// Packets a second of all clients together.
struct RateRange {
  double least = 0;
  double most = 0;
};

// What a server is to keep at a rate.
struct LoadGoal {
  double loss_percent = 0.1;
  double p99_us = 5000;  // corrected
};

// Before the names of what a bad network does: --loss alone is the goal of a search.
inline constexpr const char* kLoadImpairPrefix = "--impair-";

// What `ringpeer load` is asked to do.
struct LoadOptions {
  // A process has this many sockets at most; for more there are --part and `load merge`.
  static constexpr std::uint32_t kMaxClients = 20'000;
  // Packets a second and client: a hundred times what games send, so more is a slip.
  static constexpr double kMaxRate = 10'000;
  // A packet in eleven days: no run is as long.
  static constexpr double kMinRate = 1e-6;
  // Generators: more than one a core take time from each other.
  static constexpr std::uint32_t kMaxThreads = 64;
  // Packets that are sent at once: one of every client that a process may have.
  static constexpr std::uint32_t kMaxBurst = kMaxClients;
  // Clients that join a second: a port each, and the kernel has 28,232 of them.
  static constexpr double kMaxJoinRate = 100'000;
  // Seconds: shorter sessions are gone before their first answer.
  static constexpr double kMinSession = 0.1;
  static constexpr double kMaxSession = 604'800;
  // Seconds of a step: shorter ones say nothing of a p99, longer ones are a slip.
  static constexpr double kMinStep = 0.1;
  static constexpr double kMaxStep = 3600;
  static constexpr std::uint32_t kMaxSteps = 1000;
  static constexpr std::uint32_t kMaxParts = 64;
  // Seconds: nobody waits longer for a datagram.
  static constexpr double kMaxWait = 3600;
  // Clients when the rate is searched or raised and nobody says how many: enough to reach every
  // worker of a server that spreads its clients.
  static constexpr std::uint32_t kStepClients = 100;

  std::string target_text;             // as it was asked for
  std::vector<net::Endpoint> targets;  // what that came to; client n takes number n, in turn
  std::optional<net::Endpoint> source;
  std::string interface;  // that is sent through alone; without a name as the route has it
  std::uint32_t clients = 1;
  double rate = 60;         // of a recorded session its mean
  std::uint32_t burst = 1;  // packets that are due at the same time
  std::uint32_t threads = 1;
  // Without, all clients are there from the start.
  std::optional<double> join_rate;
  // Without, a client stays to the end.
  std::optional<double> session_seconds;
  LoadPart part;
  LoadPayloadKind payload = LoadPayloadKind::kRaw;
  // Bytes of a packet of kRaw and kVar; without, as small as the payload allows but 64 at least.
  std::optional<std::size_t> size;
  std::string payload_file;  // of kTemplate, kPackets and kSession
  // Of what that file has (LoadPayload::digest()).
  std::optional<std::uint64_t> payload_digest;
  std::vector<VaryingField> fields;  // of kPackets and kSession
  // Which session of a file with several is meant.
  std::optional<net::Endpoint> recorded_client;
  std::optional<net::Endpoint> recorded_server;
  std::uint64_t seed = 1;  // of what is random in files and in the impairment
  ImpairmentPlan impairment;
  double seconds = 10;

  std::optional<RateRange> ramp;
  bool find_max = false;
  std::optional<LoadGoal> goal;
  double step_seconds = 2;
  std::uint32_t steps = 10;

  // Clients are let in by a cookie before they send.
  bool cookie = false;

  // How long replies are waited for after the last one; without, as the round trips are.
  std::optional<double> wait_seconds;
  // Bytes of socket buffer to ask for; 0: the system's.
  int receive_buffer = 0;

  ExpectedReply expect = ExpectedReply::kAnything;
  // A run that is not valid is told, and its exit status is that of its account all the same.
  bool allow_invalid = false;
  std::string csv;          // a file for the time series; without a name none
  std::string csv_clients;  // a file for a line a client
  std::string html;         // a file for the page with charts

  bool has_steps() const { return find_max || ramp.has_value(); }
  // Whether replies are the server's own, which name no packet: they are counted, and held against
  // as many as were recorded.
  bool counts_replies() const {
    return payload == LoadPayloadKind::kSession && expect == ExpectedReply::kAnything;
  }
};

// Of the plan's clients, how many this process has.
std::uint32_t clients_of_part(const LoadOptions& options);

// An empty text when the options make sense together; otherwise what is wrong and what to
// do about it.
std::string check_load_options(const LoadOptions& options);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_OPTIONS_H_
