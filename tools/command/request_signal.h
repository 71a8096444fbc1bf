#ifndef RINGPEER_TOOLS_COMMAND_REQUEST_SIGNAL_H_
#define RINGPEER_TOOLS_COMMAND_REQUEST_SIGNAL_H_

#include <signal.h>

#include <string>

namespace ringpeer::tools {

// While one exists, a signal asks the program for something, and does not end it. What stands for
// one signal each derives from it.
//
// Threads: make it on the main thread before others are started; take() is for one thread.
// At most one of a signal at a time.
class RequestSignal {
 public:
  ~RequestSignal();
  RequestSignal(const RequestSignal&) = delete;
  RequestSignal& operator=(const RequestSignal&) = delete;

  // True once for all signals since the last call.
  bool take();

 protected:
  // Of a signal that was ignored when the program started.
  enum class WhenIgnored { kStaysSo, kAsksToo };

  // otherwise: what is so where the signal cannot be caught, which is told.
  RequestSignal(int number, WhenIgnored when_ignored, const std::string& otherwise);

 private:
  const int number_;
  struct sigaction previous_ = {};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_REQUEST_SIGNAL_H_
