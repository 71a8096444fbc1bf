#ifndef RINGPEER_BENCH_PROCESS_CHILD_PROCESS_H_
#define RINGPEER_BENCH_PROCESS_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace ringpeer::bench {

// A process with lines of text in and out. It is killed with the object,
// or when this process dies.
// Threads: one.
class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // "" or what went wrong.
  std::string start(const std::string& program, const std::vector<std::string>& arguments);
  bool write_line(std::string_view line);
  // False when no line came in time or the process ended.
  bool read_line(std::string* line, std::chrono::milliseconds timeout);
  // Closes its input and waits for the end; kills it after the timeout.
  void finish(std::chrono::milliseconds timeout);

 private:
  pid_t process_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string buffered_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_PROCESS_CHILD_PROCESS_H_
