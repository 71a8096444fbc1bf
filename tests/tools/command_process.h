#ifndef RINGPEER_TESTS_TOOLS_COMMAND_PROCESS_H_
#define RINGPEER_TESTS_TOOLS_COMMAND_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace ringpeer::tools {

// The ringpeer command as a user has it: a process with a command line, two streams and
// an exit status.
//
// Threads: one.
class CommandProcess {
 public:
  // Starts it; standard input is empty. `restrict_process` runs in the new process before the
  // command does.
  explicit CommandProcess(const std::vector<std::string>& arguments,
                          const std::function<void()>& restrict_process = {});
  // Kills what still runs.
  ~CommandProcess();
  CommandProcess(const CommandProcess&) = delete;
  CommandProcess& operator=(const CommandProcess&) = delete;

  // Reads stderr until `text` is in it; false when the time is up or the process gone.
  bool wait_for_error_text(const std::string& text, std::chrono::seconds timeout);
  void send_signal(int number) const;
  // Waits for the end. The exit status, or minus the signal that ended it; kTimedOut when
  // it still runs after `timeout`.
  int finish(std::chrono::seconds timeout);

  static constexpr int kTimedOut = -1000;

  // What was read so far; all of it after finish().
  const std::string& output() const { return output_; }
  const std::string& error_output() const { return error_output_; }

 private:
  // Takes what the process wrote, waiting for it until `until`. False at the end of both.
  bool read_until(std::chrono::steady_clock::time_point until);
  void reap(int options);

  pid_t process_ = -1;
  int output_pipe_ = -1;
  int error_pipe_ = -1;
  bool ended_ = false;
  int status_ = 0;
  std::string output_;
  std::string error_output_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TESTS_TOOLS_COMMAND_PROCESS_H_
