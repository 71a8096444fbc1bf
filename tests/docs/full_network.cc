#include "ringpeer/tests/docs/full_network.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace {

std::atomic<bool> is_full{false};

template <typename... Arguments>
long take(long number, Arguments... arguments) {
  if (!is_full) return ::syscall(number, arguments...);
  errno = EAGAIN;
  return -1;
}

}  // namespace

extern "C" {

ssize_t send(int descriptor, const void* data, size_t size, int flags) {
  return take(SYS_sendto, descriptor, data, size, flags, nullptr, 0);
}
ssize_t sendto(int descriptor, const void* data, size_t size, int flags, const sockaddr* to,
               socklen_t to_size) {
  return take(SYS_sendto, descriptor, data, size, flags, to, to_size);
}
ssize_t sendmsg(int descriptor, const msghdr* message, int flags) {
  return take(SYS_sendmsg, descriptor, message, flags);
}
int sendmmsg(int descriptor, mmsghdr* messages, unsigned count, int flags) {
  return static_cast<int>(take(SYS_sendmmsg, descriptor, messages, count, flags));
}

}  // extern "C"

namespace ringpeer::docs {

FullNetwork::FullNetwork() { is_full = true; }
FullNetwork::~FullNetwork() { is_full = false; }

}  // namespace ringpeer::docs
