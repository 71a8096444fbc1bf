#include "ringpeer/tools/doctor/trial_process.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace ringpeer::tools {

SharedMemory::SharedMemory(std::size_t size)
    : size_(size),
      data_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {}

SharedMemory::~SharedMemory() {
  if (is_there()) ::munmap(data_, size_);
}

bool SharedMemory::is_there() const { return data_ != MAP_FAILED; }

TrialEnd run_trial(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child < 0) return {};
  if (child == 0) {
    body();
    ::_exit(0);
  }
  int status = 0;
  pid_t ended = 0;
  do {
    ended = ::waitpid(child, &status, 0);
  } while (ended < 0 && errno == EINTR);
  if (ended != child) return {};
  return {true, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

}  // namespace ringpeer::tools
