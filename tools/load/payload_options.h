#ifndef RINGPEER_TOOLS_LOAD_PAYLOAD_OPTIONS_H_
#define RINGPEER_TOOLS_LOAD_PAYLOAD_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "ringpeer/tools/command/payload_kind.h"
#include "ringpeer/tools/load/load_options.h"

namespace ringpeer::tools {

// What packets are, as it was written on the command line.
struct PayloadOptions {
  std::optional<PayloadKind> kind;
  // The one that is given has a name.
  std::string template_file;
  std::string packets_file;
  std::string session_file;
  std::string recorded_client;  // "10.0.0.1:40000"
  std::string recorded_server;
  std::vector<std::string> fields;  // "4:8:sequence"
  bool has_seed = false;
  bool has_rate = false;  // which a recorded session has by itself
};

// Adds them to `command`. Threads: the one that parses. Lifetime: both must outlive the parsing.
void add_payload_options(CLI::App& command, PayloadOptions* payload, LoadOptions* options);

// Writes what was written into *options. An empty text, or what is wrong with it.
std::string read_payload(const PayloadOptions& payload, LoadOptions* options);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_PAYLOAD_OPTIONS_H_
