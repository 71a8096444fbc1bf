#include "ringpeer/tools/process_setup.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace ringpeer::tools {
namespace {

void take_standard_descriptors() noexcept {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // The lowest that is free: this one. O_PATH: exists everywhere, and any use is an
    // error, as of the closed descriptor.
    if (::open("/", O_PATH) != descriptor) return;
  }
}

}  // namespace

void set_up_process() noexcept {
  take_standard_descriptors();
  ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace ringpeer::tools
