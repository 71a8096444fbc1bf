#include "ringpeer/engine/net/used_descriptors.h"

#include <pthread.h>

namespace ringpeer::net {
namespace {

// Made while there are no threads: whoever is forked off while another thread makes one would wait
// for that thread, which it does not have.
[[maybe_unused]] const UsedDescriptors& made_at_load = UsedDescriptors::of_process();

}  // namespace

UsedDescriptors& UsedDescriptors::of_process() {
  // Never destroyed: sockets may live in objects that outlive every static.
  static auto* const descriptors = new UsedDescriptors;
  return *descriptors;
}

UsedDescriptors::UsedDescriptors() {
  // Locked by one function and unlocked by another, which clang cannot follow.
  struct Fork {
    static void lock() RINGPEER_NO_THREAD_SAFETY_ANALYSIS { of_process().mutex_.lock(); }
    static void unlock() RINGPEER_NO_THREAD_SAFETY_ANALYSIS { of_process().mutex_.unlock(); }
  };
  pthread_atfork(&Fork::lock, &Fork::unlock, &Fork::unlock);
}

bool UsedDescriptors::add(int descriptor) {
  const auto index = static_cast<std::size_t>(descriptor);
  const base::MutexLock lock(mutex_);
  if (index >= used_.size()) used_.resize(index + 1);
  if (used_[index]) return false;
  used_[index] = true;
  return true;
}

void UsedDescriptors::remove(int descriptor) {
  const base::MutexLock lock(mutex_);
  const auto index = static_cast<std::size_t>(descriptor);
  if (index < used_.size()) used_[index] = false;
}

}  // namespace ringpeer::net
