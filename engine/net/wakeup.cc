#include "ringpeer/engine/net/wakeup.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "ringpeer/engine/net/deadline.h"
#include "ringpeer/engine/net/kernel_calls.h"

namespace ringpeer::net {

Wakeup::Wakeup() : descriptor_(kernel::open_event()), error_(std::max(-descriptor_, 0)) {}

Wakeup::~Wakeup() {
  if (is_valid()) kernel::close(descriptor_);
}

void Wakeup::notify() const noexcept {
  // Full means readable already, which is all that is asked for.
  static_cast<void>(kernel::signal_event(descriptor_));
}

int Wakeup::clear() const noexcept {
  const int error = kernel::clear_event(descriptor_);
  return error == EAGAIN ? 0 : error;
}

int Wakeup::try_out() const noexcept {
  const int error = kernel::signal_event(descriptor_);
  return error != 0 ? error : clear();
}

bool Wakeup::wait(int timeout_ms) const noexcept {
  return kernel::poll(descriptor_, POLLIN, timeout_ms) > 0;
}

// No longer than asked for, whatever that leaves out.
bool Wakeup::wait_roughly(std::chrono::nanoseconds time) const noexcept {
  return wait(static_cast<int>(std::chrono::floor<std::chrono::milliseconds>(time).count()));
}

bool Wakeup::wait_precisely(std::chrono::microseconds time) const noexcept {
  const Deadline deadline = Deadline::after(time);
  for (std::chrono::nanoseconds left = time;;
       left = deadline.left(std::chrono::nanoseconds(time))) {
    const int result = kernel::wait_for_event(descriptor_, left);
    if (result >= 0) return result > 0;
    // A filter that knows older calls alone may refuse it: then to the millisecond.
    if (result != -EINTR) return wait_roughly(left);
  }
}

}  // namespace ringpeer::net
