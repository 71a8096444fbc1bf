#ifndef RINGPEER_TOOLS_LOAD_SERVER_DROPS_H_
#define RINGPEER_TOOLS_LOAD_SERVER_DROPS_H_

#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/load_report.h"

namespace ringpeer::tools {

// Whether what the kernel dropped at the server's socket is known to be of this run: a part of a
// plan sees the drops of all parts, and which are its own nobody can tell before they are put
// together. Threads: any.
inline bool owns_server_drops(const LoadOptions& options, const LoadReport& report) {
  return options.part.of == 1 || report.server_kernel_drops.value_or(0) == 0;
}

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_SERVER_DROPS_H_
