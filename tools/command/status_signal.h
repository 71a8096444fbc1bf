#ifndef RINGPEER_TOOLS_COMMAND_STATUS_SIGNAL_H_
#define RINGPEER_TOOLS_COMMAND_STATUS_SIGNAL_H_

#include <signal.h>

namespace ringpeer::tools {

// While one exists, SIGUSR1 asks the program for a report of what it has done so far, and does not
// end it. A SIGUSR1 that was ignored when the program started stays ignored.
//
// Threads: make it on the main thread before others are started; take() is for one thread.
// At most one at a time.
class StatusSignal {
 public:
  StatusSignal();
  ~StatusSignal();
  StatusSignal(const StatusSignal&) = delete;
  StatusSignal& operator=(const StatusSignal&) = delete;

  // True once for all signals since the last call.
  bool take();

 private:
  struct sigaction previous_ = {};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_STATUS_SIGNAL_H_
