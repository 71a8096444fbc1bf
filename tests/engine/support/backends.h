#ifndef RINGPEER_TESTS_ENGINE_SUPPORT_BACKENDS_H_
#define RINGPEER_TESTS_ENGINE_SUPPORT_BACKENDS_H_

#include <gtest/gtest.h>

#include <string>

#include "ringpeer/engine.h"

namespace ringpeer::test {

// The parameters of a test that runs once on each backend, and their names.
inline auto every_backend() {
  return testing::Values(BackendKind::kIoUring, BackendKind::kRecvmmsg);
}
inline const char* backend_name(const testing::TestParamInfo<BackendKind>& backend) {
  return backend.param == BackendKind::kIoUring ? "IoUring" : "Recvmmsg";
}

// The parameters of a test that runs on each backend, without threads, with one and with two.
struct EngineKind {
  BackendKind backend;
  int workers;

  EngineOptions options() const {
    EngineOptions options;
    options.backend = backend;
    options.workers = workers;
    return options;
  }
};
inline auto every_engine() {
  return testing::Values(
      EngineKind{BackendKind::kIoUring, 0}, EngineKind{BackendKind::kIoUring, 1},
      EngineKind{BackendKind::kIoUring, 2}, EngineKind{BackendKind::kRecvmmsg, 0},
      EngineKind{BackendKind::kRecvmmsg, 1}, EngineKind{BackendKind::kRecvmmsg, 2});
}
inline std::string engine_name(const testing::TestParamInfo<EngineKind>& engine) {
  const bool is_uring = engine.param.backend == BackendKind::kIoUring;
  return (is_uring ? "IoUring" : "Recvmmsg") + std::to_string(engine.param.workers);
}

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_ENGINE_SUPPORT_BACKENDS_H_
