#include "ringpeer/engine/net/wakeup.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "ringpeer/engine/net/own_descriptor.h"

namespace ringpeer::net {

Wakeup::Wakeup()
    : descriptor_(own_descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))),
      error_(descriptor_ < 0 ? errno : 0) {}

Wakeup::~Wakeup() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Wakeup::notify() const noexcept {
  const std::uint64_t one = 1;
  // Full means readable already, which is all that is asked for.
  [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof(one));
}

int Wakeup::clear() const noexcept {
  std::uint64_t count = 0;
  return ::read(descriptor_, &count, sizeof(count)) >= 0 || errno == EAGAIN ? 0 : errno;
}

int Wakeup::try_out() const noexcept {
  const std::uint64_t one = 1;
  return ::write(descriptor_, &one, sizeof(one)) < 0 ? errno : clear();
}

bool Wakeup::wait(int timeout_ms) const noexcept {
  pollfd request{descriptor_, POLLIN, 0};
  return ::poll(&request, 1, timeout_ms) > 0;
}

}  // namespace ringpeer::net
