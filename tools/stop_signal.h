#ifndef RINGPEER_TOOLS_STOP_SIGNAL_H_
#define RINGPEER_TOOLS_STOP_SIGNAL_H_

#include <signal.h>

namespace ringpeer::tools {

// While one exists, SIGINT and SIGTERM ask the program to finish and report instead of
// killing it. A second signal of the same kind kills at once, so that nothing can make
// the program unstoppable.
//
// Threads: make it on the main thread before others are started; requested() is for any.
// At most one at a time.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  bool requested() const { return number() != 0; }
  // The signal that asked, 0 when none did.
  int number() const;

 private:
  struct sigaction previous_interrupt_ = {};
  struct sigaction previous_terminate_ = {};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_STOP_SIGNAL_H_
