#ifndef RINGPEER_TOOLS_LOAD_INTERIM_SLOT_H_
#define RINGPEER_TOOLS_LOAD_INTERIM_SLOT_H_

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "ringpeer/tools/load/load_report.h"

namespace ringpeer::tools {

// Where a generator leaves a copy of what it has counted when another thread asks for it: one asks
// and takes, one puts. Failure: none.
class InterimSlot {
 public:
  void ask() { is_asked_.store(true, std::memory_order_relaxed); }
  // Cheap: the generator asks many times a second.
  bool is_asked() const { return is_asked_.load(std::memory_order_relaxed); }
  void put(LoadReport report) {
    const std::lock_guard lock(mutex_);
    report_ = std::move(report);
    is_asked_.store(false, std::memory_order_relaxed);
  }
  // What was put since ask(); nothing as long as nothing was.
  std::optional<LoadReport> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(report_, std::nullopt);
  }

 private:
  std::atomic<bool> is_asked_{false};
  std::mutex mutex_;
  std::optional<LoadReport> report_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_INTERIM_SLOT_H_
