#include "ringpeer/tools/variant/variant_subcommand.h"

#include <iostream>
#include <memory>

#include "ringpeer/tools/variant/variant_command.h"

namespace ringpeer::tools {
namespace {

// Runs `command` on the standard streams, so that it hears when one of them fails: the C
// library's buffers would keep that to themselves until the program has ended.
template <typename Command>
int with_standard_streams(Command command) {
  std::ios::sync_with_stdio(false);
  return command(std::cin, std::cout);
}

}  // namespace

void add_variant_command(CLI::App& app, int* exit_status) {
  CLI::App* command =
      app.add_subcommand("variant", "translate between Godot's wire format and its text");
  command->require_subcommand(1);

  // What comes from a file is no datagram: only Godot's own limit, the depth, holds.
  auto decode_options = std::make_shared<DecodeOptions>();
  decode_options->limits = DecodeLimits::unlimited();
  // What is printed is what Godot would print.
  decode_options->distinct_object_keys = true;
  CLI::App* decode =
      command->add_subcommand("decode", "packets on stdin, one a line: hex or {\"bytes\": hex}");
  decode->add_flag("--allow-objects", decode_options->allow_objects,
                   "read full objects, as data without behaviour");
  decode->callback([decode_options, exit_status] {
    *exit_status = with_standard_streams([&](std::istream& input, std::ostream& output) {
      return run_variant_decode(input, output, *decode_options);
    });
  });

  auto encode_options = std::make_shared<EncodeOptions>();
  CLI::App* encode = command->add_subcommand(
      "encode", "values on stdin, one a line: Godot's text or {\"text\": text}");
  encode->add_flag("--full-objects", encode_options->full_objects,
                   "write objects with their properties, not their ids");
  encode->callback([encode_options, exit_status] {
    *exit_status = with_standard_streams([&](std::istream& input, std::ostream& output) {
      return run_variant_encode(input, output, *encode_options);
    });
  });
}

}  // namespace ringpeer::tools
