#ifndef RINGPEER_ENGINE_NET_USED_DESCRIPTORS_H_
#define RINGPEER_ENGINE_NET_USED_DESCRIPTORS_H_

#include <cstddef>
#include <vector>

#include "ringpeer/codec/base/mutex.h"

namespace ringpeer::net {

// The descriptors that the Sockets of this process have. One that was given to two of them
// would be closed twice, and the second time it may be the number of another file.
//
// Threads: any.
class UsedDescriptors {
 public:
  static UsedDescriptors& of_process();

  // False when it is there already.
  bool add(int descriptor) RINGPEER_EXCLUDES(mutex_);
  void remove(int descriptor) RINGPEER_EXCLUDES(mutex_);

 private:
  UsedDescriptors();

  // Held during fork(), so that a child does not find it held by a thread that it has not.
  base::Mutex mutex_;
  std::vector<bool> used_ RINGPEER_GUARDED_BY(mutex_);  // by descriptor, which the kernel keeps low
};

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_USED_DESCRIPTORS_H_
