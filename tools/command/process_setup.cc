#include "ringpeer/tools/command/process_setup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
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

// What the deepest command takes of the stack, its reports above all, and as much again.
constexpr std::size_t kStack = std::size_t{1} << 20U;

[[gnu::noinline]] void touch_far_end_of_stack() noexcept {
  volatile char stack[kStack];
  stack[0] = 0;
  (void)stack[0];
}

// A stack grows when it is used, and where a limit of the address space leaves no room for that the
// program dies without a word. So it grows at once, into room that was looked for before.
void grow_stack() noexcept {
  rlimit most = {};
  if (::getrlimit(RLIMIT_STACK, &most) != 0 || most.rlim_cur / 2 < kStack) return;
  // Some more: the function that looks has a frame, too.
  void* const room =
      ::mmap(nullptr, kStack + kStack / 8, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) ::_exit(out_of_memory());
  ::munmap(room, kStack + kStack / 8);
  touch_far_end_of_stack();
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
  grow_stack();
  ::signal(SIGPIPE, SIG_IGN);
  std::set_terminate(end_with_words);
}

}  // namespace ringpeer::tools
