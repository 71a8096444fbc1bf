#include "ringpeer/tools/command/process_setup.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>

#include "ringpeer/tools/command/diagnostics.h"

namespace ringpeer::tools {
namespace {

void take_standard_descriptors() noexcept {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // The lowest that is free: this one. O_PATH: exists everywhere, and any use is an
    // error, as of the closed descriptor.
    if (::open("/", O_PATH) == descriptor) continue;
    ::_exit(run_error("a standard stream is closed, and nothing can be opened in its place."));
  }
}

[[noreturn]] void end_with_words() {
  try {
    if (const std::exception_ptr exception = std::current_exception()) {
      std::rethrow_exception(exception);
    }
  } catch (const std::bad_alloc&) {
    ::_exit(out_of_memory());
  } catch (const std::exception& exception) {
    ::_exit(run_error(exception.what()));
  } catch (...) {
  }
  std::abort();
}

}  // namespace

void set_up_process() noexcept {
  take_standard_descriptors();
  ::signal(SIGPIPE, SIG_IGN);
  std::set_terminate(end_with_words);
}

}  // namespace ringpeer::tools
