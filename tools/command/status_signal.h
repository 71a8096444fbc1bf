#ifndef RINGPEER_TOOLS_COMMAND_STATUS_SIGNAL_H_
#define RINGPEER_TOOLS_COMMAND_STATUS_SIGNAL_H_

#include "ringpeer/tools/command/request_signal.h"

namespace ringpeer::tools {

// While one exists, SIGUSR1 asks the program for a report of what it has done so far, and does not
// end it. A SIGUSR1 that was ignored when the program started stays ignored.
//
// Threads and number: as RequestSignal says.
class StatusSignal : public RequestSignal {
 public:
  StatusSignal()
      : RequestSignal(SIGUSR1, WhenIgnored::kStaysSo,
                      "it would end this program without a report.") {}
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_STATUS_SIGNAL_H_
