#ifndef RINGPEER_TESTS_ENGINE_SUPPORT_CHILD_PROCESS_H_
#define RINGPEER_TESTS_ENGINE_SUPPORT_CHILD_PROCESS_H_

#include <functional>
#include <string>

namespace ringpeer::test {

struct ChildResult {
  bool timed_out = false;  // it was killed
  int exit_status = -1;    // -1: it died of a signal
  std::string output;      // what body() returned
};

// Runs body() in a forked child and waits for it, 30 s at the most. Only the
// text that body() returns comes back, so that assertions stay with the parent.
ChildResult run_in_child(const std::function<std::string()>& body);

// In a child: every further call of that system call fails with `error`; of this thread and
// those that it starts, or of all that run already. False where the kernel or a surrounding
// sandbox does not allow filters.
bool forbid_system_call(long number, int error, bool in_all_threads = false);

// The same for setsockopt with that option of a socket (SOL_SOCKET).
bool forbid_socket_option(int name, int error);

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_ENGINE_SUPPORT_CHILD_PROCESS_H_
