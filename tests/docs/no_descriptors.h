#ifndef RINGPEER_TESTS_DOCS_NO_DESCRIPTORS_H_
#define RINGPEER_TESTS_DOCS_NO_DESCRIPTORS_H_

#include <sys/resource.h>

namespace ringpeer::docs {

// While one lives the process gets no more descriptors.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace ringpeer::docs

#endif  // RINGPEER_TESTS_DOCS_NO_DESCRIPTORS_H_
