#ifndef RINGPEER_TOOLS_COMMAND_HANGUP_SIGNAL_H_
#define RINGPEER_TOOLS_COMMAND_HANGUP_SIGNAL_H_

#include <signal.h>

namespace ringpeer::tools {

// While one exists, SIGHUP asks the program to read its files again, and does not end it, whatever
// a StopSignal that is older would do with it. So it is for a SIGHUP that was ignored when the
// program started, too: who lets a server outlive its terminal wants to send it one.
//
// Threads: make it on the main thread before others are started; take() is for one thread.
// At most one at a time.
class HangupSignal {
 public:
  HangupSignal();
  ~HangupSignal();
  HangupSignal(const HangupSignal&) = delete;
  HangupSignal& operator=(const HangupSignal&) = delete;

  // True once for all signals since the last call.
  bool take();

 private:
  struct sigaction previous_ = {};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_HANGUP_SIGNAL_H_
