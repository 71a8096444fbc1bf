#include "ringpeer/tools/load/payload_options.h"

#include <fmt/format.h>

#include "ringpeer/tools/command/choice_option.h"
#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/command/option_names.h"

namespace ringpeer::tools {
namespace {

std::string read_fields(const PayloadOptions& payload, LoadOptions* options) {
  for (const std::string& text : payload.fields) {
    std::string error;
    const auto field = parse_varying_field(text, &error);
    if (!field) return "--vary " + error;
    options->fields.push_back(*field);
  }
  const std::string complaint = check_varying_fields(options->fields);
  return complaint.empty() ? "" : "--vary: " + complaint;
}

std::string read_built_in(const PayloadOptions& payload, LoadOptions* options) {
  if (!payload.fields.empty()) {
    return "--vary changes bytes of recorded packets: name their file with --packets.";
  }
  if (payload.has_seed) {
    return "--seed is of what a file has that is random: use it with --template or --packets.";
  }
  const bool is_var = payload.kind == PayloadKind::kVar;
  options->payload = is_var ? LoadPayloadKind::kVar : LoadPayloadKind::kRaw;
  return "";
}

}  // namespace

void add_payload_options(CLI::App& command, PayloadOptions* payload, LoadOptions* options) {
  add_choice(command, "--payload", payload_names(), &payload->kind, "raw",
             "raw bytes, or var: the arena's inputs in Godot's wire format");
  add_number(command, "--size", &options->size,
             "bytes a packet; var packets are padded to it, and 76 at least");
  command
      .add_option("--template", payload->template_file,
                  "a file with a value in Godot's text, with fields like \"$sequence\": packets "
                  "in Godot's wire format are made of it")
      ->each([payload](const std::string&) { payload->has_template = true; });
  command
      .add_option("--packets", payload->packets_file,
                  "a file with packets, each a line of hexadecimal digits, to send in turn")
      ->each([payload](const std::string&) { payload->has_packets = true; });
  command
      .add_option("--vary", payload->fields,
                  "bytes of --packets that differ from packet to packet, like 4:8:sequence; "
                  "may be repeated")
      ->allow_extra_args(false);
  add_number(command, "--seed", &options->seed, "of what is random in --template and --packets")
      ->capture_default_str()
      ->each([payload](const std::string&) { payload->has_seed = true; });
}

std::string read_payload(const PayloadOptions& payload, LoadOptions* options) {
  const bool has_template = payload.has_template;
  if (!has_template && !payload.has_packets) return read_built_in(payload, options);
  if (has_template && payload.has_packets) {
    return "--template and --packets both say what is sent: leave one of them out.";
  }
  const char* const file = has_template ? "--template" : "--packets";
  if (payload.kind) {
    return fmt::format("{} says what is sent: leave out --payload.", file);
  }
  if (options->size) {
    return fmt::format("{} says how large packets are: leave out --size.", file);
  }
  if (has_template && !payload.fields.empty()) {
    return "--vary is of --packets: fields of a template stand in its file.";
  }
  options->payload = has_template ? LoadPayloadKind::kTemplate : LoadPayloadKind::kPackets;
  options->payload_file = has_template ? payload.template_file : payload.packets_file;
  if (options->payload_file.empty()) return fmt::format("{}: name a file.", file);
  return read_fields(payload, options);
}

}  // namespace ringpeer::tools
