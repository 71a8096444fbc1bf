#include "ringpeer/bench/process/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const std::string& program, const std::vector<char*>& arguments, int input,
                         int output, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before the line above
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  execv(program.c_str(), arguments.data());
  _exit(127);
}

}  // namespace

ChildProcess::~ChildProcess() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  if (input_ >= 0) close(input_);
  if (output_ >= 0) close(output_);
}

std::string ChildProcess::start(const std::string& program,
                                const std::vector<std::string>& arguments) {
  // Everything that allocates happens before the fork.
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), program);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0) return fmt::format("pipe: {}", std::strerror(errno));
  if (pipe2(out.data(), O_CLOEXEC) != 0) return fmt::format("pipe: {}", std::strerror(errno));
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ == 0) become(program, pointers, in[0], out[1], parent);
  close(in[0]);
  close(out[1]);
  input_ = in[1];
  output_ = out[0];
  return process_ < 0 ? fmt::format("fork: {}", std::strerror(errno)) : "";
}

bool ChildProcess::write_line(std::string_view line) {
  std::string text(line);
  text += '\n';
  // A dead reader must give an error here, not a signal: callers ignore SIGPIPE.
  return write(input_, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool ChildProcess::read_line(std::string* line, std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  for (;;) {
    if (const std::size_t end = buffered_.find('\n'); end != std::string::npos) {
      *line = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return true;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd readable{output_, POLLIN, 0};
    if (left <= 0 || poll(&readable, 1, static_cast<int>(left)) <= 0) return false;
    std::array<char, 4096> chunk;
    const ssize_t size = read(output_, chunk.data(), chunk.size());
    if (size <= 0) return false;
    buffered_.append(chunk.data(), static_cast<std::size_t>(size));
  }
}

void ChildProcess::finish(std::chrono::milliseconds timeout) {
  if (input_ >= 0) close(input_);
  input_ = -1;
  const Clock::time_point deadline = Clock::now() + timeout;
  while (process_ > 0 && waitpid(process_, nullptr, WNOHANG) == 0) {
    if (Clock::now() > deadline) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  process_ = -1;
}

}  // namespace ringpeer::bench
