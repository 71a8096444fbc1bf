#ifndef RINGPEER_TEST_BACKENDS_H_
#define RINGPEER_TEST_BACKENDS_H_

#include <gtest/gtest.h>

#include "ringpeer/engine.h"

namespace ringpeer::test {

// The parameters of a test that runs once on each backend, and their names.
inline auto every_backend() {
  return testing::Values(BackendKind::kIoUring, BackendKind::kRecvmmsg);
}
inline const char* backend_name(const testing::TestParamInfo<BackendKind>& backend) {
  return backend.param == BackendKind::kIoUring ? "IoUring" : "Recvmmsg";
}

}  // namespace ringpeer::test

#endif  // RINGPEER_TEST_BACKENDS_H_
