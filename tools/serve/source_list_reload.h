#ifndef RINGPEER_TOOLS_SERVE_SOURCE_LIST_RELOAD_H_
#define RINGPEER_TOOLS_SERVE_SOURCE_LIST_RELOAD_H_

#include <future>
#include <optional>

#include "ringpeer/tools/command/hangup_signal.h"
#include "ringpeer/tools/serve/source_list_files.h"

namespace ringpeer::tools {

// Reads the files of a list again for each SIGHUP, on a thread of its own: large ones take seconds,
// and players do not wait for them. Of signals that come while it reads the last one counts.
//
// Threads: one. Lifetime: the files and the signal outlive it; its end waits for what is being
// read.
class SourceListReload {
 public:
  SourceListReload(SourceListFiles& files, HangupSignal& hangup) : files_(files), hangup_(hangup) {}

  // To be called now and then: what was read since, with a fault or without.
  std::optional<SourceListFiles::Reading> look();

 private:
  void begin();

  SourceListFiles& files_;
  HangupSignal& hangup_;
  std::future<SourceListFiles::Reading> reading_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_SERVE_SOURCE_LIST_RELOAD_H_
