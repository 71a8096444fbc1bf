#ifndef RINGPEER_TOOLS_COMMAND_STOP_SIGNAL_H_
#define RINGPEER_TOOLS_COMMAND_STOP_SIGNAL_H_

#include <signal.h>

#include <array>

namespace ringpeer::tools {

// While one exists, SIGINT, SIGTERM and SIGHUP ask the program to finish and report instead
// of killing it. A second signal of the same kind kills at once, so that nothing can make
// the program unstoppable; files that are not finished go with it (unfinished_files.h). A signal
// that was ignored when the program started stays ignored.
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
  static constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};

  static void take(int number, struct sigaction* previous);

  std::array<struct sigaction, kSignals.size()> previous_ = {};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_STOP_SIGNAL_H_
