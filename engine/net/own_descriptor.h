#ifndef RINGPEER_ENGINE_NET_OWN_DESCRIPTOR_H_
#define RINGPEER_ENGINE_NET_OWN_DESCRIPTOR_H_

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace ringpeer::net {

// What a system call has just opened for the engine, or another number for it: not one of 0 to 2,
// where those are closed, for whoever writes to "stderr" would write into it. A negative one, an
// error, is returned as it is, and so is what no other number is to be had for. The caller closes
// it.
//
// Threads: any.
inline int own_descriptor(int descriptor) {
  if (descriptor < 0 || descriptor > STDERR_FILENO) [[likely]]
    return descriptor;
  const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (moved < 0) return descriptor;
  ::close(descriptor);
  return moved;
}

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_OWN_DESCRIPTOR_H_
