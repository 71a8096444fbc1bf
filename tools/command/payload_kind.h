#ifndef RINGPEER_TOOLS_COMMAND_PAYLOAD_KIND_H_
#define RINGPEER_TOOLS_COMMAND_PAYLOAD_KIND_H_

namespace ringpeer::tools {

// What the payloads of echo, sink and load are. Threads: any; a value.
enum class PayloadKind {
  kRaw,  // a stamp and a pattern
  kVar,  // Godot's wire format: the inputs of the arena
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_PAYLOAD_KIND_H_
