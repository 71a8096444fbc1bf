#ifndef RINGPEER_TOOLS_COMMAND_HANGUP_SIGNAL_H_
#define RINGPEER_TOOLS_COMMAND_HANGUP_SIGNAL_H_

#include "ringpeer/tools/command/request_signal.h"

namespace ringpeer::tools {

// While one exists, SIGHUP asks the program to read its files again, and does not end it, whatever
// a StopSignal that is older would do with it. So it is for a SIGHUP that was ignored when the
// program started, too: who lets a server outlive its terminal wants to send it one.
//
// Threads and number: as RequestSignal says.
class HangupSignal : public RequestSignal {
 public:
  HangupSignal() : RequestSignal(SIGHUP, WhenIgnored::kAsksToo, "files are not read again.") {}
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_HANGUP_SIGNAL_H_
