#include "ringpeer/tools/load/payload_options.h"

#include <fmt/format.h>

#include "ringpeer/tools/command/choice_option.h"
#include "ringpeer/tools/command/number_option.h"
#include "ringpeer/tools/command/option_names.h"
#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/target/target_address.h"

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
    return "--vary changes bytes of recorded packets: name their file with --packets or --like.";
  }
  if (payload.has_seed && !options->impairment.is_given) {
    return "--seed is of what is random: use it with --template, --packets, --like, or an "
           "impairment like --impair-loss.";
  }
  const bool is_var = payload.kind == PayloadKind::kVar;
  options->payload = is_var ? LoadPayloadKind::kVar : LoadPayloadKind::kRaw;
  return "";
}

// An option that names a file with packets.
struct FileOption {
  const char* name;
  LoadPayloadKind kind;
  std::string PayloadOptions::*file;
};
constexpr FileOption kFileOptions[] = {
    {"--template", LoadPayloadKind::kTemplate, &PayloadOptions::template_file},
    {"--packets", LoadPayloadKind::kPackets, &PayloadOptions::packets_file},
    {"--like", LoadPayloadKind::kSession, &PayloadOptions::session_file},
};

std::vector<FileOption> files_of(const PayloadOptions& payload) {
  std::vector<FileOption> files;
  for (const FileOption& option : kFileOptions) {
    if (!(payload.*option.file).empty()) files.push_back(option);
  }
  return files;
}

std::string read_endpoint(const char* option, const std::string& text,
                          std::optional<net::Endpoint>* endpoint) {
  if (text.empty()) return "";
  *endpoint = parse_target_address(text);
  if (*endpoint) return "";
  return fmt::format("{} {}: write an address and a port, like 192.0.2.1:40000.", option,
                     printable_text(text));
}

// What a session decides by itself.
std::string read_session(const PayloadOptions& payload, LoadOptions* options) {
  if (payload.session_file.empty()) {
    const bool is_named = !payload.recorded_client.empty() || !payload.recorded_server.empty();
    return is_named ? "--like-client and --like-server name a session of a file: use --like." : "";
  }
  if (payload.has_rate) return "--like sends at the times of its file: leave out --hz.";
  if (options->has_steps()) {
    return "--like sends at the times of its file: leave out --ramp and --find-max.";
  }
  std::string complaint =
      read_endpoint("--like-client", payload.recorded_client, &options->recorded_client);
  if (!complaint.empty()) return complaint;
  return read_endpoint("--like-server", payload.recorded_server, &options->recorded_server);
}

}  // namespace

void add_payload_options(CLI::App& command, PayloadOptions* payload, LoadOptions* options) {
  add_choice(command, "--payload", payload_names(), &payload->kind, "raw",
             "raw bytes, or var: the arena's inputs in Godot's wire format");
  add_number(command, "--size", &options->size,
             "bytes a packet; var packets are padded to it, and 76 at least");
  command.add_option("--template", payload->template_file,
                     "a file with a value in Godot's text, with fields like \"$sequence\": packets "
                     "in Godot's wire format are made of it");
  command.add_option("--packets", payload->packets_file,
                     "a file with packets, each a line of hexadecimal digits, to send in turn");
  command.add_option(
      "--like", payload->session_file,
      "a capture (pcap, pcapng) of one client's session: all clients send what it sent, when it "
      "did");
  command.add_option("--like-client", payload->recorded_client,
                     "whose session it is, as IP:PORT, where the capture has several");
  command.add_option("--like-server", payload->recorded_server,
                     "whose server it is, as IP:PORT, where the client had several");
  command
      .add_option("--vary", payload->fields,
                  "bytes of --packets or --like that differ from packet to packet, like "
                  "4:8:sequence; may be repeated")
      ->allow_extra_args(false);
  add_number(command, "--seed", &options->seed,
             "of what is random in --template, --packets, --like and --impair-...")
      ->capture_default_str()
      ->each([payload](const std::string&) { payload->has_seed = true; });
}

std::string read_payload(const PayloadOptions& payload, LoadOptions* options) {
  std::string complaint = read_session(payload, options);
  if (!complaint.empty()) return complaint;
  const std::vector<FileOption> files = files_of(payload);
  if (files.empty()) return read_built_in(payload, options);
  if (files.size() > 1) {
    return fmt::format("{} and {} both say what is sent: leave one of them out.", files[0].name,
                       files[1].name);
  }
  const FileOption& file = files.front();
  if (payload.kind) {
    return fmt::format("{} says what is sent: leave out --payload.", file.name);
  }
  if (options->size) {
    return fmt::format("{} says how large packets are: leave out --size.", file.name);
  }
  if (file.kind == LoadPayloadKind::kTemplate && !payload.fields.empty()) {
    return "--vary is of --packets and --like: fields of a template stand in its file.";
  }
  options->payload = file.kind;
  options->payload_file = payload.*file.file;
  return read_fields(payload, options);
}

}  // namespace ringpeer::tools
