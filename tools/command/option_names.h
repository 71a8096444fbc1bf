#ifndef RINGPEER_TOOLS_COMMAND_OPTION_NAMES_H_
#define RINGPEER_TOOLS_COMMAND_OPTION_NAMES_H_

#include <map>
#include <string>

#include "ringpeer/engine.h"
#include "ringpeer/tools/command/payload_kind.h"

namespace ringpeer::tools {

// The words that several commands take for the same thing.
// Threads: any. Lifetime: as long as the program.

// The values of --payload.
inline const std::map<std::string, PayloadKind>& payload_names() {
  static const auto& names = *new std::map<std::string, PayloadKind>{{"raw", PayloadKind::kRaw},
                                                                     {"var", PayloadKind::kVar}};
  return names;
}

// The values of --backend.
inline const std::map<std::string, BackendKind>& backend_names() {
  static const auto& names =
      *new std::map<std::string, BackendKind>{{"auto", BackendKind::kAuto},
                                              {"io_uring", BackendKind::kIoUring},
                                              {"recvmmsg", BackendKind::kRecvmmsg}};
  return names;
}

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_OPTION_NAMES_H_
