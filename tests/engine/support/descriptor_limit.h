#ifndef RINGPEER_TESTS_ENGINE_SUPPORT_DESCRIPTOR_LIMIT_H_
#define RINGPEER_TESTS_ENGINE_SUPPORT_DESCRIPTOR_LIMIT_H_

#include <sys/resource.h>

namespace ringpeer::test {

// Whether this process may have so many descriptors; its limit is raised where that is allowed.
inline bool may_open(rlim_t descriptors) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= descriptors) return true;
  if (limit.rlim_max < descriptors) return false;
  limit.rlim_cur = descriptors;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_ENGINE_SUPPORT_DESCRIPTOR_LIMIT_H_
